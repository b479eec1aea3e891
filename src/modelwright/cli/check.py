"""``modelwright check``: what is suspicious about a table, before anything is learned from it."""

from dataclasses import dataclass
from typing import Any, final

import click

import modelwright
from modelwright.cli.output import note, show
from modelwright.cli.schema import missing_option, parsed_kinds
from modelwright.core.errors import GateError, counted
from modelwright.core.spec import FitSpec


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, one field each."""

    data: str
    target: str
    task: str
    test: str | None
    drop: tuple[str, ...]
    kinds: tuple[str, ...]
    missing: tuple[str, ...]
    groups: str | None
    time: str | None
    fail_on: str
    as_json: bool


@click.command("check", short_help="Look for leaks, identifiers, copies and drift in a table.")
@click.argument("data")
@click.option("-t", "--target", required=True, metavar="COL", help="The column to predict.")
@click.option(
    "--task",
    type=click.Choice(("auto", "binary", "multiclass", "regression", "count", "quantile")),
    default="auto",
    show_default=True,
    help="What kind of prediction.",
)
@click.option("--test", metavar="DATA", help="Rows to be scored on; they are compared with DATA.")
@click.option("--drop", multiple=True, metavar="COL", help="Leave a column out; may be repeated.")
@click.option("--kind", "kinds", multiple=True, metavar="COL=KIND", help="Say what a column is; may be repeated.")
@missing_option
@click.option("--groups", metavar="COL", help="Column whose equal values stay in one fold.")
@click.option("--time", metavar="COL", help="Column that orders the rows.")
@click.option(
    "--fail-on",
    type=click.Choice(("never", "stop", "warn")),
    default="never",
    show_default=True,
    help="End with exit code 4 when something as grave as this is found.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON document.")
def check(**options: Any) -> None:
    """Look at DATA for whatever would make the score of a model untrue, before anything is learned."""
    asked = Asked(**options)
    spec = FitSpec(
        task=asked.task,
        drop=asked.drop,
        kinds=parsed_kinds(asked.kinds),
        missing=asked.missing,
        groups=asked.groups,
        time=asked.time,
    )
    from modelwright.data import read  # loads numpy, which help must not

    table = read(asked.data, kinds=dict(spec.kinds) or None, missing=spec.missing)
    for text in table.notes:
        note(text)
    found = modelwright.check(table, asked.target, asked.test, spec=spec)
    show(str(found), found.to_json(), as_json=asked.as_json)
    grave = {"never": (), "stop": ("stop",), "warn": ("stop", "warn")}[asked.fail_on]
    if found.worst in grave:
        n = sum(f.severity in grave for f in found)
        raise GateError(
            f"{counted(n, 'finding')} are as grave as '{asked.fail_on}'. Look at them, or leave out --fail-on."
        )
