"""The glass box of a race beside what ships: what it would cost to ship that instead."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from modelwright.core.spec import FitSpec
from modelwright.core.task import Task
from modelwright.insight.compare import compare_predictions
from modelwright.insight.glass_cost import GlassCost
from modelwright.insight.predictions import Predictions
from modelwright.learners.glass import Glass
from modelwright.metrics.bootstrap import Interval
from modelwright.search.blend import answers_of, blend
from modelwright.search.decide import decide
from modelwright.search.libraries import Entries
from modelwright.search.mixture import Found
from modelwright.search.run import Run
from modelwright.search.trials import BESIDE, Trial, out_of_fold

MOST_ROWS = 20_000
"""Rows up to which a glass box is tried without being asked for; with more it takes long."""

LEAST_SECONDS = 1.0
"""Seconds that must be left for the comparison to be made: writing and proving the file come after it."""


def with_glass_box(entries: Entries, spec: FitSpec, task: Task, n_rows: int) -> Entries:
    """Add a glass box after all others where rows are few and none was named: it takes what time they leave.

    It is compared and not mixed: on 15 small sets the mixture got it into its members three times, and was better on
    the test part once (benchmarks/log.md, 2026-11-24: glass boxes).
    """
    if spec.only_learners or n_rows > MOST_ROWS or any(learner.is_readable for _, learner in entries):
        return entries
    return (*entries, (BESIDE, Glass())) if task.name in Glass.tasks else entries


def glass_document(run: Run, trials: Sequence[Trial], found: Found, shipped: Predictions) -> dict[str, Any]:
    """Return the document on the best glass box that finished all folds; none where there is none.

    Args:
        run: The run.
        trials: All trials.
        found: What ships.
        shipped: Its out-of-fold answers.
    """
    readable = [t for t in trials if t.learner.is_readable and t.state == "done"]
    for trial in readable:
        trial.judge(out_of_fold([trial], run.plan, run.question.target))
    best = min(readable, key=lambda t: t.loss, default=None)
    if best is None or (run.timed and run.until_end < LEAST_SECONDS) or run.watch.interrupted:
        return {}
    oof = out_of_fold([best], run.plan, run.question.target)
    if not np.array_equal(oof.rows, found.oof.rows):
        return {}
    alone = Found(blend(oof.margins, oof.target, run.metric), oof, {best.id: best}, {best.id: 0.0})
    answers = answers_of(shipped.task, alone.estimate(run.metric, run.seed))
    decided = decide(alone, answers, run.metric, weight=shipped.weight, seed=run.seed)
    given = (
        decided.task.decide(answers) if decided.labels is None and shipped.task.is_classification else decided.labels
    )
    made = compare_predictions(shipped, answers, metric=run.metric.name, given=given, seed=run.seed, alone=True).main
    members = {t.id: t.learner for t in trials if t.id in found.blend.weights}
    readable_members = [m.is_readable for m in members.values() if m.family != "constant"]
    is_shipped = bool(readable_members) and all(readable_members)
    change = made.change
    loss = Interval(-change.value, -change.high, -change.low) if made.greater_is_better else change
    cost = GlassCost(
        trial=best.id,
        metric=made.name,
        title=made.title,
        shipped=made.first,
        glass=made.first if is_shipped else made.second,
        loss=Interval(0.0, 0.0, 0.0) if is_shipped else loss,
        test=made.test,
        n_rows=len(oof.rows),
        is_shipped=is_shipped,
    )
    return {"glass": cost.to_json()}
