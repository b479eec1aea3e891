import numpy as np
import pytest

from modelwright.core.losses import row_losses
from modelwright.core.task import Target, Task
from modelwright.metrics.choose import metric_for
from modelwright.search.numbers import logs_of, losses_of, medians_of

REGRESSION = Task("regression")
EVEN = Target(REGRESSION, np.linspace(0.0, 9.0, 50))
SKEWED = Target(REGRESSION, np.exp(np.linspace(0.0, 9.0, 50)))
BELOW_ZERO = Target(REGRESSION, np.linspace(-1.0, 9.0, 50))


@pytest.mark.parametrize(
    ("metric", "target", "logs"),
    [
        ("rmse", EVEN, "no"),
        ("rmse", SKEWED, "means"),
        ("mae", SKEWED, "medians"),
        ("rmsle", EVEN, "medians"),
        ("rmsle", BELOW_ZERO, "no"),
    ],
)
def test_logarithms_are_tried_where_amounts_are_skewed_or_asked_for(metric: str, target: Target, logs: str) -> None:
    assert logs_of(target, metric_for(metric, REGRESSION)) == logs


def test_medians_are_tried_where_absolute_errors_count() -> None:
    found = {name: medians_of(EVEN, metric_for(name, REGRESSION)) for name in ("rmse", "r2", "mae", "mape", "rmsle")}
    assert found == {"rmse": "no", "r2": "no", "mae": "values", "mape": "shares", "rmsle": "no"}
    counts = Target(Task("count"), np.arange(50.0))
    assert medians_of(counts, metric_for("mae", counts.task)) == "no"


def test_first_folds_are_compared_by_what_the_metric_counts() -> None:
    target = Target(REGRESSION, np.array([1.0, 2.0, 4.0]))
    margins = np.array([[2.0], [2.0], [1.0]])
    losses = {name: losses_of(metric_for(name, REGRESSION))(margins, target) for name in ("rmse", "mae", "mape", "r2")}
    assert losses["rmse"].tolist() == losses["r2"].tolist() == [1.0, 0.0, 9.0]
    assert losses["mae"].tolist() == [1.0, 0.0, 3.0]
    assert losses["mape"].tolist() == [1.0, 0.0, 0.75]


def test_classes_are_compared_by_log_loss_whatever_the_metric() -> None:
    target = Target(Task("binary", ("no", "yes")), np.array([0, 1, 1]))
    margins = np.array([[0.0], [2.0], [-1.0]])
    for name in ("accuracy", "roc_auc", "log_loss"):
        assert losses_of(metric_for(name, target.task)) is row_losses
        assert losses_of(metric_for(name, target.task))(margins, target)[2] > 1.0
