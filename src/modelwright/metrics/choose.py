"""Which metric to use for a task."""

from modelwright.core.catalog import load
from modelwright.core.errors import SpecError, listed
from modelwright.core.task import Task
from modelwright.metrics.base import Metric
from modelwright.metrics.catalog import DEFAULTS, METRICS, MULTICLASS_FORMS


def default_metric(task: Task) -> Metric:
    """Return the metric a fit aims at when none is asked for: see `DEFAULTS`."""
    metric = _made(_load(DEFAULTS[task.name]), task)
    assert metric is not None, "a default asks for nothing that a task may lack"
    return metric


def metric_for(name: str, task: Task) -> Metric:
    """Return a metric by name; "auto" is the default, and "f1" with many classes is "f1_macro".

    Raises:
        SpecError: There is no such metric, or it is not defined for the task.
    """
    if name == "auto":
        return default_metric(task)
    metric = _load(name)
    if task.name == "multiclass" and task.name not in metric.tasks and name in MULTICLASS_FORMS:
        metric = _load(MULTICLASS_FORMS[name])
    if task.name not in metric.tasks:
        fitting = listed((m.name for m in metrics_for(task)), 40)
        raise SpecError(
            f"Metric '{name}' is for {listed(metric.tasks)} tasks, this one is {task.name}. Use one of: {fitting}."
        )
    made = _made(metric, task)
    if made is None:
        raise SpecError(f"Metric '{name}' needs costs. Say what mistakes cost with: modelwright fit --cost fp=1,fn=5")
    return made


def metrics_for(task: Task) -> tuple[Metric, ...]:
    """Return every metric that the task has what it takes for, in the order of the catalog."""
    made = (_made(m, task) for m in map(_load, METRICS) if task.name in m.tasks)
    return tuple(metric for metric in made if metric is not None)


def _made(metric: Metric, task: Task) -> Metric | None:
    return metric if metric.of_task is None else metric.of_task(task)


def _load(name: str) -> Metric:
    metric: Metric = load(METRICS, name, "metric")
    return metric
