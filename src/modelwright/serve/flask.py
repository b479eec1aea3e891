"""A blueprint that gives a Flask application the routes of our server."""

import re
from collections.abc import Callable, Mapping

import flask

from modelwright.serve.exchange import Request
from modelwright.serve.settings import Settings
from modelwright.serve.threaded import Source, Threaded, address_name
from modelwright.serve.wsgi import HOP_BY_HOP, headers_of, reader_of, request_of


def blueprint(
    model: Source | Mapping[str, Source],
    *,
    name: str = "modelwright",
    url_prefix: str | None = None,
    settings: Settings | None = None,
) -> flask.Blueprint:
    """Return a blueprint with every route of our server: ``/predict``, ``/schema``, the page and the protocols.

    Args:
        model: One model or its file, or several by the name in addresses.
        name: Of the blueprint; two blueprints in one application need two names.
        url_prefix: What stands before the routes, such as "/scores"; may also be given where it is registered.
        settings: What is allowed; the defaults let every host in, without a token.

    Raises:
        DataError: There is no such file.
        FileRefusedError: A file is refused.

    Example:
        >>> app = flask.Flask("shop")
        >>> app.register_blueprint(blueprint("churn.onnx"), url_prefix="/scores")  # doctest: +SKIP
    """
    threaded = Threaded(model, settings)
    made = flask.Blueprint(name, __name__, url_prefix=url_prefix)
    for address in threaded.addresses:
        made.add_url_rule(
            re.sub(r"{(\w+)}", r"<\1>", address),
            endpoint=address_name(address),
            view_func=_view(threaded, address),
            methods=list(threaded.methods(address)),
            provide_automatic_options=False,
        )
    return made


def _view(threaded: Threaded, address: str) -> Callable[..., flask.Response]:
    def view(**parameters: str) -> flask.Response:
        environ = flask.request.environ
        asked = request_of(environ)
        request = Request(asked.method, asked.path, asked.headers, parameters, asked.query_string)
        reply = threaded.reply(request, reader_of(environ), address)
        response = flask.Response(reply.body, reply.status)
        response.headers.clear()
        for name, value in headers_of(reply):
            if name not in HOP_BY_HOP:
                response.headers.add(name, value)
        return response

    return view
