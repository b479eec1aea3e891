"""Classification in scikit-learn's grammar."""

from typing import Any, final

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from modelwright.core.table import Array, Column
from modelwright.estimators.base import TableEstimator
from modelwright.estimators.rows import class_column


@final
class Classifier(ClassifierMixin, TableEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Predicts classes and their probabilities; takes the parameters of `TableEstimator`.

    Attributes:
        classes_: The labels, sorted; the order of the columns of `predict_proba`.

    Example:
        >>> from modelwright import Classifier
        >>> X, y = [[0.1], [0.4], [0.3], [2.1], [2.5], [2.2]] * 3, ["low", "low", "low", "high", "high", "high"] * 3
        >>> str(Classifier(trials=1, random_state=0).fit(X, y).predict([[2.4]])[0])
        'high'
    """

    def predict(self, X: Any) -> Array:
        """Return the label of each row, shape (n_rows,): the most probable, or by the threshold of the metric."""
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[self.model_.task.decide(probabilities)])

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, shape (n_rows, n_classes), in the order of `classes_`."""
        table = self._table(X)
        return np.asarray(self.model_.predict_proba(table), dtype=np.float64)

    def _task(self) -> str:
        return "binary" if len(self.classes_) == 2 else "multiclass"

    def _y_numeric(self) -> bool:
        return False

    def _answers(self, y: Array, name: str) -> Column:
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"Classifier can't train when only one class is present: {self.classes_[0]!r}.")
        return class_column(name, self.classes_, codes)
