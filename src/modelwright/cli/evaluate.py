"""``modelwright evaluate``: score a model file on a labelled table."""

from dataclasses import dataclass
from typing import Any, Literal, final

import click

import modelwright
from modelwright.cli.output import show
from modelwright.cli.targets import either, for_target, targets_document, with_groups


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, one field each."""

    model: str
    data: str
    chosen: str | None
    target: str | None
    weight: str | None
    groups: str | None
    metric: str
    at_least: tuple[str, ...]
    at_most: tuple[str, ...]
    gate_by: Literal["bound", "value"]
    lenient: bool
    as_json: bool


@click.command("evaluate", short_help="Score a model file on a labelled table.")
@click.argument("model")
@click.argument("data")
@for_target
@click.option("-t", "--target", metavar="COL", help="Column of the true answers; its name in training by default.")
@click.option("--weight", metavar="COL", help="Column of row weights.")
@with_groups
@click.option(
    "--metric", default="auto", show_default=True, help="The metric that matters most; auto is the fit's own."
)
@click.option(
    "--at-least", multiple=True, metavar="METRIC=LIMIT", help="End with exit code 4 below it: roc_auc=0.8; repeated."
)
@click.option(
    "--at-most", multiple=True, metavar="METRIC=LIMIT", help="End with exit code 4 above it: rmse=3; repeated."
)
@click.option(
    "--gate-by",
    type=click.Choice(("bound", "value")),
    default="bound",
    show_default=True,
    help="What must keep the limits: the worse end of the interval, or the value.",
)
@click.option("--lenient", is_flag=True, help="Read cells of a wrong kind as missing instead of stopping.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def evaluate(**options: Any) -> None:  # click hands over options by name
    """Score the model file MODEL on DATA by every metric of its task, each with its interval.

    Of a file of several targets each is scored in turn, or the one that --for names; all must keep the limits.
    """
    asked = Asked(**options)
    from modelwright.insight.gate import check_limits, parse_limit  # loads numpy, which help must not
    from modelwright.insight.joint import JointEvaluation
    from modelwright.model.joint import JointModel

    limits = [parse_limit(text, is_least=True) for text in asked.at_least]
    limits += [parse_limit(text, is_least=False) for text in asked.at_most]
    model = either(asked.model, asked.chosen)
    result = modelwright.evaluate(
        model,
        asked.data,
        target=asked.target,
        weight=asked.weight,
        groups=asked.groups,
        metric=asked.metric,
        lenient=asked.lenient,
    )
    told = result.to_json()
    if isinstance(model, JointModel):
        told = targets_document("evaluate", asked.model, model, told)
    show(str(result), told, as_json=asked.as_json)
    for evaluation in result.targets.values() if isinstance(result, JointEvaluation) else [result]:
        check_limits(evaluation, limits, asked.gate_by)
