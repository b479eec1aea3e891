"""``modelwright fairness``: audit how a model file treats groups of rows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, final

import click

import modelwright
from modelwright.cli.output import show
from modelwright.cli.several import SeveralCommand
from modelwright.cli.targets import for_target
from modelwright.cli.targets import opened as opened_model

if TYPE_CHECKING:
    from modelwright.model.model import Model


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, one field each."""

    model: str
    data: str
    chosen: str | None
    sensitive: tuple[str, ...]
    target: str | None
    weight: str | None
    min_rows: int
    label: str | None
    threshold: float | None
    even_out: Literal["demographic_parity", "equalised_odds"] | None
    beside: tuple[str, ...]
    as_json: bool


@click.command("fairness", cls=SeveralCommand, short_help="Audit how a model file treats groups of rows.")
@click.argument("model")
@click.argument("data")
@for_target
@click.option(
    "--sensitive", required=True, multiple=True, metavar="COL ...", help="Columns that make the groups, written last."
)
@click.option("-t", "--target", metavar="COL", help="Column of the true answers; its name in training by default.")
@click.option("--weight", metavar="COL", help="Column of row weights.")
@click.option(
    "--min-rows",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="Rows of the smallest group that is judged.",
)
@click.option("--label", metavar="CLASS", help="The class that counts as selected; the second of two by default.")
@click.option("--threshold", type=click.FloatRange(0, 1), help="Probability from which a row is selected.")
@click.option(
    "--even-out",
    type=click.Choice(("demographic_parity", "equalised_odds")),
    help="Show what thresholds by group would even out, and what that would cost, instead of the audit.",
)
@click.option(
    "--beside",
    multiple=True,
    metavar="MODEL ...",
    help="With --even-out: other models of the same, such as evened ones.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def fairness(**options: Any) -> None:  # click hands over options by name
    """Audit the model file MODEL on DATA: what each group gets, how far groups lie apart, what gives groups away.

    DATA is labelled and holds the sensitive columns; the model need not know them. Numbers are cut into quarters.
    """
    asked = Asked(**options)
    opened = opened_model(asked.model, asked.chosen)
    if asked.even_out is not None:
        show_costs(opened, asked)
        return
    if asked.beside:
        raise click.UsageError("--beside sets models beside what --even-out shows: name a gap with --even-out.")
    result = modelwright.fairness(
        opened,
        asked.data,
        asked.sensitive,
        target=asked.target,
        weight=asked.weight,
        min_rows=asked.min_rows,
        label=asked.label,
        threshold=asked.threshold,
    )
    show(str(result), result.to_json(), as_json=asked.as_json)


def show_costs(model: "Model", asked: Asked) -> None:
    """Print what evening out would cost."""
    from modelwright.insight.fairness.thresholds import side_by_side  # help loads nothing heavy

    if asked.threshold is not None:
        raise click.UsageError("--even-out chooses thresholds itself: leave out --threshold.")
    assert asked.even_out is not None, "only called where it was asked for"
    result = side_by_side(
        model,
        {path: opened_model(path, asked.chosen) for path in asked.beside},
        asked.data,
        asked.sensitive,
        constraint=asked.even_out,
        target=asked.target,
        weight=asked.weight,
        label=asked.label,
    )
    show(str(result), result.to_json(), as_json=asked.as_json)
