"""The answer that always exists: where limits ended everything else, the constant is fitted in this process."""

from collections.abc import Sequence

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError, listed
from modelwright.core.table import Array
from modelwright.learners.base import Fitted, Rows
from modelwright.search.crew import NO_ROOM
from modelwright.search.mixture import BASELINE, Found
from modelwright.search.run import Run
from modelwright.search.store import ALL_ROWS, Product, product_name, view_name
from modelwright.search.trials import Trial
from modelwright.transform.view import FittedView, fit_view

SAME = "it gives the same answer for every row."

SAMPLE = 2_000
"""Rows on which the view of the constant is fitted: it looks at no feature, so its columns are all that matters."""


def ensure_answer(run: Run, trials: Sequence[Trial]) -> None:
    """Fit the constant, the first of the trials, where none of them finished a fold.

    It takes milliseconds, also where the workers got no time, and needs neither time nor energy nor memory of theirs.

    Raises:
        DataError: No column says anything.
    """
    if any(0 in trial.margins for trial in trials):
        return
    constant, plan, target = trials[0], run.plan, run.question.target
    assert constant.learner.family == BASELINE, "the portfolio begins with it"
    view = _view(run)
    for number in (*range(len(plan.folds)), ALL_ROWS):
        rows = slice(None) if number == ALL_ROWS else plan.folds[number].train
        known = target.take(np.arange(len(target))[rows])
        fitted = constant.learner.fit(Rows(_blank(len(known)), known), None, run.seed, Deadline())
        margins = None
        if number != ALL_ROWS:
            margins = constant.margins[number] = fitted.margins(_blank(len(plan.folds[number].valid)))
            constant.seconds[number] = 0.0
        _keep(run, constant, number, fitted=fitted, margins=margins)
        run.store.put(view_name("sampled", number), view)
    constant.state, constant.reason = "done", ""


def warn_of_baseline(run: Run, trials: Sequence[Trial], found: Found) -> None:
    """Tell where nothing but the constant ships, and why."""
    if not found.is_constant:
        return
    others = [trial for trial in trials if trial.learner.family != BASELINE]
    finished = sum(0 in trial.margins for trial in others)
    about = "no signal" if finished else "baseline"
    if found.is_given:
        why = "So does the one whose recipe was followed."
    elif finished:
        why = f"No learner was better, of the {finished} that finished."
    else:
        why = f"No learner finished: {_why(run, others)}"
    run.watch.tell("warning", about=about, text=f"The model is only a baseline: {SAME} {why}")


def _why(run: Run, others: Sequence[Trial]) -> str:
    failed = [f"{trial.id}: {trial.reason}" for trial in others if trial.state == "failed"]
    if run.watch.interrupted:
        return "the fit was interrupted."
    if failed:
        return f"{listed(failed, 3).rstrip('.')}."
    if any(trial.reason == NO_ROOM for trial in others):
        return f"{NO_ROOM}. Give more with --memory."
    if run.energy is not None and run.energy.left <= 0:
        return "the energy was used up. Give more with --energy."
    return f"the budget of {run.budget.seconds:g} s ended before. Give more with --budget."


def _view(run: Run) -> FittedView:
    """Return the tree view of the first fold, of as few rows as show that its columns vary."""
    rows, question = run.plan.folds[0].train, run.question
    few = rows[np.linspace(0, len(rows) - 1, min(len(rows), SAMPLE)).astype(np.int64)]
    for chosen in (few, rows):
        try:
            return fit_view("tree", question.features.take(chosen), question.target.take(chosen), run.seed)[0]
        except DataError as error:
            reason = str(error)
    raise DataError(f"Nothing can be learned from these {len(question.target)} rows. {reason}")


def _keep(run: Run, trial: Trial, number: int, *, fitted: Fitted, margins: Array | None) -> None:
    proof = fitted.margins(_blank(sum(len(table) for table in run.proof[:2])))
    run.store.put(product_name(trial.id, number), Product("sampled", fitted, margins, proof))


def _blank(n_rows: int) -> Array:
    """Return features for a learner that looks at none."""
    return np.empty((n_rows, 0))
