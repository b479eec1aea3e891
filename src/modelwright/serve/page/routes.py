"""The addresses of the page: itself, its answer, its file form, and its own style, script and icon."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from modelwright.serve.access import check_token
from modelwright.serve.exchange import WRONG_METHOD, Handler, Reply, Request, Route
from modelwright.serve.explainer import attributed
from modelwright.serve.given import Given, from_records
from modelwright.serve.page.answer import Answered, answer_html, keepsake, refusal_html
from modelwright.serve.page.document import Shown, closed_page, page, token_page
from modelwright.serve.page.fields import cells, field_name, form_fields, row_fields
from modelwright.serve.page.posted import FORM, FORM_WITH_FILE, entered_fields, uploaded
from modelwright.serve.page.table import read_table, with_answers
from modelwright.serve.plain import counted
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.settings import Settings
from modelwright.serve.shelf import Asked, Joined, Served

if TYPE_CHECKING:
    from modelwright.serve.service import Service

FORMS = (FORM, FORM_WITH_FILE)
HTML = "text/html; charset=utf-8"
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
_LONGEST_KEEPSAKE = 64
_STATIC = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


def show(service: "Service", request: Request) -> Reply:
    """Answer the page: with usual values, with what was entered and its answer, or a chosen file with its answers."""
    if request.method == "POST" and request.media_type not in FORMS:
        raise RefusedRequestError(405, WRONG_METHOD)  # no browser's form: as where there is no page
    try:
        asked = service.model(request)
        if request.media_type == FORM_WITH_FILE:
            return _file(service, request, asked)
        entered = entered_fields(request, _most_fields(asked))
        if refused := _refused(service, request, entered):
            return refused
        return _page(service, request, asked, entered)
    except RefusedRequestError as error:
        return _html(closed_page(refusal_html(error)), error)


def answer(service: "Service", request: Request) -> Reply:
    """Answer only the part of the page that changes, for its script."""
    asked = None
    try:
        asked = service.model(request)
        entered = entered_fields(request, _most_fields(asked))
        check_token(request.headers.get("authorization", ""), service.settings.access)
        return counted(_html(_answer(service, asked, entered)), 1, asked)
    except RefusedRequestError as error:
        wrong = "" if asked is None else field_name(asked.model.schema, error.column)
        return _html(refusal_html(error, wrong), error)


def table(service: "Service", request: Request) -> Reply:
    """Answer a CSV file with its rows and the answers to them, for the page's script."""
    asked = service.model(request)
    check_token(request.headers.get("authorization", ""), service.settings.access)
    return _scored(service, asked, request.body)


def routes(settings: Settings) -> tuple[Route, ...]:
    """Return the routes of the page, none where it is switched off."""
    if not settings.has_page:
        return ()
    pages = (
        _route("GET", "/", show, "A page to try the model."),
        _route("POST", "/", show, "The page, with an answer."),
        _route("POST", "/page/answer", answer, "The answer alone, for the page's script."),
        _route("POST", "/page/table", table, "A CSV file in, its rows with answers out."),
    )
    return (*pages, *(_static_route(name) for name in _STATIC))


def _route(method: str, path: str, handler: Handler, summary: str) -> Route:
    return Route(
        method,
        path,
        handler,
        summary,
        scores=True,
        is_open=True,  # the handler asks for the token itself, since a browser can only send it in a form
        media_type="text/html" if method == "GET" else "",
        is_documented=False,
        per_model=True,
        is_long=True,
    )


def _static_route(name: str) -> Route:
    def static(service: "Service", request: Request) -> Reply:  # noqa: ARG001  # the signature of handlers
        return Reply(_static(name), _STATIC[name])

    path = f"/page/{name}"
    return Route("GET", path, static, "A part of the page.", is_open=True, is_documented=False, per_model=True)


@cache
def _static(name: str) -> bytes:
    return (files(__package__) / "static" / name).read_bytes()


def _file(service: "Service", request: Request, asked: Asked) -> Reply:
    """Answer a file chosen without the script: a download, or the page that says what is wrong with it."""
    upload = uploaded(request)
    if refused := _refused(service, request, upload.fields):
        return refused
    try:
        return _scored(service, asked, upload.file)
    except RefusedRequestError as error:
        return _page(service, request, asked, {"token": upload.fields.get("token", "")}, of_file=error)


def _scored(service: "Service", asked: Asked, file: bytes) -> Reply:
    answers = service.score(asked, read_table(asked, file, service.settings.limits))
    return counted(with_answers(asked, file, answers), len(answers), asked)


def _page(
    service: "Service",
    request: Request,
    asked: Asked,
    entered: Mapping[str, str],
    *,
    of_file: RefusedRequestError | None = None,
) -> Reply:
    shown = Shown(
        asked,
        service.shelf.names,
        "model" in request.parameters,
        service.settings.limits,
        row_fields(entered),
        entered.get("token", "") if service.settings.access.token_digests else "",
        told_of_file=refusal_html(of_file) if of_file else "",
    )
    refused = of_file
    try:
        shown = replace(shown, told=_answer(service, asked, entered))
    except RefusedRequestError as error:
        refused, wrong = error, field_name(asked.model.schema, error.column)
        shown = replace(shown, told=refusal_html(error, wrong), wrong=wrong)
    return counted(_html(page(shown), refused), 1, asked)


def _answer(service: "Service", asked: Asked, entered: Mapping[str, str]) -> str:
    """Return the answer as HTML; of a file of several targets one after another."""
    schema = asked.model.schema
    values = {found.name: found.value for found in form_fields(schema, row_fields(entered))}
    given = from_records([cells(schema, values)], schema, 1)
    if not isinstance(asked, Joined):
        return answer_html(_answered(service, asked, entered, given, field="kept"))
    parts = enumerate(asked.parts.values())
    return "\n".join(answer_html(_answered(service, part, entered, given, field=f"kept{at}")) for at, part in parts)


def _answered(service: "Service", served: Served, entered: Mapping[str, str], given: Given, *, field: str) -> Answered:
    assert given.record is not None  # it is one row
    answers = service.score(served, given)
    why = None if served.explainer is None else attributed(served.explainer, given)
    answered = Answered(served, given.record, answers, why, entered.get(field, "")[:_LONGEST_KEEPSAKE], field)
    return replace(answered, kept=keepsake(answered)) if "keep" in entered else answered


def _refused(service: "Service", request: Request, entered: Mapping[str, str]) -> Reply | None:
    """Return the page that asks for a token, where one is needed and neither form nor header holds it."""
    authorization = request.headers.get("authorization") or f"Bearer {entered.get('token', '')}"
    try:
        check_token(authorization, service.settings.access)
    except RefusedRequestError:
        wrong = RefusedRequestError(401, "This is none of the server's tokens.")
        return _html(token_page(refusal_html(wrong) if "token" in entered else ""), wrong)
    return None


def _most_fields(asked: Asked) -> int:
    n_kept = len(asked.parts) if isinstance(asked, Joined) else 1
    return len(asked.model.schema) + 2 + n_kept  # token and keep


def _html(text: str, refused: RefusedRequestError | None = None) -> Reply:
    status, headers = (200, ()) if refused is None else (refused.status, refused.headers)
    return Reply(text.encode(), HTML, status, (*headers, ("content-security-policy", POLICY)))
