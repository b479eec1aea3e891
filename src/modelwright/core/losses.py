"""The loss of each row under a task's own measure: what learners stop by and trials are judged by."""

import numpy as np

from modelwright.core.table import Array
from modelwright.core.task import LARGEST_EXPONENT, Target


def row_losses(margins: Array, target: Target) -> Array:
    """Return the loss of each row, (n_rows,).

    Classes: the negative log-probability of the true one. Counts: the Poisson deviance. Quantiles: the mean pinball
    loss. Other numbers: the squared error.

    Args:
        margins: Shape (n_rows, n_margins).
        target: The answers of the rows.
    """
    name, truth = target.task.name, target.values
    if name == "regression":
        return np.square(margins[:, 0] - truth)
    if name == "count":
        return poisson_deviances(truth, margins[:, 0])
    if name == "quantile":
        return pinball_losses(truth, np.sort(margins, axis=1), target.task.quantiles).mean(axis=1)
    if name == "binary":
        return np.logaddexp(0.0, np.where(truth == 1, -margins[:, 0], margins[:, 0]))
    top = margins.max(axis=1)
    log_total = top + np.log(np.exp(margins - top[:, None]).sum(axis=1))
    return log_total - margins[np.arange(len(margins)), truth]


def poisson_deviances(truth: Array, logs: Array) -> Array:
    """Return the Poisson deviance of each row, zero where the count is met; `logs` are logarithms of the answers."""
    return 2.0 * (np.exp(np.minimum(logs, LARGEST_EXPONENT)) - truth * logs) + saturated(truth)


def saturated(truth: Array) -> Array:
    """Return what makes the Poisson deviance of a count that is met zero: ``2 (y log y - y)``."""
    return 2.0 * (truth * np.log(np.where(truth > 0, truth, 1.0)) - truth)


def pinball_losses(truth: Array, answers: Array, quantiles: tuple[float, ...]) -> Array:
    """Return the pinball loss of each quantile, (n_rows, n_quantiles)."""
    gap = truth[:, None] - answers
    levels = np.array(quantiles)
    return np.maximum(levels * gap, (levels - 1.0) * gap)
