"""An evaluation that has no time makes do with the resamples it has, and says so."""

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.task import Task
from modelwright.insight.evaluate import judge
from modelwright.insight.evaluation import Evaluation
from modelwright.insight.predictions import Predictions

TASK = Task("binary", ("no", "yes"))


def answered(n_rows: int) -> Predictions:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, n_rows)
    yes = np.clip(0.3 + 0.4 * truth + rng.normal(0, 0.2, n_rows), 0.01, 0.99)
    return Predictions(TASK, truth, np.column_stack([1 - yes, yes]), metric="roc_auc")


def hurried(found: Evaluation) -> list[str]:
    return [note for note in found.notes if "resamples only" in note]


def test_resampling_ends_at_the_deadline_with_what_there_is() -> None:
    found = judge(answered(20_000), source="out-of-fold", deadline=Deadline(-1.0, lambda: 0.0))
    (note,) = hurried(found)
    assert 30 <= int(note.split()[3]) < 100
    assert found.main.low < found.main.value < found.main.high


def test_a_deadline_that_is_kept_changes_nothing() -> None:
    without = judge(answered(3_000), source="out-of-fold")
    with_time = judge(answered(3_000), source="out-of-fold", deadline=Deadline(1.0, lambda: 0.0))
    assert not hurried(without)
    assert with_time == without


def test_few_rows_are_resampled_in_full_however_late() -> None:
    late = judge(answered(400), source="out-of-fold", deadline=Deadline(-1.0, lambda: 0.0))
    assert late == judge(answered(400), source="out-of-fold")
