"""``modelwright fit``: learn to predict a column and write the model file."""

import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import click

import modelwright
from modelwright.cli.costs import parsed_costs
from modelwright.cli.fit_targets import PerTarget, joint_output, pages_beside, specs_of, told_joint
from modelwright.cli.fit_text import fit_document, fit_text
from modelwright.cli.numbers import parsed_directions, parsed_quantiles
from modelwright.cli.output import Memory, end, listening, note
from modelwright.cli.schema import missing_option, parsed_kinds, read_schema_file
from modelwright.cli.several import SeveralCommand
from modelwright.core.destination import check_writable
from modelwright.core.errors import MissingExtraError, OutputError
from modelwright.core.events import Listener
from modelwright.core.spec import SHIPS, Budget, FitSpec, parse_bytes, parse_latency

if TYPE_CHECKING:
    from modelwright.model.joint import JointModel
    from modelwright.model.model import Model
    from modelwright.track.listener import Tracker

BESIDE_SECONDS = 3.0
"""Seconds of the budget kept for the report beside the model, of budgets of at least `LEAST_BUDGET` seconds."""

LEAST_BUDGET = 20.0
MOST_REPORTS = 0.15
"""Share of the budget that the reports of several targets may have."""

REPORT_SECONDS = 20.0
"""No section of the report that is kept with a run is begun after so long."""

_MITIGATIONS = ("none", "reweight", "exponentiated_gradient")
_PARITIES = ("demographic_parity", "equalised_odds")
_TASKS = ("auto", "binary", "multiclass", "regression", "count", "quantile")


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, one field each."""

    data: str
    target: tuple[str, ...]
    task: tuple[str, ...]
    metric: tuple[str, ...]
    budget: str
    trials: int | None
    output: str | None
    test: str | None
    drop: tuple[str, ...]
    kinds: tuple[str, ...]
    missing: tuple[str, ...]
    weight: str | None
    groups: str | None
    time: str | None
    interval: float
    interval_groups: str | None
    quantiles: tuple[str, ...]
    monotone: tuple[str, ...]
    cost: tuple[str, ...]
    sensitive: tuple[str, ...]
    use_sensitive: bool
    mitigate: str
    parity: str
    ship: str
    latency: str | None
    learners: tuple[str, ...]
    only_learners: bool
    seed: int
    schema: str | None
    track: str | None
    run: str | None
    memory: str | None
    energy: str | None
    region: str | None
    as_json: bool
    events: bool
    quiet: bool
    verbose: bool
    report: bool


@click.command("fit", cls=SeveralCommand, short_help="Learn to predict a column and write the model file.")
@click.argument("data")
@click.option(
    "-t", "--target", required=True, multiple=True, metavar="COL ...", help="The column to predict, or several."
)
@click.option(
    "--task",
    type=PerTarget(_TASKS),
    multiple=True,
    metavar=f"[{'|'.join(_TASKS)}]",
    help="What kind of prediction; of one of several targets COL=TASK.",
)
@click.option(
    "--metric", multiple=True, metavar="NAME", help="What to be good at: roc_auc, log_loss, f1, rmse, …; COL=NAME too."
)
@click.option("--budget", default="60s", show_default=True, help="Time for everything: 90s, 5m, 1.5h.")
@click.option("--trials", type=int, help="Try so many learners instead; the same data then gives the same bytes.")
@click.option("-o", "--output", metavar="FILE", help="The model file; TARGET.onnx by default.")
@click.option("--test", metavar="DATA", help="Labelled rows to evaluate on, never learned from.")
@click.option("--drop", multiple=True, metavar="COL", help="Leave a column out; may be repeated.")
@click.option("--kind", "kinds", multiple=True, metavar="COL=KIND", help="Say what a column is; may be repeated.")
@missing_option
@click.option("--weight", metavar="COL", help="Column of row weights.")
@click.option("--groups", metavar="COL", help="Column whose equal values stay together in validation.")
@click.option("--time", metavar="COL", help="Column that orders the rows; validation is then on the later ones.")
@click.option(
    "--interval", type=float, default=0.9, show_default=True, help="Share of truths that intervals hold; 0: none."
)
@click.option("--interval-groups", metavar="COL", help="Hold it in every group of a feature, or class of the target.")
@click.option("--quantiles", multiple=True, metavar="Q ...", help="Predict quantiles, such as 0.1 0.5 0.9.")
@click.option("--monotone", multiple=True, metavar="COL=±1 ...", help="Let the answer only rise (1) or fall (-1).")
@click.option("--cost", multiple=True, metavar="COSTS", help="What mistakes cost: fp=1,fn=5, 'a>b=5', or a file.")
@click.option("--latency", metavar="TIME", help="Most time of one row here, such as 50us; a smaller model may ship.")
@click.option("--sensitive", multiple=True, metavar="COL ...", help="Columns to audit by; no features. Written last.")
@click.option("--use-sensitive", is_flag=True, help="Let the sensitive columns be features all the same.")
@click.option(
    "--mitigate",
    type=click.Choice(_MITIGATIONS),
    default="none",
    show_default=True,
    help="Weigh rows so that groups by the sensitive columns are treated more alike.",
)
@click.option(
    "--parity",
    type=click.Choice(_PARITIES),
    default=_PARITIES[0],
    show_default=True,
    help="What exponentiated_gradient makes even: who is selected, or who of those alike in truth.",
)
@click.option(
    "--ship",
    type=click.Choice(SHIPS),
    default="accurate",
    show_default=True,
    help="The best mixture, the smallest model as good, or a small forest.",
)
@click.option("--learner", "learners", multiple=True, metavar="NAME", help="Try it first; a name or module:Class?a=1.")
@click.option("--only-learners", is_flag=True, help="Try nothing but what --learner names.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of every random choice.")
@click.option("--schema", metavar="FILE", help="Kinds of all columns, as the schema command writes them.")
@click.option("--track", metavar="DIR|URI", help="Keep the run in a folder, or on an MLflow server.")
@click.option("--run", metavar="DIR", help="Keep everything finished in a folder, so that resume can go on from it.")
@click.option("--memory", metavar="SIZE", help="Memory for everything: 4GB, 500MB; nine tenths of what is free.")
@click.option("--energy", metavar="AMOUNT", help="Energy for everything, at most: 5Wh, 500mWh.")
@click.option("--region", metavar="CC", help="Country of the electricity, for CO2e, such as DE; else the world's mean.")
@click.option("--report/--no-report", default=True, show_default=True, help="Write the report beside the model.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@click.option("--events", is_flag=True, help="Print every event and then the result as JSON lines.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@click.option("-v", "--verbose", is_flag=True, help="Show every learner that finishes.")
def fit(**options: Any) -> None:  # click hands over options by name
    """Learn to predict a column of DATA and write the model file.

    DATA is a CSV, TSV, Parquet, Arrow, JSON Lines or Excel file, compressed or not, or an SQL address such as
    "sqlite:///shop.db?query=select * from orders".

    With several targets the file predicts each of them from the other columns; the budget is for all together.

    Ctrl-C once ends the search and keeps the best so far; twice aborts.
    """
    asked = Asked(**options)
    if any(":" in learner for learner in asked.learners):
        sys.path.insert(0, str(Path.cwd()))  # modules beside the data are found, as python -m finds them
    if asked.trials is not None and asked.trials < 1:
        raise click.BadParameter(f"must be at least 1, not {asked.trials}.", param_hint="--trials")
    from modelwright.model.joint import JointModel  # help loads no runtime

    started = time.monotonic()
    budget = limits(asked.budget, asked.trials, asked.memory, asked.energy)
    if asked.report and budget.seconds >= LEAST_BUDGET:
        budget = replace(budget, after=min(BESIDE_SECONDS * len(asked.target), MOST_REPORTS * budget.seconds))
    place = check_writable(asked.output or default_output(*asked.target), (asked.data, asked.test, asked.schema))
    memory = Memory()
    seconds = None if budget.trials else budget.seconds
    with (
        listening(seconds, events=asked.events, quiet=asked.quiet, verbose=asked.verbose) as shown,
        nullcontext() if asked.track is None else _tracker(asked) as tracker,
    ):
        listeners: list[Listener] = [memory, *shown, *([] if tracker is None else [tracker])]
        source, budget = _source(asked, budget)
        model = modelwright.fit(
            source,
            list(asked.target) if len(asked.target) > 1 else asked.target[0],
            budget=budget,
            out=place,
            test=asked.test,
            seed=asked.seed,
            spec=_specs(asked),
            listeners=listeners,
        )
        kept = None if tracker is None else tracker.finish(model, report=_reports(model))
    left = BESIDE_SECONDS * len(asked.target) if budget.trials else budget.seconds - (time.monotonic() - started)
    if isinstance(model, JointModel):
        pages = pages_beside(model, place, left) if asked.report else ()
        text, document = told_joint(model, str(place), memory, pages, kept=kept)
        end(text, document, memory, as_json=asked.as_json, events=asked.events)
        return
    pages = _beside(place, left) if asked.report else ()
    document = {**fit_document(model, str(place), memory), "run": kept, "report": [str(page) for page in pages]}
    text = fit_text(model, str(place), memory) + "".join(f"\nReport   {page}" for page in pages[:1])
    text += "" if kept is None else f"\nRun        {kept}"
    end(text, document, memory, as_json=asked.as_json, events=asked.events)


def limits(budget: str, trials: int | None, memory: str | None, energy: str | None) -> Budget:
    """Return the limits that options name."""
    from modelwright.energy.allowance import Allowance  # help loads no meter

    return replace(
        Budget.parse(budget, trials),
        memory=None if memory is None else parse_bytes(memory),
        watt_hours=None if energy is None else Allowance.parse(energy).watt_hours,
    )


def default_output(*targets: str) -> str:
    """Return the file name of a model when none is given: the targets', without what file systems refuse."""
    return joint_output(targets)


def _specs(asked: Asked) -> Any:
    """Return what is asked beyond target and budget: of the one target, or of each."""
    specs = specs_of(_spec(asked), asked.target, asked.task, asked.metric)
    return specs if len(specs) > 1 else specs[asked.target[0]]


def _spec(asked: Asked) -> FitSpec:
    return FitSpec(
        drop=asked.drop,
        kinds=parsed_kinds(asked.kinds),
        missing=asked.missing,
        weight=asked.weight,
        groups=asked.groups,
        time=asked.time,
        interval=asked.interval or None,
        interval_groups=asked.interval_groups,
        quantiles=parsed_quantiles(asked.quantiles),
        monotone=parsed_directions(asked.monotone),
        cost=parsed_costs(asked.cost),
        sensitive=tuple(dict.fromkeys(asked.sensitive)),
        sensitive_features=asked.use_sensitive,
        mitigate=asked.mitigate,
        parity=asked.parity,
        ship=asked.ship,
        latency=None if asked.latency is None else parse_latency(asked.latency),
        run=asked.run,
        learners=asked.learners,
        only_learners=asked.only_learners,
        region=asked.region,
    )


def _source(asked: Asked, budget: Budget) -> tuple[Any, Budget]:
    """Return what to fit: the data's name, or its table when a schema says how to read it."""
    if asked.schema is None:
        return asked.data, budget
    from modelwright.data import read  # help and errors of usage load no reader

    started = time.monotonic()
    schema = read_schema_file(asked.schema, parsed_kinds(asked.kinds), asked.missing)
    table = read(asked.data, schema=schema)
    spent = time.monotonic() - started
    return table, replace(budget, seconds=max(1.0, budget.seconds - spent))


def _tracker(asked: Asked) -> "Tracker":
    """Return what keeps the run; where the data came from is told without passwords."""
    from modelwright.data.address import shown
    from modelwright.track.listener import Tracker  # as above

    assert asked.track is not None  # looked at by the caller
    return Tracker(asked.track, source=shown(asked.data.partition("?")[0]))


def _reports(model: "Model | JointModel") -> Any:
    """Return the report that is kept with a run, of several targets one of each by name."""
    from modelwright.model.joint import JointModel  # help loads no runtime

    if not isinstance(model, JointModel):
        return _report(model, REPORT_SECONDS)
    return {name: _report(part, REPORT_SECONDS / len(model)) for name, part in model.items()}


def _report(model: "Model", seconds: float) -> Any:
    """Return the report of one target, None where what makes reports is not installed."""
    from modelwright.report.report import report

    try:
        made = report(model, seconds=seconds)
        made.to_html()
    except MissingExtraError as error:
        note(f"The run is kept without a report. {error}")
        return None
    return made


def _beside(place: Path, seconds: float) -> tuple[Path, ...]:
    """Write the report beside the model where there is time; say why where there is none."""
    from modelwright.report.beside import LEAST_SECONDS, beside, in_the_way

    try:
        if pages := beside(place, seconds=seconds):
            return pages
    except OutputError as error:  # the model is there
        note(f"No report was written beside the model. {error}")
        return ()
    why = f"only {max(0.0, seconds):.1f} s were left" if seconds < LEAST_SECONDS else "see modelwright report --help"
    call = f"modelwright report {place}"
    if (other := in_the_way(place)) is not None:
        why, call = f"'{other}' is there, and no report wrote it", f"{call} -o PAGE.html"
    note(f"No report was written beside the model: {why}. Make one with: {call}")
    return ()
