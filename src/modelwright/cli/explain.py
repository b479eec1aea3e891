"""``modelwright explain``: why a model file answers as it does."""

import click

import modelwright
from modelwright.cli.output import show


@click.command("explain", short_help="Explain a model file and single answers.")
@click.argument("model")
@click.argument("data")
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
def explain(
    model: str,
    data: str,
    *,
    rows: tuple[int, ...],
    background: str | None,
    scale: str,
    keep: tuple[str, ...],
    seconds: float | None,
    as_json: bool,
) -> None:
    """Explain the model file MODEL on DATA: what counts, how, and, for rows named with --row, why and what if."""
    opened = modelwright.load(model)
    result = modelwright.explain(
        opened,
        data,
        rows=[row - 1 for row in rows],
        background=background,
        scale=scale,  # type: ignore[arg-type]  # click has checked it
        immutable=keep,
        seconds=seconds,
    )
    show(str(result), result.to_json(), as_json=as_json)
