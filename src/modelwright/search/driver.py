"""Moves work between a race and a crew, within what is left of the budget."""

from collections.abc import Sequence
from typing import final

from modelwright.core.spec import FitSpec
from modelwright.core.table import Array
from modelwright.energy.meter import IN_SIGHT
from modelwright.metrics.bootstrap import interval
from modelwright.search.blend import log_loss
from modelwright.search.crew import GLANCE, Crew
from modelwright.search.intervals import seconds_kept
from modelwright.search.milestones import searched
from modelwright.search.mixture import compose, judged_answers
from modelwright.search.order import InOrder
from modelwright.search.power import EVERY
from modelwright.search.race import Race
from modelwright.search.recall import Keeper
from modelwright.search.refit import refit_seconds
from modelwright.search.run import Run
from modelwright.search.store import product_name
from modelwright.search.tiers import SHARE
from modelwright.search.trials import Trial
from modelwright.search.work import Outcome, Work

SHORT_REFIT_SHARE = 0.2
"""Share of the budget up to which time is kept for a refit after a single holdout."""

FINISH_SECONDS_PER_MEGABYTE = 0.2
"""Further seconds kept per megabyte of the fitted members: ONNX Runtime opens large forests slowly, and twice."""

HIRE_SECONDS = 1.5
"""Seconds that new workers take to import what they need: those still racing when the time is up are killed."""


@final
class Driver:
    """Moves work between a race and a crew, and keeps back the time that the best mixture's refit will take."""

    def __init__(self, run: Run, crew: Crew, names: Sequence[str], spec: FitSpec) -> None:
        self._run = run
        self._has_interval = spec.interval is not None
        self._for_students = 0.0 if not spec.climbs or not run.timed else SHARE * run.budget.seconds
        self._crew = crew
        self._reserve = 0.0
        self._kept = self._for_interval([])
        self._running = 0
        self._order = None if run.timed else InOrder(names)

    def left(self) -> float:
        """Seconds left for racing."""
        return self._run.left - self._reserve - self._kept - self._for_students

    def recall(self, race: Race, keeper: Keeper) -> None:
        """Tell a race what was finished in an earlier life of the run."""
        trials, found, n_folds = {t.id: t for t in race.trials}, False, 0
        for read in keeper.finished:
            trial, fold = trials.get(read.outcome.trial), read.outcome.fold
            if trial is None or fold not in range(len(self._run.plan.folds)):
                continue
            if (same := keeper.find(Work(trial.id, trial.learner, fold))) is not None and same.key == read.key:
                keeper.bring(read)
                race.recall(trial, fold)
                found |= self._record_each(race, self._in_order(read.outcome))
                self._run.milestones.joules[trial.id] = read.used
                n_folds += 1
        if not n_folds:
            return
        n_trials = sum(t.state in ("done", "dropped", "failed") for t in race.trials)
        told = f"Resumed with {n_trials} finished trials, {n_folds} folds in all."
        self._run.watch.tell("resumed", trials=n_trials, folds=n_folds)
        self._run.watch.tell("note", text=told)
        if found:
            self._weigh(race)

    def drive(self, race: Race) -> None:
        """Race until nothing more is worth starting or the time is up."""
        while True:
            while self._crew.idle and (work := race.next_work()) is not None:
                self._crew.start(work)
                self._running += 1
            if not self._running:
                return
            outcome = self._crew.wait(min(GLANCE, max(0.01, self.left())))
            if outcome is not None:
                self._running -= 1
                self._run.contention.add(outcome)
                # Once the time is up the mixture is chosen anyway, and this would only come before it.
                if self._record_each(race, self._in_order(outcome)) and self.left() > 0:
                    self._weigh(race)
            self._run.meter.recent(IN_SIGHT)
            if self.left() <= 0:
                self._crew.drop()
                self._record_each(race, [] if self._order is None else self._order.rest())
                return

    def _record_each(self, race: Race, outcomes: list[Outcome]) -> bool:
        """Tell the race of outcomes; return whether there is another trial to mix with now."""
        found = False
        for outcome in outcomes:
            found |= self._record(race, outcome)
        return found

    def _in_order(self, outcome: Outcome) -> list[Outcome]:
        """Return the outcomes that may be recorded now: where bytes must repeat, always in the same order."""
        return [outcome] if self._order is None else self._order.after(outcome)

    def _for_interval(self, trials: list[Trial]) -> float:
        run = self._run
        if not self._has_interval or not run.timed:
            return 0.0
        return seconds_kept(run.question, run.plan, trials, run.budget, n_workers=self._crew.size)

    def _loss(self, margins: Array, fold: int) -> float:
        """Return the mean loss on the rows that a fold held out."""
        held_out = self._run.question.target.take(self._run.plan.folds[fold].valid)
        return log_loss(margins, held_out)

    def _record(self, race: Race, outcome: Outcome) -> bool:
        """Tell the race of an outcome; return whether there is another trial to mix with now."""
        run = self._run
        margins = None if outcome.failure else run.store.product(outcome.trial, outcome.fold).margins
        trial = race.record(outcome, margins, run.store.course(outcome.trial, outcome.fold))
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
        if run.timed and trial.state == "done":
            run.meter.recent(EVERY)
            run.milestones.joules[trial.id] = searched(run.meter)
        return trial.state == "done" and len(trial.margins) == len(run.plan.folds)

    def _weigh(self, race: Race) -> None:
        """Mix what is finished, keep back the time of its refit, and tell how good it is."""
        run, found = self._run, compose(self._run, race.trials)
        needed = refit_seconds(found.trials, found.blend.weights, run.plan.n_folds, self._crew.size)
        # After a single holdout a refit sees few more rows: a long one is worth less than more trials.
        is_worth_it = run.plan.n_folds > 1 or needed < SHORT_REFIT_SHARE * run.budget.seconds
        size = sum(run.store.size(product_name(name, 0)) for name in found.blend.weights)
        opening = FINISH_SECONDS_PER_MEGABYTE * size / 1e6 * run.contention.factor
        # Where there is nothing yet but the baseline, a first learner is worth more than its refit.
        hiring = 0.0 if found.is_constant else HIRE_SECONDS * run.contention.factor
        self._reserve = (needed + hiring if is_worth_it else 0.0) + opening
        truth, answers = judged_answers(run, found)
        target = found.oof.target
        best = interval(run.metric, truth, answers, target.weight, groups=target.groups, resamples=200)
        run.watch.tell(
            "best",
            metric=run.metric.name,
            score=best.value,
            low=best.low,
            high=best.high,
            members=len(found.blend.weights),
        )
