"""The command line; one module per command, imported when it runs."""

import os
import sys


def main() -> None:
    """Run the command line on this process's arguments and exit with its code."""
    if sys.argv[1:2] == ["report"]:
        # Its many thin products gain nothing by further threads, whose waiting was a third of the processor time.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from modelwright.cli.program import program  # click is loaded only when a command is meant

    program(prog_name="modelwright")
