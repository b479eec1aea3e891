"""``modelwright evaluate``: score a model file on a labelled table."""

import click

import modelwright
from modelwright.cli.output import show


@click.command("evaluate", short_help="Score a model file on a labelled table.")
@click.argument("model")
@click.argument("data")
@click.option("--target", metavar="COL", help="Column of the true answers; its name in training by default.")
@click.option("--weight", metavar="COL", help="Column of row weights.")
@click.option(
    "--metric", default="auto", show_default=True, help="The metric that matters most; auto is the fit's own."
)
@click.option("--lenient", is_flag=True, help="Read cells of a wrong kind as missing instead of stopping.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def evaluate(
    model: str, data: str, target: str | None, weight: str | None, *, metric: str, lenient: bool, as_json: bool
) -> None:
    """Score the model file MODEL on DATA by every metric of its task, each with its interval."""
    opened = modelwright.load(model)
    result = modelwright.evaluate(opened, data, target=target, weight=weight, metric=metric, lenient=lenient)
    show(str(result), result.to_json(), as_json=as_json)
