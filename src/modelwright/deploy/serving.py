"""``serve`` and ``predict`` of the entrypoint: the commands of those names with the platform's model."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from modelwright.deploy.location import find_model

COMMAND = (sys.executable, "-m", "modelwright")
"""How a command of ours is started: as a list, without a shell."""

_NAME = "--model_name"


def serve(arguments: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Become ``modelwright serve`` on all addresses; further options are handed on.

    ``--model_name NAME``, which KServe passes, is the name in addresses. ``MODELWRIGHT_TOKEN_FILE`` names the tokens
    that callers need; ``MODELWRIGHT_NO_AUTH=1`` says that the platform asks callers itself. Without either, the
    server refuses to start, as it does anywhere.
    """
    name, options = _named(arguments, environment)
    path = str(find_model(environment))
    told = {option.partition("=")[0] for option in options}
    if "--host" not in told:
        options = ["--host", "0.0.0.0", *options]  # a container is asked from outside
    if tokens := environment.get("MODELWRIGHT_TOKEN_FILE", "").strip():
        options += ["--auth-token-file", tokens]
    elif environment.get("MODELWRIGHT_NO_AUTH", "") == "1" and not told & {"--auth-token-file", "--no-auth"}:
        options.append("--no-auth")
    _become("serve", [f"{name}={path}" if name else path, *options], environment)


def predict(arguments: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Become ``modelwright predict`` with the model found; the arguments are the data and options."""
    _become("predict", [str(find_model(environment)), *arguments], environment)


def _become(verb: str, arguments: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(COMMAND[0], [*COMMAND, verb, *arguments], dict(environment))  # a list, and no shell


def _named(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the model's name and the other arguments."""
    name = environment.get("MODELWRIGHT_MODEL_NAME", "").strip()
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        option, sign, value = argument.partition("=")
        if option.replace("-", "_") == _NAME.replace("-", "_"):
            name = value if sign else next(waiting, "")
        else:
            rest.append(argument)
    return name, rest
