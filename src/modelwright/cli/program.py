"""The program itself: finds commands by name and turns every error into one line and an exit code."""

import errno
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn, final

import click

import modelwright
from modelwright.cli.catalog import COMMANDS, SUMMARIES
from modelwright.core.catalog import load
from modelwright.core.errors import ModelwrightError, nearest

USAGE = 2
INTERRUPTED = 130
PIPE_CLOSED = 141
"""As if ended by the signal that most programs end by then, SIGPIPE."""

_EPILOG = (
    "Every command explains itself: modelwright COMMAND --help. "
    'Completion for bash: eval "$(_MODELWRIGHT_COMPLETE=bash_source modelwright)"; zsh and fish likewise.'
)


@final
class Program(click.Group):
    """A group whose commands are imported when they are called, and whose errors end in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Import and return a command, or None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = load(COMMANDS, cmd_name, "command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name; a misspelt one is told the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"There is no command '{args[0]}'.{nearest(args[0], COMMANDS)} Commands: {', '.join(COMMANDS)}.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        """List the commands from their summaries, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whoever reads our output may stop reading, which is not an error of anybody."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            if isinstance(error, ModelwrightError):
                raise
            # Nothing of the rest may be flushed when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(PIPE_CLOSED) from error

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> NoReturn:
        """Run and exit; takes what `click.Command.main` takes, and passes it on."""
        given = list(sys.argv[1:] if args is None else args)
        debug = os.environ.get("MODELWRIGHT_DEBUG", "") not in ("", "0")
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")  # a narrow encoding must not end a command
        try:
            with warnings.catch_warnings():
                if not debug:
                    warnings.simplefilter("ignore")  # those of the libraries beneath; ours are notes
                code = super().main(given, *rest, **(options | {"standalone_mode": False}))
        except Exception as error:  # the top: every error ends as one line and a code
            if debug and not isinstance(error, click.exceptions.Exit | click.Abort):
                raise
            code = _told(error, as_json="--json" in given or "--events" in given)
        except KeyboardInterrupt:
            code = _told(click.Abort(), as_json="--json" in given or "--events" in given)
        sys.exit(code if isinstance(code, int) else 0)


def _told(error: Exception, *, as_json: bool) -> int:
    """Write an error to stderr and return the exit code."""
    if isinstance(error, click.exceptions.Exit):
        return int(error.exit_code)
    text, code = _worded(error)
    if as_json:
        from modelwright.progress.events import json_text

        click.echo(json_text({"schema": "modelwright/error/1", "error": text, "exit_code": code}), err=True)
    else:
        click.echo(f"Error: {text}", err=True)
    return code


def _worded(error: Exception) -> tuple[str, int]:
    if isinstance(error, ModelwrightError):
        return _one_line(error), error.exit_code
    if isinstance(error, click.Abort):
        return "interrupted before the end.", INTERRUPTED
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        hint = f" See: {context.command_path} --help" if context is not None else ""
        return f"{_one_line(error.format_message())}{hint}", USAGE
    if isinstance(error, MemoryError):
        return "the memory of this machine does not suffice. Use fewer rows or columns.", 1
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        where = f" to '{error.filename}'" if error.filename else ""
        return f"no space is left to write{where}. Free some, or set TMPDIR to another disk.", USAGE
    return f"{type(error).__name__}: {_one_line(error)} (MODELWRIGHT_DEBUG=1 shows where it happened)", 1


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


@click.command(
    cls=Program,
    epilog=_EPILOG,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(modelwright.__version__, message="modelwright %(version)s")
def program() -> None:
    """From a raw table to one ONNX file you can trust and ship.

    Results go to stdout, progress and errors to stderr. Exit codes: 0 done, 1 internal error, 2 usage, 3 data or
    schema, 4 a check failed, 5 the budget ended before a refit, 6 model file refused, 7 an extra is missing.
    """
