"""What scikit-learn asks of every estimator, without a single exception."""

from collections.abc import Callable
from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from modelwright import Classifier, Regressor


def no_exceptions(_: object) -> dict[str, str]:
    """Return the checks that may fail: none."""
    return {}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([Classifier(trials=1), Regressor(trials=1)], expected_failed_checks=no_exceptions)
def test_scikit_learn_finds_nothing(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)
