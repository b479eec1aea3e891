"""What every image starts: ``python -m modelwright.deploy.entrypoint serve|train|predict [OPTIONS]``.

It stands on the standard library, so that a container answers its first health check soon, and becomes the command
it starts: process 1 is the server itself, which gets the platform's SIGTERM without a shell in between.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence

from modelwright.core.catalog import load
from modelwright.core.errors import ModelwrightError, SpecError, listed
from modelwright.deploy.catalog import MODES

Mode = Callable[[Sequence[str], Mapping[str, str]], int]
"""Takes the arguments after its name and the environment; returns an exit code, or becomes another program."""


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Start what the first argument names and return its exit code."""
    try:
        if not arguments:
            raise SpecError(f"Say what to start: {listed(MODES)}.")
        mode: Mode = load(MODES, arguments[0], "mode")
        return mode(arguments[1:], environment)
    except ModelwrightError as error:
        print(f"Error: {error}", file=sys.stderr, flush=True)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
