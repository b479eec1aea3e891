"""Regression in scikit-learn's grammar."""

from typing import Any, final

import numpy as np
from sklearn.base import RegressorMixin

from modelwright.core.table import Array, Column
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
        """Return the predicted value of each row, shape (n_rows,)."""
        table = self._table(X)
        return np.asarray(self.model_.predict(table), dtype=np.float64)

    def _task(self) -> str:
        return "regression"

    def _y_numeric(self) -> bool:
        return True

    def _answers(self, y: Array, name: str) -> Column:
        return number_column(name, np.asarray(y, dtype=np.float64))
