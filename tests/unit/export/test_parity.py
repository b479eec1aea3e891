"""The proof of parity: what passes, what is refused, and what the message says."""

import numpy as np
import pytest

from modelwright.core.decision import Decision
from modelwright.core.errors import GateError
from modelwright.core.task import Task
from modelwright.export.parity import TOLERANCE, prove, prove_labels

BINARY = Task("binary", ("no", "yes"))
NUMBER = Task("regression")


def both(positive: list[float]) -> np.ndarray:
    return np.column_stack([1 - np.array(positive), positive])


def test_equal_answers_pass_with_their_difference_noted() -> None:
    parity = prove(BINARY, both([0.2, 0.7]), both([0.2, 0.7 + 1e-9]), n_hostile=1)
    assert parity.n_rows == 2
    assert parity.n_hostile == 1
    assert parity.largest_difference == pytest.approx(1e-9, rel=1e-3)


def test_a_probability_off_by_more_than_the_tolerance_is_refused_with_its_row() -> None:
    with pytest.raises(GateError, match="training row 1 differs"):
        prove(BINARY, both([0.2, 0.7]), both([0.2, 0.7 + 2 * TOLERANCE]), n_hostile=1)


def test_a_hostile_row_is_called_one() -> None:
    with pytest.raises(GateError, match="hostile row 0"):
        prove(BINARY, both([0.2, 0.7]), both([0.3, 0.7]), n_hostile=1)


def test_a_missing_answer_is_wrong() -> None:
    with pytest.raises(GateError, match="differs by inf"):
        prove(NUMBER, np.array([1.0, 2.0]), np.array([1.0, np.nan]), n_hostile=0)


def test_numbers_are_compared_relative_to_their_size_and_spread() -> None:
    expected = np.array([1e9, 2e9, 0.0])
    assert prove(NUMBER, expected, expected + np.array([100.0, 100.0, 100.0]), n_hostile=0).largest_difference < 2e-7
    with pytest.raises(GateError):
        prove(NUMBER, np.array([1e-9, 2e-9]), np.array([1e-9, 2.1e-9]), n_hostile=0)


def test_a_tie_may_fall_either_way_and_nothing_else_may() -> None:
    prove_labels(BINARY, both([0.5 - 1e-8]), np.array(["yes"], dtype=object))
    with pytest.raises(GateError, match="another label"):
        prove_labels(BINARY, both([0.5 - 1e-5]), np.array(["yes"], dtype=object))
    four = Task("multiclass", tuple("abcd"))
    expected = np.array([[0.4, 0.3999999, 0.1, 0.1000001]])
    prove_labels(four, expected, np.array(["b"], dtype=object))
    with pytest.raises(GateError, match="row 1"):
        prove_labels(four, expected[[0, 0]], np.array(["a", "c"], dtype=object))


def test_labels_are_proven_by_the_decision_of_the_task() -> None:
    early = Task("binary", ("no", "yes"), decision=Decision(0.2))
    prove_labels(early, both([0.3, 0.2 + 1e-7, 0.1]), np.array(["yes", "no", "no"], dtype=object))
    with pytest.raises(GateError, match="row 0"):
        prove_labels(early, both([0.3, 0.1]), np.array(["no", "no"], dtype=object))
    dear = Task("multiclass", ("a", "b", "c"), decision=Decision.of_costs([[0, 1, 1], [1, 0, 1], [99, 1, 0]]))
    shares = np.array([[0.9, 0.04, 0.06]])
    prove_labels(dear, shares, np.array(["c"], dtype=object))
    for label in ("a", "nothing"):
        with pytest.raises(GateError):
            prove_labels(dear, shares, np.array([label], dtype=object))
