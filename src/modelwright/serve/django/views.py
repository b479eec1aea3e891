"""Views for Django: one for the rows of one model, and one for any route of our server."""

from collections.abc import Callable, Mapping
from typing import Any, final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from modelwright.serve.exchange import Request
from modelwright.serve.settings import Settings
from modelwright.serve.threaded import Source, Threaded
from modelwright.serve.wsgi import HOP_BY_HOP, headers_of


@final
class PredictView(View):  # type: ignore[misc]  # Django brings no types
    """Answers ``POST`` with predictions, as ``/predict`` of our server does; sync, under WSGI and ASGI alike.

    It needs no CSRF token: it changes nothing, and reads no cookie that another site could lend. Put `login_required`
    or your own check around it where not everybody may ask.

    Example:
        >>> path("predict/", PredictView.as_view(model="churn.onnx"))  # doctest: +SKIP
    """

    model: Source | Mapping[str, Source] | None = None
    settings: Settings | None = None
    threaded: Threaded | None = None

    @classmethod
    def as_view(cls, **options: Any) -> Callable[..., HttpResponseBase]:
        """Return the view function; the model is opened here, once.

        Args:
            options: ``model``, one model or its file, and ``settings``.

        Raises:
            DataError: There is no such file.
            FileRefusedError: The file is refused.
        """
        if options.get("model") is not None and options.get("threaded") is None:
            options["threaded"] = Threaded(options["model"], options.get("settings"))
        exempt: Callable[..., HttpResponseBase] = csrf_exempt(super().as_view(**options))
        return exempt

    def dispatch(self, request: HttpRequest, *args: Any, **parameters: Any) -> HttpResponse:  # noqa: ARG002  # Django's
        """Answer one request; other methods than POST are 405."""
        if self.threaded is None:
            raise TypeError("PredictView needs a model: PredictView.as_view(model='churn.onnx')")
        return answered(self.threaded, "/predict", request, {})


def route_view(threaded: Threaded, address: str) -> Callable[..., HttpResponse]:
    """Return the view function of one of the addresses of our server."""

    def view(request: HttpRequest, **parameters: str) -> HttpResponse:
        return answered(threaded, address, request, parameters)

    exempt: Callable[..., HttpResponse] = csrf_exempt(view)
    return exempt


def answered(threaded: Threaded, address: str, request: HttpRequest, parameters: Mapping[str, str]) -> HttpResponse:
    """Answer a request to one address.

    Args:
        threaded: Answers.
        address: One of its addresses.
        request: What came.
        parameters: The parts of the address.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = request.META.get("QUERY_STRING", "")
    asked = Request(request.method or "GET", request.path_info, headers, parameters, query)
    reply = threaded.reply(asked, request.read, address)
    response = HttpResponse(reply.body, status=reply.status)
    for name, value in headers_of(reply):
        if name not in HOP_BY_HOP:
            response.headers[name] = value
    return response
