"""Regression in scikit-learn's grammar."""

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
from sklearn.base import RegressorMixin

from modelwright.core.table import Array, Column
from modelwright.estimators.answers import as_numbers, side_by_side
from modelwright.estimators.base import TableEstimator
from modelwright.estimators.rows import number_column


@final
class Regressor(RegressorMixin, TableEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Predicts numbers; takes the parameters of `TableEstimator`.

    Example:
        >>> from modelwright import Regressor
        >>> X, y = [[0.5 * i] for i in range(30)], [1.5 * i + 1 for i in range(30)]
        >>> model = Regressor(trials=1, random_state=0).fit(X, y)
        >>> model.predict([[4.0]]).shape
        (1,)
    """

    def predict(self, X: Any) -> Array:
        """Return the predicted value of each row.

        Returns:
            Values (n_rows,), of several targets (n_rows, n_targets).
        """
        table = self._table(X)
        return side_by_side([np.asarray(part.predict(table), dtype=np.float64) for part in self._parts()])

    def _tasks(self) -> Sequence[str]:
        return ["regression"] * self.n_outputs_

    def _y_numeric(self) -> bool:
        return True

    def _answers(self, y: Mapping[str, Array]) -> list[Column]:
        return [number_column(name, cells) for name, cells in zip(y, as_numbers(y), strict=True)]
