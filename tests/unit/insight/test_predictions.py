import numpy as np
import pytest

from modelwright.core.errors import DataError, SpecError
from modelwright.insight.predictions import of_classes, of_values


def test_one_score_is_of_the_second_class() -> None:
    found = of_classes(["no", "yes", "no"], [0.1, 0.8, 0.3])
    assert found.task.classes == ("no", "yes")
    assert found.truth.tolist() == [0, 1, 0]
    assert found.answers.tolist() == [[0.9, 0.1], [pytest.approx(0.2), 0.8], [0.7, 0.3]]
    assert found.weights.tolist() == [1, 1, 1]


def test_the_classes_given_say_the_order_and_may_not_all_occur() -> None:
    found = of_classes([True, True], [[0.2, 0.8], [0.4, 0.6]], classes=[False, True])
    assert (found.task.name, found.truth.tolist()) == ("binary", [1, 1])
    assert of_classes([1.0, 0.0], [0.5, 0.5]).task.classes == (0, 1)


@pytest.mark.parametrize(
    ("truth", "answers", "weight", "message"),
    [
        (["a", "b"], [0.5], None, "do not fit"),
        (["a", "a"], [0.5, 0.5], None, "Name all classes"),
        (["a", "b"], [0.5, np.nan], None, "Row 2 holds no finite number"),
        (["a", "b"], [0.5, 0.5], [1.0, -1.0], "Weights must be 2 finite"),
        (["a", "b"], [0.5, 0.5], [0.0, 0.0], "not all zero"),
    ],
)
def test_arrays_that_make_no_sense_are_refused(truth: list, answers: list, weight: list | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        of_classes(truth, answers, weight)


def test_a_class_that_is_not_among_those_given_is_named() -> None:
    with pytest.raises(DataError, match="Row 2 holds the class 'c'"):
        of_classes(["a", "c"], [0.5, 0.5], classes=["a", "b"])


def test_numbers_are_no_classes_and_classes_no_numbers() -> None:
    with pytest.raises(SpecError, match="Look at residuals"):
        of_values([1.0], [2.0]).need_classes("A ROC curve")
    with pytest.raises(SpecError, match="Look at the confusion"):
        of_classes([0, 1], [0.5, 0.5]).need_numbers("A residual")
    with pytest.raises(DataError, match="do not fit"):
        of_values([1.0, 2.0], [2.0])
