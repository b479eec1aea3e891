"""Limits that scores must keep."""

import math

import pytest

from modelwright.core.errors import GateError, SpecError
from modelwright.core.task import Task
from modelwright.insight.evaluation import Evaluation, Measure
from modelwright.insight.gate import Limit, check_limits, parse_limit

FOUND = Evaluation(
    task=Task("binary", ("no", "yes")),
    source="test",
    n_rows=300,
    metric="roc_auc",
    metrics=(
        Measure("roc_auc", "ROC AUC", 0.82, 0.78, 0.86, greater_is_better=True),
        Measure("log_loss", "Log loss", 0.40, 0.36, 0.44, greater_is_better=False),
        Measure("f1", "F1", math.nan, math.nan, math.nan, greater_is_better=True),
    ),
)


@pytest.mark.parametrize(
    ("limit", "by"),
    [
        (Limit("roc_auc", 0.78, is_least=True), "bound"),
        (Limit("roc_auc", 0.82, is_least=True), "value"),
        (Limit("log_loss", 0.44, is_least=False), "bound"),
        (Limit("log_loss", 0.40, is_least=False), "value"),
    ],
)
def test_the_limit_itself_is_good_enough(limit: Limit, by: str) -> None:
    check_limits(FOUND, [limit], by)  # type: ignore[arg-type]


def test_the_end_of_the_interval_must_keep_the_limit_unless_the_value_is_asked() -> None:
    limit = Limit("roc_auc", 0.80, is_least=True)
    with pytest.raises(GateError, match=r"roc_auc ≥ 0\.8 was asked, and the lower end of its interval, 0\.7800"):
        check_limits(FOUND, [limit])
    check_limits(FOUND, [limit], "value")
    with pytest.raises(GateError, match=r"log_loss ≤ 0\.42 was asked, and the upper end of its interval, 0\.4400"):
        check_limits(FOUND, [Limit("log_loss", 0.42, is_least=False)])


def test_every_limit_that_is_not_kept_is_told() -> None:
    limits = [Limit("roc_auc", 0.9, is_least=True), Limit("log_loss", 0.1, is_least=False)]
    with pytest.raises(GateError, match=r"300 rows: roc_auc .*; log_loss ") as told:
        check_limits(FOUND, limits, "value")
    assert told.value.exit_code == 4


def test_what_is_undefined_keeps_no_limit() -> None:
    with pytest.raises(GateError, match="f1"):
        check_limits(FOUND, [Limit("f1", 0.0, is_least=True)])


def test_a_limit_on_the_wrong_side_is_a_mistake_and_no_failure() -> None:
    with pytest.raises(SpecError, match="at most"):
        check_limits(FOUND, [Limit("log_loss", 0.1, is_least=True)])
    with pytest.raises(SpecError, match="at least"):
        check_limits(FOUND, [Limit("roc_auc", 0.1, is_least=False)])


@pytest.mark.parametrize("text", ["roc_auc", "roc_auc=", "=0.8", "roc_auc=good", "roc_auc=nan", "roc_auc=inf"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="METRIC=LIMIT"):
        parse_limit(text, is_least=True)


def test_a_limit_is_read() -> None:
    assert parse_limit("rmse=3.5", is_least=False) == Limit("rmse", 3.5, is_least=False)
