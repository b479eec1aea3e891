import json
import math

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, recall_score

from modelwright.core.errors import SpecError
from modelwright.insight.confusion import Confusion, confusion, confusion_of
from modelwright.insight.predictions import of_classes

TRUTH = ["no", "no", "yes", "yes", "no"]
SAID = [0.1, 0.6, 0.4, 0.9, 0.2]


def test_the_most_probable_class_is_given_unless_a_threshold_says_otherwise() -> None:
    assert confusion(of_classes(TRUTH, SAID)).cells == ((2.0, 1.0), (1.0, 1.0))
    low = confusion(of_classes(TRUTH, SAID), threshold=0.4)
    assert low.cells == ((2.0, 1.0), (0.0, 2.0))
    assert low.rates[1].recall.value == 1.0 and low.rates[1].recall.low < 1.0
    assert "'yes' from 0.4 on" in str(low)


def test_cells_and_rates_are_those_of_scikit_learn(rng: np.random.Generator) -> None:
    shares, truth = rng.dirichlet([1, 1, 1], 90), rng.integers(0, 3, 90)
    weight = rng.exponential(size=90)
    found = confusion(of_classes(truth, shares, weight))
    given = shares.argmax(axis=1)
    assert np.array(found.cells) == pytest.approx(confusion_matrix(truth, given, sample_weight=weight))
    expected = recall_score(truth, given, average=None, sample_weight=weight)
    assert [r.recall.value for r in found.rates] == pytest.approx(expected)


def test_costs_give_the_class_of_least_expected_cost() -> None:
    found = confusion(of_classes(TRUTH, SAID), costs=[[0, 1], [5, 0]])
    # 'yes' from 1 / (1 + 5) on
    assert found.cells == ((1.0, 2.0), (0.0, 2.0))
    assert found.cost == pytest.approx(2 / 5)


def test_rules_that_make_no_sense_are_refused(rng: np.random.Generator) -> None:
    two, three = of_classes(TRUTH, SAID), of_classes([0, 1, 2], rng.dirichlet([1, 1, 1], 3))
    with pytest.raises(SpecError, match="not both"):
        confusion(two, threshold=0.5, costs=[[0, 1], [1, 0]])
    with pytest.raises(SpecError, match="two classes"):
        confusion(three, threshold=0.5)
    with pytest.raises(SpecError, match="3 rows of 3"):
        confusion(three, costs=[[0, 1], [1, 0]])


def test_a_class_never_given_has_no_precision_and_it_comes_back_from_json() -> None:
    found = confusion(of_classes(["a", "b"], [0.1, 0.2]))
    assert math.isnan(found.rates[1].precision.value)
    again = Confusion.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False)))
    assert again.to_json() == found.to_json()
    assert found.to_columns()["weight"] == [1.0, 0.0, 1.0, 0.0]


def test_a_matrix_counted_elsewhere_says_the_same() -> None:
    truth, given = np.repeat([0, 1, 1, 0], [40, 25, 5, 10]), np.repeat([0, 1, 0, 1], [40, 25, 5, 10])
    found = confusion(of_classes(truth, np.eye(2)[given]))
    again = confusion_of(found.labels, found.cells, len(truth), rule=found.rule)
    assert again.rates == found.rates and again.cells == found.cells
    weighted = confusion_of(found.labels, found.cells, len(truth), rule=found.rule, weighted=True)
    assert weighted.rates[0].recall.value == found.rates[0].recall.value
    assert np.isnan(weighted.rates[0].recall.low)
