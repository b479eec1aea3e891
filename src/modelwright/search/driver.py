"""Moves work between a race and a crew, within what is left of the budget."""

from typing import final

from modelwright.core.table import Array
from modelwright.metrics.bootstrap import interval
from modelwright.search.blend import log_loss
from modelwright.search.crew import Crew
from modelwright.search.intervals import seconds_kept
from modelwright.search.mixture import compose, judged_answers
from modelwright.search.race import Race
from modelwright.search.refit import refit_seconds
from modelwright.search.run import Run
from modelwright.search.store import product_name
from modelwright.search.trials import Trial
from modelwright.search.work import Outcome

SHORT_REFIT_SHARE = 0.2
"""Share of the budget up to which time is kept for a refit after a single holdout."""

FINISH_SECONDS_PER_MEGABYTE = 0.2
"""Further seconds kept per megabyte of the fitted members: ONNX Runtime opens large forests slowly, and twice."""


@final
class Driver:
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
        if trial.state == "done" and len(trial.margins) == len(run.plan.folds):
            found = compose(run, race.trials)
            needed = refit_seconds(found.trials, found.blend, run.plan.n_folds, self._crew.size)
            # After a single holdout a refit sees few more rows: a long one is worth less than more trials.
            is_worth_it = run.plan.n_folds > 1 or needed < SHORT_REFIT_SHARE * run.budget.seconds
            size = sum(run.store.size(product_name(name, 0)) for name in found.blend.weights)
            self._reserve = (needed if is_worth_it else 0.0) + FINISH_SECONDS_PER_MEGABYTE * size / 1e6
            truth, answers = judged_answers(run, found)
            best = interval(run.metric, truth, answers, found.oof.target.weight, resamples=200)
            run.watch.tell(
                "best",
                metric=run.metric.name,
                score=best.value,
                low=best.low,
                high=best.high,
                members=len(found.blend.weights),
            )
