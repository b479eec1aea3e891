"""``modelwright resume``: go on with a fit whose run was kept."""

from dataclasses import replace
from pathlib import Path

import click

import modelwright
from modelwright.cli.fit import default_output
from modelwright.cli.fit_targets import told_joint
from modelwright.cli.fit_text import fit_document, fit_text
from modelwright.cli.output import Memory, end, listening
from modelwright.core.destination import check_writable
from modelwright.core.spec import Budget


@click.command("resume", short_help="Go on with a fit that was killed or ended too early.")
@click.argument("run")
@click.option("-o", "--output", metavar="FILE", help="The model file; TARGET.onnx by default.")
@click.option("--budget", help="Time for everything, what was spent before included: 5m, 1h.")
@click.option("--energy", metavar="AMOUNT", help="Energy for everything, what was used before included: 5Wh, 500mWh.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@click.option("--events", is_flag=True, help="Print every event and then the result as JSON lines.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@click.option("-v", "--verbose", is_flag=True, help="Show every learner that finishes.")
def resume(
    run: str,
    *,
    output: str | None,
    budget: str | None,
    energy: str | None,
    as_json: bool,
    events: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Go on with the fit in the folder RUN, which was begun with fit --run RUN.

    Everything finished is read back; only the work that was under way is lost. A run that is over gives its file
    again; with a larger --budget or --energy it goes on. Files of models are proven as always. Of several targets,
    those without a model share what is left.
    """
    from modelwright.model.joint import JointModel  # help loads no runtime, and no engine
    from modelwright.search.request import read_request
    from modelwright.search.run_folder import REQUEST
    from modelwright.search.run_targets import TARGETS, Kept

    if (Path(run) / TARGETS).is_file():
        kept = Kept.read(run)
        asked, targets = kept.budget, kept.targets
    else:
        request = read_request(Path(run) / REQUEST)
        asked, targets = request.budget, (request.target,)
    limits = _limits(asked, budget, energy)
    seconds = (limits or asked).seconds
    place = check_writable(output or default_output(*targets))
    memory = Memory()
    with listening(None if asked.trials else seconds, events=events, quiet=quiet, verbose=verbose) as shown:
        model = modelwright.resume(run, budget=limits, out=place, listeners=[memory, *shown])
    if isinstance(model, JointModel):
        text, document = told_joint(model, str(place), memory, verb="resume", kept=run)
        end(text, document, memory, as_json=as_json, events=events)
        return
    resumed = memory.last("resumed")
    document = {**fit_document(model, str(place), memory), "run": run, "resumed": resumed}
    text = fit_text(model, str(place), memory) + f"\nRun        {run}"
    end(text, document, memory, as_json=as_json, events=events)


def _limits(asked: Budget, budget: str | None, energy: str | None) -> Budget | None:
    """Return the limits of the run with those that are given in place of its own; None where none is."""
    from modelwright.energy.allowance import Allowance  # help loads no meter

    if budget is not None:
        asked = replace(asked, seconds=Budget.parse(budget).seconds)
    if energy is not None:
        asked = replace(asked, watt_hours=Allowance.parse(energy).watt_hours)
    return None if budget is energy is None else asked
