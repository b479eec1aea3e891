import pytest

from modelwright.core.errors import SpecError
from modelwright.core.task import Task
from modelwright.metrics.choose import default_metric, metric_for, metrics_for

BINARY, MULTICLASS, REGRESSION = Task("binary", ("a", "b")), Task("multiclass", (1, 2, 3)), Task("regression")


@pytest.mark.parametrize(("task", "name"), [(BINARY, "roc_auc"), (MULTICLASS, "log_loss"), (REGRESSION, "rmse")])
def test_every_task_has_a_default(task: Task, name: str) -> None:
    assert default_metric(task).name == name
    assert metric_for("auto", task).name == name
    assert name in [m.name for m in metrics_for(task)]


def test_f1_means_the_mean_over_many_classes() -> None:
    assert metric_for("f1", BINARY).name == "f1"
    assert metric_for("f1", MULTICLASS).name == "f1_macro"


def test_a_metric_of_another_task_is_refused_with_those_that_fit() -> None:
    with pytest.raises(SpecError, match=r"'rmse' is for regression, count tasks, this one is binary.*roc_auc.*mcc"):
        metric_for("rmse", BINARY)
    with pytest.raises(SpecError, match=r"'f1' is for binary tasks, this one is regression.*rmse"):
        metric_for("f1", REGRESSION)


def test_a_misspelt_metric_gets_a_suggestion() -> None:
    with pytest.raises(SpecError, match=r"no metric 'roc_auk'. Did you mean 'roc_auc'"):
        metric_for("roc_auk", BINARY)


def test_each_task_has_its_metrics_only() -> None:
    assert [m.name for m in metrics_for(REGRESSION)] == ["rmse", "mae", "r2", "mape", "rmsle", "pinball"]
    assert "f1" not in [m.name for m in metrics_for(MULTICLASS)]
    assert all("binary" in m.tasks for m in metrics_for(BINARY))
