"""``modelwright serve``: answer requests over HTTP, in every platform's protocol."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import click

from modelwright.core.errors import MissingExtraError, SpecError, listed

_LEVELS = ("debug", "info", "warning", "error")


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, one field each."""

    models: tuple[str, ...]
    host: str
    port: int | None
    workers: int | None
    auth_token_file: str | None
    no_auth: bool
    allowed_host: tuple[str, ...]
    max_body: int | None
    max_rows: int | None
    timeout: float | None
    max_wait: float | None
    threads: int | None
    drain: float
    reload: bool
    page: bool
    require_signature: bool
    public_key: str | None
    ssl_certfile: str | None
    ssl_keyfile: str | None
    log_level: str


@click.command("serve", short_help="Answer requests over HTTP with model files.")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 is all.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; $PORT or 8080 by default, 0 is any free one.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; 1 by default.")
@click.option("--auth-token-file", metavar="FILE", help="Bearer tokens, one a line, plain or as sha256:DIGEST.")
@click.option("--no-auth", is_flag=True, help="Let anybody ask, also from other machines.")
@click.option("--allowed-host", multiple=True, metavar="HOST", help="Name allowed in the Host header; may be repeated.")
@click.option("--max-body", type=click.IntRange(1), metavar="BYTES", help="Largest body; 8 MB by default.")
@click.option("--max-rows", type=click.IntRange(1), metavar="N", help="Most rows of a request; 10,000 by default.")
@click.option("--timeout", type=click.FloatRange(0.01), metavar="SECONDS", help="Longest answer; 30 by default.")
@click.option("--max-wait", type=click.FloatRange(0), metavar="SECONDS", help="Longest expected wait in the queue.")
@click.option("--threads", type=click.IntRange(1, 256), help="Threads that score; as many as cores by default.")
@click.option(
    "--drain", type=click.FloatRange(0), default=1.0, metavar="SECONDS", help="Time to answer on after SIGTERM."
)
@click.option("--reload/--no-reload", default=True, help="Take over files that are replaced; on by default.")
@click.option("--page/--no-page", default=True, help="The page to try a model in a browser; on by default.")
@click.option("--require-signature", is_flag=True, help="Serve only files that are signed with --public-key.")
@click.option("--public-key", metavar="FILE", help="Public key in PEM, of whoever may sign; see modelwright sign.")
@click.option("--ssl-certfile", metavar="FILE", help="TLS certificate chain.")
@click.option("--ssl-keyfile", metavar="FILE", help="Private key of the certificate.")
@click.option(
    "--log-level", type=click.Choice(("debug", "info", "warning", "error")), default="info", show_default=True
)
def serve(**options: Any) -> None:  # click hands over options by name
    """Answer requests with the model files MODEL...

    The first answers /predict and the addresses of MLflow, SageMaker, Vertex AI and Azure ML; each answers under
    /models/NAME and /v2/models/NAME, NAME being its file's unless MODEL is written NAME=FILE. A file of several
    targets answers with all of them under its NAME, and with each under NAME.TARGET. A file that is replaced is
    audited and proven, and taken over while the old one answers. An address beyond this machine needs
    --auth-token-file or --no-auth.
    """
    asked = Asked(**options)
    paths = named(asked.models)
    from modelwright.serve.access import access_for, read_tokens
    from modelwright.serve.environment import surroundings

    around = surroundings(os.environ)
    tokens = () if asked.auth_token_file is None else read_tokens(asked.auth_token_file)
    access = access_for(asked.host, tokens, asked.allowed_host, is_open=asked.no_auth)
    if asked.require_signature != bool(asked.public_key):
        raise SpecError("--require-signature and --public-key FILE need each other.")
    if asked.ssl_keyfile and not asked.ssl_certfile:
        raise SpecError("--ssl-keyfile needs --ssl-certfile.")
    for place in filter(None, (asked.ssl_certfile, asked.ssl_keyfile)):
        if not Path(place).is_file():
            raise SpecError(f"There is no file '{place}'.")
    server = _server()
    workers = asked.workers or around.workers or 1
    limits = around.settings.limits
    limits = replace(
        limits,
        body_bytes=asked.max_body or limits.body_bytes,
        all_body_bytes=max(limits.all_body_bytes, 8 * (asked.max_body or 0)),
        rows=asked.max_rows or limits.rows,
        seconds=asked.timeout or limits.seconds,
        wait_seconds=asked.max_wait,
    )
    settings = replace(
        around.settings,
        limits=limits,
        access=access,
        threads=asked.threads or max(1, (os.cpu_count() or 1) // workers),
        reload_seconds=around.settings.reload_seconds if asked.reload else 0.0,
        drain_seconds=asked.drain,
        log_level=asked.log_level,
        has_page=asked.page,
        public_key=asked.public_key,
    )
    port = around.port if asked.port is None else asked.port
    address = server.Address(asked.host, port, asked.ssl_certfile, asked.ssl_keyfile)
    if signal := server.serve(paths, settings, address, workers):
        raise click.exceptions.Exit(128 + signal)


def named(models: tuple[str, ...]) -> dict[str, str]:
    """Return the files by the name in addresses: that of the file without its ending, or NAME of ``NAME=FILE``.

    Raises:
        SpecError: Two have one name, or a name cannot stand in an address.
    """
    paths: dict[str, str] = {}
    for text in models:
        name, _, path = text.partition("=") if "=" in text and not Path(text).exists() else ("", "", text)
        path = _inside(path)
        name = name or Path(path).name.removesuffix(".onnx")
        if not name or set(name) & set("/{}?#%") or not name.isprintable():
            raise SpecError(f"'{name}' cannot stand in an address. Name the model: NAME={path}")
        if name in paths:
            raise SpecError(f"Two models are called '{name}'. Name one of them: OTHER={path}")
        paths[name] = path
    return paths


def _inside(path: str) -> str:
    """Return the one model file of a folder, as platforms mount them, or the path itself."""
    if not Path(path).is_dir():
        return path
    found = sorted(Path(path).glob("*.onnx"))
    if len(found) != 1:
        names = listed([place.name for place in found]) or "none"
        raise SpecError(f"The folder '{path}' must hold exactly one .onnx file; it holds {names}. Name the file.")
    return str(found[0])


def _server() -> Any:
    try:
        from modelwright.serve import server  # loads uvicorn and ONNX Runtime, which help must not
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("modelwright"):
            raise
        raise MissingExtraError("Serving", "serve") from error
    return server
