"""Everything behind the addresses of a server, without a transport."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import final, overload

from modelwright.core.catalog import load
from modelwright.model.joint import JointModel
from modelwright.model.model import Model
from modelwright.serve.admission import Admission
from modelwright.serve.bodies import decompressed
from modelwright.serve.catalog import PROTOCOLS
from modelwright.serve.exchange import FAILED, Reply, Request, Route, TakesLongError, error_reply
from modelwright.serve.given import Given
from modelwright.serve.instruments import instruments
from modelwright.serve.journal import Journal
from modelwright.serve.provenance import Provenance
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.scoring import Answers, JointAnswers
from modelwright.serve.settings import Settings
from modelwright.serve.shelf import Asked, Joined, Served, Shelf

INLINE_BYTES = 4096
INLINE_SECONDS = 0.001
"""Requests no larger, of models no slower, are answered on the event loop: handing them to a thread costs more."""


@final
class Service:
    """The models of one worker and what it knows about them; web frameworks hand it requests.

    Args:
        models: By the name in addresses; the first also answers addresses without a name.
        settings: What is allowed.

    Raises:
        FileRefusedError: Signatures are required, and a model is not signed with the key.
        SpecError: The key cannot be read.
    """

    def __init__(self, models: Mapping[str, Model | JointModel], settings: Settings) -> None:
        self.settings = settings
        self.shelf = Shelf(models, Provenance.of(settings.public_key))
        self.instruments = instruments({one.name: one.model for one in self.shelf.models()}, settings.folder)
        self.journal = Journal(settings.log_level)
        limits = settings.limits
        self.admission = Admission(settings.threads, limits.wait_seconds, limits.all_body_bytes)
        self.threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="score")
        self.is_draining = False
        for served in self.shelf.models():
            self._describe(served)

    @property
    def is_ready(self) -> bool:
        """Whether every model proved itself and the server is not about to stop."""
        return not self.is_draining and not any(served.fault for served in self.shelf.all())

    def routes(self) -> tuple[Route, ...]:
        """Return the routes of every protocol, in the order of the catalog."""
        found: list[Route] = []
        for name in PROTOCOLS:
            listed = load(PROTOCOLS, name, "protocol")
            found += listed(self.settings) if callable(listed) else listed
        return tuple(found)

    def addresses(self) -> dict[tuple[str, str], list[Route]]:
        """Return the routes by path and method; several only where the Accept header chooses."""
        found: dict[tuple[str, str], list[Route]] = {}
        for route in self.routes():
            found.setdefault((route.path, route.method), []).append(route)
            if route.per_model:
                found.setdefault((f"/models/{{model}}{route.path}", route.method), []).append(route)
        return found

    def model(self, request: Request) -> Asked:
        """Return what a request asks: a model, or all those of a file.

        Raises:
            RefusedRequestError: There is none of that name, or it is not ready.
        """
        return self.shelf.get(request.parameters.get("model"))

    @overload
    def score(self, asked: Served, given: Given) -> Answers: ...

    @overload
    def score(self, asked: Asked, given: Given) -> Answers | JointAnswers: ...

    def score(self, asked: Asked, given: Given) -> Answers | JointAnswers:
        """Answer rows and count them.

        Raises:
            RefusedRequestError: A cell does not fit.
        """
        if isinstance(asked, Joined):
            return JointAnswers({target: self.score(part, own) for target, part, own, _ in asked.turns(given)})
        answers = asked.scorer.answer(given)
        self.instruments.answered(asked.name, answers)
        return answers

    def is_quick(self, request: Request) -> bool:
        """Return whether an answer is so cheap that no thread is needed for it."""
        if len(request.body) > INLINE_BYTES or "content-encoding" in request.headers:
            return False
        name = request.parameters.get("model")
        if name is not None and name not in self.shelf.names:
            return True  # told so at once
        return self.shelf.look_up(name).row_seconds <= INLINE_SECONDS

    def answer(self, route: Route, request: Request) -> Reply:
        """Answer one request; every error becomes a reply in the protocol's form.

        This is a top: whatever goes wrong in a handler ends here, told without values.

        Raises:
            TakesLongError: The request is answered on the event loop, and should not be.
        """
        try:
            if encoding := request.headers.get("content-encoding", ""):
                plain = decompressed(request.body, encoding, self.settings.limits.body_bytes)
                request = with_body(request, plain)
            return route.handler(self, request)
        except RefusedRequestError as error:
            return error_reply(error, route.error)
        except TakesLongError:
            raise
        except Exception as error:  # noqa: BLE001  # the top of a request: nothing it does may end the server
            self.journal.fault(error, id=request.id, route=route.path)
            return error_reply(RefusedRequestError(500, FAILED), route.error)

    def refresh(self) -> None:
        """Look whether a file was replaced, and leave the metrics for other workers."""
        self.shelf.refresh(self._told)
        self.instruments.registry.snapshot()

    def close(self) -> None:
        """Let the threads go."""
        self.instruments.registry.snapshot()
        self.threads.shutdown(wait=False, cancel_futures=True)

    def _describe(self, served: Served) -> None:
        self.instruments.describe(served.name, served.model, is_ready=not served.fault)
        if served.fault:
            self.journal.write("error", "model", model=served.name, state="refused", why=served.fault)

    def _told(self, name: str, what: str, asked: Asked | None) -> None:
        with self.instruments.registry.lock:
            self.instruments.reloads.add(1, name, "replaced" if asked else "refused")
        if asked is None:
            self.journal.write("error", "model", model=name, state="kept the old one", why=what)
            return
        for served in asked.parts.values() if isinstance(asked, Joined) else (asked,):
            self._describe(served)
        self.journal.write("info", "model", model=name, state="replaced", digest=asked.model.digest)


def with_body(request: Request, body: bytes) -> Request:
    """Return the request with another body."""
    return replace(request, body=body)
