"""Commands with options that take several values in a row: ``--sensitive sex race``."""

from collections.abc import Collection, Sequence
from typing import Any, final

import click

SEVERAL = ("--sensitive", "--quantiles", "--monotone", "--beside")
"""Options that take all words up to the next option."""

TARGETS = ("--target", "-t")
"""Options that do so where the command takes several targets; the last word may then be the DATA that was left out."""


@final
class SeveralCommand(click.Command):
    """A command whose `SEVERAL` options may be given several values at once, or be repeated as click has it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words, each value of such an option with the option before it."""
        takes = {name for option in self.params if getattr(option, "multiple", False) for name in option.opts}
        words = repeated(args, [*SEVERAL, *(name for name in TARGETS if name in takes)])
        try:
            return super().parse_args(ctx, list(words))
        except click.MissingParameter:
            again = _argument_given_last(words)
            if again is None:
                raise
            return super().parse_args(ctx, again)

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **extra: Any) -> click.Context:
        """Open the context; a missing argument may have been taken for a value, which the error then says."""
        try:
            return super().make_context(info_name, args, *rest, **extra)
        except click.MissingParameter as error:
            if isinstance(error.param, click.Argument) and any(word in SEVERAL for word in args):
                text = f"{error.format_message()} {SEVERAL[0]} takes all words up to the next option: write it last."
                raise click.UsageError(text, error.ctx) from error
            raise


def repeated(words: Sequence[str], options: Collection[str] = SEVERAL) -> list[str]:
    """Return the words with the option put before each of its further values."""
    found: list[str] = []
    option = ""
    n_values = 0
    for i, word in enumerate(words):
        if word == "--":
            return [*found, *words[i:]]
        if word.startswith("-") and len(word) > 1:
            option, n_values = (word if word in options else ""), 0
        elif option:
            n_values += 1
            found += [option] if n_values > 1 else []
        found.append(word)
    return found


def _argument_given_last(words: Sequence[str]) -> list[str] | None:
    """Return the words with the last target as an argument: ``--target y data.csv``; None where there are no two."""
    places = [i for i, word in enumerate(words) if word in TARGETS]
    if len(places) < 2 or places[-1] + 2 > len(words):
        return None
    last = places[-1]
    return [words[last + 1], *words[:last], *words[last + 2 :]]
