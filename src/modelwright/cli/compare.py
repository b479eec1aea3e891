"""``modelwright compare``: test whether one model file is better than another."""

from dataclasses import dataclass
from typing import Any, final

import click

import modelwright
from modelwright.cli.output import show
from modelwright.cli.targets import for_target, opened, with_groups


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, one field each."""

    first: str
    second: str
    data: str
    chosen: str | None
    target: str | None
    weight: str | None
    groups: str | None
    metric: str
    lenient: bool
    as_json: bool


@click.command("compare", short_help="Test whether one model file is better than another.")
@click.argument("first")
@click.argument("second")
@click.argument("data")
@for_target
@click.option("-t", "--target", metavar="COL", help="Column of the true answers; its name in training by default.")
@click.option("--weight", metavar="COL", help="Column of row weights.")
@with_groups
@click.option(
    "--metric", default="auto", show_default=True, help="The metric that decides; auto is that of the first fit."
)
@click.option("--lenient", is_flag=True, help="Read cells of a wrong kind as missing instead of stopping.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def compare(**options: Any) -> None:  # click hands over options by name
    """Score the model files FIRST and SECOND on DATA and test the difference.

    DATA holds rows that neither has learned from. Every metric is shown with the difference of the two, its interval
    and its chance; the verdict is by the metric that decides.
    """
    asked = Asked(**options)
    models = [opened(path, asked.chosen) for path in (asked.first, asked.second)]
    found = modelwright.compare(
        models[0],
        models[1],
        asked.data,
        target=asked.target,
        weight=asked.weight,
        groups=asked.groups,
        metric=asked.metric,
        lenient=asked.lenient,
    )
    show(str(found), {"verdict": found.verdict, **found.to_json()}, as_json=asked.as_json)
