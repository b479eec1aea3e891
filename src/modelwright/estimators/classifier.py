"""Classification in scikit-learn's grammar."""

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from modelwright.core.table import Array, Column
from modelwright.estimators.answers import share_all_right, side_by_side
from modelwright.estimators.base import TableEstimator
from modelwright.estimators.rows import class_column


@final
class Classifier(ClassifierMixin, TableEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Predicts classes and their probabilities; takes the parameters of `TableEstimator`.

    With several columns of `y` (multilabel, or several classifications at once) attributes and answers take the form
    that they have in scikit-learn's forests and `MultiOutputClassifier`.

    Attributes:
        classes_: The labels, sorted; the order of the columns of `predict_proba`. Of several targets a list.

    Example:
        >>> from modelwright import Classifier
        >>> X, y = [[0.1], [0.4], [0.3], [2.1], [2.5], [2.2]] * 3, ["low", "low", "low", "high", "high", "high"] * 3
        >>> str(Classifier(trials=1, random_state=0).fit(X, y).predict([[2.4]])[0])
        'high'
    """

    def predict(self, X: Any) -> Array:
        """Return the label of each row: the most probable, or by the threshold of the metric.

        Returns:
            Labels (n_rows,), of several targets (n_rows, n_targets).
        """
        probabilities = self._probabilities(X)
        found = zip(self._parts(), self._labels(), probabilities, strict=True)
        return side_by_side([np.asarray(classes[part.task.decide(shares)]) for part, classes, shares in found])

    def predict_proba(self, X: Any) -> Array | list[Array]:
        """Return the probability of each class in the order of `classes_`.

        Returns:
            Probabilities (n_rows, n_classes), of several targets a list of such.
        """
        probabilities = self._probabilities(X)
        return probabilities[0] if self.n_outputs_ == 1 else probabilities

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of rows whose label is right; of several targets, of those all of whose labels are.

        Args:
            X: Rows.
            y: Their true labels.
            sample_weight: Weight of each row, or None.
        """
        if getattr(self, "n_outputs_", 1) == 1:
            return float(super().score(X, y, sample_weight=sample_weight))
        return share_all_right(y, self.predict(X), sample_weight)

    def _probabilities(self, X: Any) -> list[Array]:
        table = self._table(X)
        return [np.asarray(part.predict_proba(table), dtype=np.float64) for part in self._parts()]

    def _labels(self) -> Sequence[Array]:
        """Return the labels of every target."""
        return self.classes_ if isinstance(self.classes_, list) else [self.classes_]

    def _tasks(self) -> Sequence[str]:
        return ["binary" if len(classes) == 2 else "multiclass" for classes in self._labels()]

    def _y_numeric(self) -> bool:
        return False

    def _answers(self, y: Mapping[str, Array]) -> list[Column]:
        labels, columns = [], []
        for name, cells in y.items():
            check_classification_targets(cells)
            classes, codes = np.unique(cells, return_inverse=True)
            if len(classes) < 2:
                told = f" in column '{name}' of y" if len(y) > 1 else ""
                raise ValueError(f"Classifier can't train when only one class is present{told}: {classes[0]!r}.")
            labels.append(classes)
            columns.append(class_column(name, classes, codes))
        self.classes_ = labels if len(labels) > 1 else labels[0]
        return columns

    def __sklearn_tags__(self) -> Any:
        """Say what X and y may hold."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
