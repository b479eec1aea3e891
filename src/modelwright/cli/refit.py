"""``modelwright refit``: train the recipe of a model file on other rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import click

import modelwright
from modelwright.cli.fit_targets import told_joint
from modelwright.cli.fit_text import fit_document, fit_text
from modelwright.cli.output import Memory, end, listening
from modelwright.cli.targets import either, for_target
from modelwright.core.destination import check_writable


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, one field each."""

    model: str
    data: str
    chosen: str | None
    output: str | None
    budget: str | None
    test: str | None
    as_json: bool
    events: bool
    quiet: bool


@click.command("refit", short_help="Train the recipe of a model file on other rows.")
@click.argument("model")
@click.argument("data")
@for_target
@click.option("-o", "--output", metavar="FILE", help="The new model file; MODEL-refit.onnx by default.")
@click.option("--budget", help="Time for everything: 90s, 5m; as long as it takes by default.")
@click.option("--test", metavar="DATA", help="Labelled rows to evaluate on, never learned from.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@click.option("--events", is_flag=True, help="Print every event and then the result as JSON lines.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def refit(**options: Any) -> None:  # click hands over options by name
    """Train what the file MODEL is made of on the rows in DATA, without a search.

    Learners, settings, lengths and weights stay those that the first fit found, so minutes become seconds. The score
    is estimated by the same recipe over folds of the new rows. Of a file of several targets all are trained, or the
    one that --for names.
    """
    asked = Asked(**options)
    stem = Path(asked.model)
    place = check_writable(asked.output or stem.with_name(f"{stem.stem}-refit.onnx"), (asked.data, asked.test))
    limits = None if asked.budget is None else modelwright.Budget.parse(asked.budget)
    model = either(asked.model, asked.chosen)
    from modelwright.model.joint import JointModel  # help loads no runtime

    memory = Memory()
    seconds = None if limits is None else limits.seconds
    with listening(seconds, events=asked.events, quiet=asked.quiet) as shown:
        made = modelwright.refit(
            model, asked.data, budget=limits, out=place, test=asked.test, listeners=[memory, *shown]
        )
    if isinstance(made, JointModel):
        text, document = told_joint(made, str(place), memory, verb="refit")
    else:
        text, document = fit_text(made, str(place), memory), fit_document(made, str(place), memory)
    end(text, {**document, "from": asked.model}, memory, as_json=asked.as_json, events=asked.events)
