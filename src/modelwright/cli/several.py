"""Commands with options that take several values in a row: ``--sensitive sex race``."""

from collections.abc import Sequence
from typing import Any, final

import click

SEVERAL = ("--sensitive", "--quantiles", "--monotone")
"""Options that take all words up to the next option."""


@final
class SeveralCommand(click.Command):
    """A command whose `SEVERAL` options may be given several values at once, or be repeated as click has it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words, each value of such an option with the option before it."""
        return super().parse_args(ctx, repeated(args))

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> click.Context:
        """Open the context; a missing argument may have been taken for a value, which the error then says."""
        try:
            return super().make_context(info_name, args, *rest, **extra)
        except click.MissingParameter as error:
            if isinstance(error.param, click.Argument) and any(word in SEVERAL for word in args):
                text = f"{error.format_message()} {SEVERAL[0]} takes all words up to the next option: write it last."
                raise click.UsageError(text, error.ctx) from error
            raise


def repeated(words: Sequence[str]) -> list[str]:
    """Return the words with the option put before each of its further values."""
    found: list[str] = []
    option = ""
    n_values = 0
    for i, word in enumerate(words):
        if word == "--":
            return [*found, *words[i:]]
        if word.startswith("-") and len(word) > 1:
            option, n_values = (word if word in SEVERAL else ""), 0
        elif option:
            n_values += 1
            found += [option] if n_values > 1 else []
        found.append(word)
    return found
