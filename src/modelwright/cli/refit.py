"""``modelwright refit``: train the recipe of a model file on other rows."""

import sys
from contextlib import ExitStack
from pathlib import Path

import click

import modelwright
from modelwright.cli.fit_text import fit_document, fit_text
from modelwright.cli.output import Memory, display, show
from modelwright.core.destination import check_writable
from modelwright.core.events import Listener
from modelwright.progress.events import EventLines


@click.command("refit", short_help="Train the recipe of a model file on other rows.")
@click.argument("model")
@click.argument("data")
@click.option("-o", "--output", metavar="FILE", help="The new model file; MODEL-refit.onnx by default.")
@click.option("--budget", help="Time for everything: 90s, 5m; as long as it takes by default.")
@click.option("--test", metavar="DATA", help="Labelled rows to evaluate on, never learned from.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@click.option("--events", is_flag=True, help="Print every event and then the result as JSON lines.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def refit(
    model: str,
    data: str,
    *,
    output: str | None,
    budget: str | None,
    test: str | None,
    as_json: bool,
    events: bool,
    quiet: bool,
) -> None:
    """Train what the file MODEL is made of on the rows in DATA, without a search.

    Learners, settings, lengths and weights stay those that the first fit found, so minutes become seconds. The score
    is estimated by the same recipe over folds of the new rows.
    """
    stem = Path(model)
    place = check_writable(output or stem.with_name(f"{stem.stem}-refit.onnx"), (data, test))
    limits = None if budget is None else modelwright.Budget.parse(budget)
    memory = Memory()
    with ExitStack() as stack:
        listeners: list[Listener] = [memory]
        if events:
            listeners.append(EventLines(sys.stdout))
        elif not quiet:
            seconds = None if limits is None else limits.seconds
            listeners.append(stack.enter_context(display(seconds, verbose=False)))
        made = modelwright.refit(model, data, budget=limits, out=place, test=test, listeners=listeners)
    document = {**fit_document(made, str(place), memory), "from": model}
    show(fit_text(made, str(place), memory), document, as_json=as_json or events, indent=None if events else 2)
    if signal := memory.last("interrupted").get("signal"):
        raise click.exceptions.Exit(128 + int(signal))
