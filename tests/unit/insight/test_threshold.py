import json

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, matthews_corrcoef

from modelwright.core.errors import DataError, SpecError
from modelwright.insight.predictions import Predictions, of_classes
from modelwright.insight.threshold import Threshold, read_costs, threshold

SCORES = {
    "f1": f1_score,
    "accuracy": accuracy_score,
    "balanced_accuracy": balanced_accuracy_score,
    "mcc": matthews_corrcoef,
}


def rows(n_rows: int, rng: np.random.Generator) -> Predictions:
    score = 1.5 * rng.normal(size=n_rows) - 1
    return of_classes(rng.random(n_rows) < 1 / (1 + np.exp(-score)), 1 / (1 + np.exp(-score)))


@pytest.mark.parametrize("by", SCORES)
def test_no_other_threshold_has_a_better_goal(by: str, rng: np.random.Generator) -> None:
    p = rows(150, rng)
    found = threshold(p, by=by)
    goals = [SCORES[by](p.truth, p.answers[:, 1] >= t) for t in found.thresholds]
    assert found.goals == pytest.approx(goals)
    assert found.goals[found.thresholds.index(found.chosen.value)] == max(found.goals)
    assert found.chosen.low <= found.chosen.value <= found.chosen.high
    assert found.usual == pytest.approx(SCORES[by](p.truth, p.answers[:, 1] >= 0.5))


def test_costs_move_the_threshold_to_where_honest_probabilities_say(rng: np.random.Generator) -> None:
    found = threshold(rows(20_000, rng), costs="fp=1, fn=4")
    assert found.chosen.value == pytest.approx(1 / 5, abs=0.05)
    assert found.chosen.low <= 1 / 5 <= found.chosen.high
    assert found.value.value < found.usual
    assert found.less_is_better


def test_the_value_is_not_flattered_by_having_been_chosen() -> None:
    rng = np.random.default_rng(3)
    naive, told, fresh = [], [], []
    for seed in range(60):
        p, new = rows(60, rng), rows(2000, rng)
        found = threshold(p, seed=seed)
        naive.append(max(found.goals))
        told.append(found.value.value)
        fresh.append(f1_score(new.truth, new.answers[:, 1] >= found.chosen.value))
    assert np.mean(naive) - np.mean(fresh) > 0.03
    assert abs(np.mean(told) - np.mean(fresh)) < 0.6 * (np.mean(naive) - np.mean(fresh))


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ("fp=1,fpr=2", "Did you mean 'fp'"),
        ("fp=1,fn=dear", "not a number"),
        ("fp=1", "must cost more"),
        ("", "outcome"),
    ],
)
def test_costs_that_make_no_sense_are_refused(costs: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        read_costs(costs)


def test_costs_are_read_from_a_text_or_a_mapping() -> None:
    assert read_costs("FP=1, fn=5,tp=-2") == {"tp": -2.0, "fp": 1.0, "fn": 5.0, "tn": 0.0}
    assert read_costs({"fp": 1, "fn": 2})["fn"] == 2.0


def test_what_cannot_have_a_threshold_is_refused(rng: np.random.Generator) -> None:
    with pytest.raises(SpecError, match="two classes"):
        threshold(of_classes([0, 1, 2], rng.dirichlet([1, 1, 1], 3)))
    with pytest.raises(SpecError, match="Did you mean 'accuracy'"):
        threshold(rows(20, rng), by="acuracy")
    with pytest.raises(DataError, match="one class"):
        threshold(of_classes([1, 1], [0.2, 0.3], classes=[0, 1]))


def test_it_comes_back_from_json_and_can_be_read(rng: np.random.Generator) -> None:
    found = threshold(rows(80, rng))
    again = Threshold.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False)))
    assert again.to_json() == found.to_json()
    assert "F1 at 0.5" in str(found)
    assert {len(c) for c in found.to_columns().values()} == {len(found.thresholds)}


def test_the_interval_of_the_value_stays_inside_its_bounds(rng: np.random.Generator) -> None:
    p = rows(60, rng)
    for by in SCORES:
        found = threshold(p, by=by).value
        assert (-1 if by == "mcc" else 0) <= found.low < found.value < found.high <= 1
    cost = threshold(p, costs="fp=1,fn=5").value
    assert 0 < cost.low < cost.value < cost.high
    paid = threshold(p, costs="fp=1,fn=1,tp=-9").value
    assert paid.low < paid.value < paid.high < 0
