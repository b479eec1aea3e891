"""The whole of a fit after reading: question, folds, race, blend, refit, proof; inside one budget."""

import tempfile
from math import inf
from pathlib import Path

import numpy as np

from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Table
from modelwright.energy.meter import Meter
from modelwright.learners.portfolio import portfolio
from modelwright.metrics.base import Metric
from modelwright.metrics.choose import metric_for
from modelwright.model.hostile import hostile_rows
from modelwright.pipeline.pipeline import Pipeline, used_columns
from modelwright.search.crew import Alone, Crew, Processes, usable_cores
from modelwright.search.driver import Driver
from modelwright.search.finish import finish
from modelwright.search.folds import plan_folds
from modelwright.search.intervals import SHARE, Ground, check_interval, interval_of
from modelwright.search.libraries import require_libraries, usable
from modelwright.search.mixture import Found, compose
from modelwright.search.question import Question, frame_question
from modelwright.search.race import Pace, Race
from modelwright.search.refit import MARGIN, refit, refit_seconds
from modelwright.search.run import Run
from modelwright.search.sample import sample_rows
from modelwright.search.store import Brief, Store
from modelwright.search.watch import Watch
from modelwright.suspicion.suspect import suspect

SMALL_CELLS = 20_000
"""Cells of a table that is fitted in this process when trials are counted: a worker would take longer to start."""

MOST_WORKERS = 8
"""Worker processes where the budget does not say."""

HOSTILE_ROWS = 300
"""Rows made to break things on which parity is proven."""

QUICK_PROOF_ROWS = 1_000
"""Training rows on which the model of every fold is asked for its answers, should it have to ship."""

PROOF_ROWS = 10_000
"""Training rows at most, evenly spaced, on which parity is proven beside the hostile ones."""


def fit_table(
    table: Table,
    target: str,
    budget: Budget,
    spec: FitSpec,
    *,
    seed: int = 0,
    test: Table | None = None,
    watch: Watch | None = None,
) -> bytes:
    """Fit the best model the budget pays for and return the bytes of its file, proven.

    Args:
        table: The table with the target and everything named in `spec`.
        target: Name of the target column.
        budget: Limits; the time counts from ``watch.started``.
        spec: What was asked beyond target and budget.
        seed: Seed of every random choice.
        test: Labelled rows that are only scored on, or None.
        watch: Takes events and tells of an interrupt, which means: finish with the best so far.

    Raises:
        DataError: The table cannot be learned from.
        SpecError: The wish makes no sense for this table.
        BudgetError: The time ended before any model was ready.
        GateError: The file's answers differ from the pipeline's.
        MissingExtraError: The libraries that learn are not installed.
    """
    require_libraries()
    watch = watch or Watch()
    meter = Meter()
    watch.tell("phase", phase="plan")
    meter.phase("plan")
    question = frame_question(table, target, spec)
    check_interval(question, target, spec)
    metric = metric_for(spec.metric, question.target.task)
    for note in (*table.notes, *question.notes):
        watch.tell("note", text=note)
    with tempfile.TemporaryDirectory(prefix="modelwright-", ignore_cleanup_errors=True) as folder:
        run = _plan(question, metric, budget, seed=seed, store=Store(Path(folder)), watch=watch, meter=meter)
        with _crew(run) as crew:
            # Looked at while the workers start.
            findings = suspect(table, target, spec, task=question.target.task, test=test, seed=seed)
            for finding in findings:
                watch.tell("suspicion", **finding.to_json())
            race = _race(run, crew, spec)
            found = compose(run, race.trials)
            run.begin("interval")
            ground = Ground(run.question, run.plan, found.blend, found.trials)
            sureness = interval_of(ground, spec, crew, run.store, seconds=_interval_seconds(run, found, crew))
            run.begin("refit")
            members = refit(run.store, crew, found.trials, found.blend, seconds=run.left)
        schema = used_columns(run.question.features.schema, members, sureness)
        pipeline = Pipeline(schema, question.target.task, members, found.blend.temperature, sureness)
        return finish(run, race.trials, found, pipeline, findings=findings, test=test)


def _plan(
    question: Question, metric: Metric, budget: Budget, *, seed: int, store: Store, watch: Watch, meter: Meter
) -> Run:
    rng = np.random.default_rng(seed)
    question, told = sample_rows(question, budget, rng)
    seconds = 60.0 if budget.trials else budget.seconds
    plan = plan_folds(question.target, seconds, rng, question.order)
    for note in filter(None, (told, f"Validation: {plan.reason}.")):
        watch.tell("note", text=note)
    features = question.features
    shuffled = rng.permutation(len(features))[: QUICK_PROOF_ROWS + PROOF_ROWS]
    proof = (
        hostile_rows(features.schema, HOSTILE_ROWS, seed),
        features.take(np.sort(shuffled[:QUICK_PROOF_ROWS])),
        features.take(np.sort(shuffled[QUICK_PROOF_ROWS:])),
    )
    n_quick = len(proof[0]) + len(proof[1])
    store.put("brief", Brief(features, question.target, plan, proof, n_quick, seed, question.monotone))
    return Run(question, metric, budget, seed, plan, proof, store, watch, meter)


def _crew(run: Run) -> Crew:
    cells = run.question.features.n_rows * len(run.question.features.columns)
    if not run.timed and cells <= SMALL_CELLS:
        return Alone(run.store)
    return Processes(run.store, min(usable_cores(), run.budget.workers or MOST_WORKERS))


def _race(run: Run, crew: Crew, spec: FitSpec) -> Race:
    """Run trials until nothing more is worth starting or the time is up."""
    run.begin("race")
    features, task = run.question.features, run.question.target.task
    is_monotone = bool(run.question.monotone)
    entries = portfolio(task, features.n_rows, len(features.columns), run.budget.seconds, monotone=is_monotone)
    entries, left_out = usable(entries)
    if left_out:
        run.watch.tell("note", text=left_out)
    if run.budget.trials is not None:
        entries = entries[: run.budget.trials + 1]  # the constant comes first and is not counted
    driver = Driver(run, crew, has_interval=spec.interval is not None)
    race = Race(entries, run.plan, run.question.target, Pace(driver.left, run.left, crew.size))
    driver.drive(race)
    race.close()
    return race


def _interval_seconds(run: Run, found: Found, crew: Crew) -> float:
    """Return the time that intervals may take: their share, and nothing of what the refit needs."""
    if not run.timed:
        return inf
    left, needed = run.left, refit_seconds(found.trials, found.blend, run.plan.n_folds, crew.size)
    # A refit that does not fit in is not begun, and leaves its time.
    spare = left - needed if needed <= left * MARGIN else left
    return max(0.0, min(SHARE * run.budget.seconds, spare))
