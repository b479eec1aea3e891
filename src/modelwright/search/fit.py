"""The whole of a fit after reading: question, folds, race, blend, refit, proof; inside one budget."""

import tempfile
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, final

import numpy as np

from modelwright.core.errors import BudgetError, DataError
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Array, Table
from modelwright.energy.meter import Meter
from modelwright.energy.regions import carbon
from modelwright.energy.shares import shared
from modelwright.export.seal import Origin, seal
from modelwright.insight.evaluate import score
from modelwright.insight.predictions import Predictions
from modelwright.learners.portfolio import portfolio
from modelwright.metrics.base import Metric
from modelwright.metrics.bootstrap import interval
from modelwright.metrics.choose import metric_for
from modelwright.model.hostile import hostile_rows
from modelwright.pipeline.pipeline import Pipeline, used_columns
from modelwright.search.blend import Blend, answers_of, blend, log_loss, row_losses
from modelwright.search.crew import Alone, Crew, Processes, usable_cores
from modelwright.search.fairness import audit_seconds, fairness_document
from modelwright.search.folds import Plan, plan_folds
from modelwright.search.intervals import SHARE, Ground, check_interval, interval_of, seconds_kept
from modelwright.search.libraries import require_libraries
from modelwright.search.question import Question, frame_question
from modelwright.search.race import Pace, Race
from modelwright.search.refit import MARGIN, refit, refit_seconds
from modelwright.search.sample import sample_rows
from modelwright.search.store import Brief, Store, product_name
from modelwright.search.trials import OutOfFold, Trial, out_of_fold
from modelwright.search.watch import Watch
from modelwright.search.work import Outcome
from modelwright.suspicion.finding import Findings
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

SHORT_REFIT_SHARE = 0.2
"""Share of the budget up to which time is kept for a refit after a single holdout."""

FINISH_SECONDS = 2.0
"""Seconds kept for writing, proving and evaluating a small model."""

FINISH_SECONDS_PER_MEGABYTE = 0.2
"""Further seconds kept per megabyte of the fitted members: ONNX Runtime opens large forests slowly, and twice."""

FINISH_SECONDS_PER_MILLION_CELLS = 0.5
"""Further seconds kept per million cells of the table."""


@final
@dataclass(frozen=True, slots=True)
class Run:
    """What stays the same during a run."""

    question: Question
    metric: Metric
    budget: Budget
    seed: int
    plan: Plan
    proof: tuple[Table, ...]
    store: Store
    watch: Watch
    meter: Meter

    def begin(self, phase: str) -> None:
        """Tell of a phase and measure its energy apart."""
        self.watch.tell("phase", phase=phase)
        self.meter.phase(phase)

    @property
    def timed(self) -> bool:
        """Whether seconds are the limit, and not the number of trials."""
        return self.budget.trials is None

    @property
    def left(self) -> float:
        """Seconds left before the finish must begin; infinite when trials are counted, 0 once interrupted."""
        if self.watch.interrupted:
            return 0.0
        if not self.timed:
            return inf
        cells = self.question.features.n_rows * len(self.question.features.columns)
        finish = FINISH_SECONDS + FINISH_SECONDS_PER_MILLION_CELLS * cells / 1e6
        finish += audit_seconds(self.question.sensitive)
        return self.budget.seconds - self.budget.after - self.watch.seconds - finish


@final
@dataclass(frozen=True, slots=True)
class _Found:
    """The mixture that a race led to, and what it was chosen by."""

    blend: Blend
    oof: OutOfFold
    trials: dict[str, Trial]


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
            found = _compose(run, race)
            run.begin("interval")
            ground = Ground(run.question, run.plan, found.blend, found.trials)
            sureness = interval_of(ground, spec, crew, run.store, seconds=_interval_seconds(run, found, crew))
            run.begin("refit")
            members = refit(run.store, crew, found.trials, found.blend, seconds=run.left)
        schema = used_columns(run.question.features.schema, members, sureness)
        pipeline = Pipeline(schema, question.target.task, members, found.blend.temperature, sureness)
        return _finish(run, race, found, pipeline, findings=findings, test=test)


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
    store.put("brief", Brief(features, question.target, plan, proof, len(proof[0]) + len(proof[1]), seed))
    return Run(question, metric, budget, seed, plan, proof, store, watch, meter)


def _crew(run: Run) -> Crew:
    cells = run.question.features.n_rows * len(run.question.features.columns)
    if not run.timed and cells <= SMALL_CELLS:
        return Alone(run.store)
    return Processes(run.store, min(usable_cores(), run.budget.workers or MOST_WORKERS))


def _interval_seconds(run: Run, found: _Found, crew: Crew) -> float:
    """Return the time that intervals may take: their share, and nothing of what the refit needs."""
    if not run.timed:
        return inf
    left, needed = run.left, refit_seconds(found.trials, found.blend, run.plan.n_folds, crew.size)
    # A refit that does not fit in is not begun, and leaves its time.
    spare = left - needed if needed <= left * MARGIN else left
    return max(0.0, min(SHARE * run.budget.seconds, spare))


def _race(run: Run, crew: Crew, spec: FitSpec) -> Race:
    """Run trials until nothing more is worth starting or the time is up."""
    run.begin("race")
    features, task = run.question.features, run.question.target.task
    entries = portfolio(task, features.n_rows, len(features.columns), run.budget.seconds)
    if run.budget.trials is not None:
        entries = entries[: run.budget.trials + 1]  # the constant comes first and is not counted
    driver = _Driver(run, crew, has_interval=spec.interval is not None)
    race = Race(entries, run.plan, run.question.target, Pace(driver.left, run.left, crew.size))
    driver.drive(race)
    race.close()
    return race


@final
class _Driver:
    """Moves work between a race and a crew, and keeps back the time that the best mixture's refit will take."""

    def __init__(self, run: Run, crew: Crew, *, has_interval: bool) -> None:
        self._run = run
        self._has_interval = has_interval
        self._crew = crew
        self._reserve = 0.0
        self._kept = self._for_interval([])
        self._running = 0

    def left(self) -> float:
        """Seconds left for racing."""
        return self._run.left - self._reserve - self._kept

    def drive(self, race: Race) -> None:
        """Race until nothing more is worth starting or the time is up."""
        while True:
            while self._crew.idle and (work := race.next_work()) is not None:
                self._crew.start(work)
                self._running += 1
            if not self._running:
                return
            outcome = self._crew.wait(min(0.5, max(0.01, self.left())))
            if outcome is not None:
                self._running -= 1
                self._record(race, outcome)
            if self.left() <= 0:
                self._crew.drop()
                return

    def _for_interval(self, trials: list[Trial]) -> float:
        run = self._run
        if not self._has_interval or not run.timed:
            return 0.0
        return seconds_kept(run.question, run.plan, trials, run.budget, n_workers=self._crew.size)

    def _loss(self, margins: Array, fold: int) -> float:
        """Return the mean loss on the rows that a fold held out."""
        held_out = self._run.question.target.take(self._run.plan.folds[fold].valid)
        return log_loss(margins, held_out)

    def _record(self, race: Race, outcome: Outcome) -> None:
        run = self._run
        margins = None if outcome.failure else run.store.product(outcome.trial, outcome.fold).margins
        trial = race.record(outcome, margins)
        run.watch.tell(
            "trial",
            id=trial.id,
            family=trial.learner.family,
            fold=outcome.fold,
            folds=len(run.plan.folds),
            took=round(outcome.seconds, 3),
            loss=None if margins is None else self._loss(margins, outcome.fold),
            state=trial.state,
            reason=trial.reason,
        )
        self._kept = self._for_interval(race.trials)
        if trial.state == "done" and len(trial.margins) == len(run.plan.folds):
            found = _compose(run, race)
            needed = refit_seconds(found.trials, found.blend, run.plan.n_folds, self._crew.size)
            # After a single holdout a refit sees few more rows: a long one is worth less than more trials.
            is_worth_it = run.plan.n_folds > 1 or needed < SHORT_REFIT_SHARE * run.budget.seconds
            size = sum(run.store.size(product_name(name, 0)) for name in found.blend.weights)
            self._reserve = (needed if is_worth_it else 0.0) + FINISH_SECONDS_PER_MEGABYTE * size / 1e6
            truth, answers = _answers(run, found)
            best = interval(run.metric, truth, answers, found.oof.target.weight, resamples=200)
            run.watch.tell(
                "best",
                metric=run.metric.name,
                score=best.value,
                low=best.low,
                high=best.high,
                members=len(found.blend.weights),
            )


def _compose(run: Run, race: Race) -> _Found:
    """Mix the finished trials; when there is none, those whose first fold is finished."""
    target, plan = run.question.target, run.plan
    done = race.done
    if not done:
        plan = Plan(plan.folds[:1], 1, plan.reason)
        done = [t for t in race.trials if 0 in t.margins]
    if not done:
        failed = {t.reason for t in race.trials if t.state == "failed"}
        if failed and run.left > 0:
            raise DataError(f"Nothing can be learned from these {len(target)} rows. {' '.join(sorted(failed))}")
        raise BudgetError(
            f"The budget of {run.budget.seconds:g} s ended before any model was ready. Give more with --budget."
        )
    oof = out_of_fold(done, plan, target)
    sizes = {t.id: run.store.size(product_name(t.id, 0)) / 1e6 for t in done}
    mixture = blend(oof.margins, oof.target, run.metric, sizes)
    for trial in done:
        trial.loss = float(np.average(row_losses(oof.margins[trial.id], oof.target), weights=oof.target.weight))
    return _Found(mixture, oof, {t.id: t for t in done})


def _answers(run: Run, found: _Found) -> tuple[Array, Array]:
    """Return truth and out-of-fold answers in the form the run's metric looks at."""
    answers = answers_of(found.oof.target.task, found.blend.margins(found.oof.margins))
    return found.oof.target.values, answers.argmax(axis=1) if run.metric.answers == "labels" else answers


def _finish(
    run: Run, race: Race, found: _Found, pipeline: Pipeline, *, findings: Findings, test: Table | None
) -> bytes:
    """Write the graph, prove it, evaluate, and return the file."""
    watch, target = run.watch, found.oof.target
    run.begin("prove")
    expected = answers_of(target.task, pipeline.proof_margins())
    answers = answers_of(target.task, found.blend.margins(found.oof.margins))
    judged = None if run.question.judged is None else run.question.judged[found.oof.rows]
    evaluation = score(target.task, target.values, answers, judged, metric=run.metric.name, source="out-of-fold")
    answered = Predictions(target.task, target.values, answers, judged)
    fairness = fairness_document(
        run.question.sensitive,
        run.question.features,
        found.oof.rows,
        answered,
        used=pipeline.schema.names,
        seed=run.seed,
    )
    origin = Origin(
        target_schema=run.question.target_schema,
        metric=run.metric.name,
        budget={"seconds": run.budget.seconds, "trials": run.budget.trials},
        seed=run.seed,
        timed=run.timed,
        features=run.question.features,
        leaderboard=[t.to_json(found.blend.weights.get(t.id, 0.0), timed=run.timed) for t in race.trials],
        documents={"suspicions": findings.to_json(), **fairness, **_energy(run, race)},
    )
    sealed = seal(pipeline, run.proof, expected, evaluation, origin=origin, test=test)
    best = sealed.evaluation.main
    watch.tell(
        "done",
        seconds=round(watch.seconds, 3),
        metric=best.name,
        score=best.value,
        low=best.low,
        high=best.high,
        members=len(pipeline.members),
        bytes=len(sealed.data),
    )
    return sealed.data


def _energy(run: Run, race: Race) -> dict[str, Any]:
    """Return the document of the energy used up to now; none where the bytes must repeat."""
    if not run.timed:
        return {}
    run.meter.read()
    # One thread per worker: the seconds of a trial are its processor time.
    by_trial = shared(run.meter.phases["race"], {t.id: sum(t.seconds.values()) for t in race.trials})
    return {
        "energy": {
            **run.meter.to_json(),
            "trials": {name: used.to_json() for name, used in by_trial.items()},
            "carbon": carbon(run.meter.total).to_json(),
        }
    }
