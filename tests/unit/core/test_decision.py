"""Thresholds and costs: which label follows, and what a file may say of it."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.decision import Decision, is_decision
from modelwright.core.errors import FileRefusedError, SpecError
from modelwright.core.task import Task
from modelwright.modelfile.manifest import Manifest

MATRIX = ((0.0, 1.0, 9.0), (2.0, 0.0, 1.0), (1.0, 1.0, 0.0))


def test_the_likeliest_class_is_given_where_nothing_decides_otherwise() -> None:
    task = Task("multiclass", ("a", "b", "c"))
    assert task.decide(np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]])).tolist() == [1, 0]


def test_a_row_on_the_threshold_is_positive_and_one_below_is_not() -> None:
    task = Task("binary", ("no", "yes"), decision=Decision(0.25))
    positive = np.array([0.25, np.nextafter(0.25, 0), 0.9, 0.1])
    assert task.decide(np.column_stack([1 - positive, positive])).tolist() == [1, 0, 1, 0]
    assert task.decide(np.empty((0, 2))).tolist() == []


def test_costs_of_two_classes_become_a_threshold() -> None:
    assert Decision.of_costs([[0, 1], [5, 0]]).threshold == pytest.approx(1 / 6)
    assert Decision.of_costs([[1, 3], [5, 2]]).threshold == pytest.approx(2 / 5)
    with pytest.raises(SpecError, match="must cost more than being right"):
        Decision.of_costs([[2, 1], [5, 0]])


@given(st.floats(0, 1), st.floats(0.1, 100), st.floats(0.1, 100))
def test_the_threshold_has_the_least_expected_cost(positive: float, fp: float, fn: float) -> None:
    decision = Decision.of_costs([[0, fp], [fn, 0]])
    code = int(decision.codes(np.array([[1 - positive, positive]]))[0])
    expected = (positive * fn, (1 - positive) * fp)
    assert expected[code] <= min(expected) + 1e-9 * (fp + fn)


def test_of_many_classes_the_least_expected_cost_decides_and_of_equals_the_lower() -> None:
    decision = Decision.of_costs(MATRIX)
    shares = np.array([[0.6, 0.3, 0.1], [0.15, 0.05, 0.8], [0.0, 1.0, 0.0]])
    assert decision.codes(shares).tolist() == (shares @ np.array(MATRIX)).argmin(axis=1).tolist()
    equal = Decision.of_costs([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    assert equal.codes(np.array([[0.25, 0.5, 0.25], [0.25, 0.375, 0.375]])).tolist() == [1, 1]


@pytest.mark.parametrize("decision", [Decision(0.3, metric="f1"), Decision.of_costs([[0, 1], [5, 0]]), Decision(0.0)])
def test_the_label_is_one_with_the_least_against_it(decision: Decision, rng: np.random.Generator) -> None:
    shares = rng.dirichlet(np.ones(2), 200)
    codes, losses = decision.codes(shares), decision.losses(shares)
    assert (losses[np.arange(200), codes] == losses.min(axis=1)).all()


def test_a_task_keeps_its_decision_in_json_and_is_equal_without_it() -> None:
    task = Task("multiclass", ("a", "b", "c"), decision=Decision.of_costs(MATRIX))
    again = Task.from_json(json.loads(json.dumps(task.to_json())))
    assert again.decision == task.decision
    assert again == Task("multiclass", ("a", "b", "c"))
    assert "decision" not in Task("multiclass", ("a", "b", "c")).to_json()


def test_a_manifest_carries_the_decision() -> None:
    task = Task("binary", ("no", "yes"), decision=Decision(0.125, ((0.0, 1.0), (7.0, 0.0))))
    manifest = Manifest("0.1.0", task, "y", "f1")
    assert Manifest.from_json(json.loads(json.dumps(manifest.to_json()))).task.decision == task.decision


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 1.5, "costs": [], "metric": ""},
        {"threshold": None, "costs": [], "metric": ""},
        {"threshold": True, "costs": [], "metric": ""},
        {"threshold": 0.5, "costs": [[0, 1]], "metric": ""},
        {"threshold": 0.5, "costs": [[0, -1], [1, 0]], "metric": ""},
        {"threshold": 0.5, "costs": [[0, "x"], [1, 0]], "metric": ""},
        {"threshold": 0.5, "costs": [], "metric": 1},
        {"threshold": 0.5},
        [0.5],
        "half",
    ],
)
def test_a_file_with_an_impossible_decision_is_refused(wrong: object) -> None:
    assert not is_decision(wrong, 2)
    document = Manifest("0.1.0", Task("binary", ("no", "yes")), "y", "f1").to_json()
    document["task"]["decision"] = wrong
    with pytest.raises(FileRefusedError, match="decision"):
        Manifest.from_json(document)


def test_a_file_of_numbers_has_no_decision() -> None:
    document = Manifest("0.1.0", Task("regression"), "y", "rmse").to_json()
    document["task"]["decision"] = Decision(0.5).to_json()
    with pytest.raises(FileRefusedError, match="decision"):
        Manifest.from_json(document)
