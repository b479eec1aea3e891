"""The glass box of a race beside what ships: what it would cost to ship that instead."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from modelwright.insight.compare import compare_predictions
from modelwright.insight.glass_cost import GlassCost
from modelwright.insight.predictions import Predictions
from modelwright.metrics.bootstrap import Interval
from modelwright.search.blend import answers_of, blend
from modelwright.search.decide import decide
from modelwright.search.mixture import Found
from modelwright.search.run import Run
from modelwright.search.trials import Trial, out_of_fold

LEAST_SECONDS = 1.0
"""Seconds that must be left for the comparison to be made: writing and proving the file come after it."""


def glass_document(run: Run, trials: Sequence[Trial], found: Found, shipped: Predictions) -> dict[str, Any]:
    """Return the document on the best glass box that finished all folds; none where there is none.

    Args:
        run: The run.
        trials: All trials.
        found: What ships.
        shipped: Its out-of-fold answers.
    """
    readable = [t for t in trials if t.learner.is_readable and t.state == "done"]
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
