"""``modelwright explain``: why a model file answers as it does."""

from dataclasses import dataclass
from typing import Any, Literal, final

import click

import modelwright
from modelwright.cli.output import show
from modelwright.cli.targets import for_target, opened


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, one field each."""

    model: str
    data: str
    chosen: str | None
    rows: tuple[int, ...]
    background: str | None
    scale: Literal["probability", "margin"]
    keep: tuple[str, ...]
    seconds: float | None
    as_json: bool


@click.command("explain", short_help="Explain a model file and single answers.")
@click.argument("model")
@click.argument("data")
@for_target
@click.option("--row", "rows", metavar="N", type=click.IntRange(min=1), multiple=True, help="Explain row N, from 1.")
@click.option("--background", metavar="DATA", help="Rows to compare with; DATA itself by default.")
@click.option(
    "--scale",
    type=click.Choice(["probability", "margin"]),
    default="probability",
    show_default=True,
    help="What is explained of a class.",
)
@click.option("--keep", metavar="COL", multiple=True, help="Column that what-if changes leave alone.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="About how long it may take.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def explain(**options: Any) -> None:  # click hands over options by name
    """Explain the model file MODEL on DATA: what counts, how, and, for rows named with --row, why and what if."""
    asked = Asked(**options)
    result = modelwright.explain(
        opened(asked.model, asked.chosen),
        asked.data,
        rows=[row - 1 for row in asked.rows],
        background=asked.background,
        scale=asked.scale,
        immutable=asked.keep,
        seconds=asked.seconds,
    )
    show(str(result), result.to_json(), as_json=asked.as_json)
