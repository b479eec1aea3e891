"""``modelwright learning-curve``: would more data help?"""

import click

from modelwright.cli.output import show


@click.command("learning-curve", short_help="Fit on ever more rows and say what twice as many would bring.")
@click.argument("data")
@click.option("-t", "--target", required=True, metavar="COL", help="Column to predict.")
@click.option("--budget", metavar="TIME", help="Time of each single fit, such as 30s; two trials by default.")
@click.option("--repeats", type=click.IntRange(1, 20), default=2, show_default=True, help="Fits per number of rows.")
@click.option("--metric", default="auto", show_default=True, help="What is measured; auto is that of the task.")
@click.option("--drop", multiple=True, metavar="COL", help="Leave a column out; as often as needed.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the draws and the fits.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def learning_curve(
    data: str,
    *,
    target: str,
    budget: str | None,
    repeats: int,
    metric: str,
    drop: tuple[str, ...],
    seed: int,
    as_json: bool,
) -> None:
    """Fit on a tenth of the rows of DATA up to all of them, all scored on the same rows that none has seen.

    Five sizes, each fitted as often as --repeats says. The forecast is for twice and four times the rows.
    """
    from modelwright.core.spec import Budget, FitSpec
    from modelwright.search.learning_curve import learning_curve as measured

    allowed = None if budget is None else Budget.parse(budget)
    found = measured(data, target, budget=allowed, spec=FitSpec(metric=metric, drop=drop), repeats=repeats, seed=seed)
    show(str(found), found.to_json(), as_json=as_json)
