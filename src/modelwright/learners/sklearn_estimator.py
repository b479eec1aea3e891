"""An estimator of scikit-learn, by name and with its own settings, where what it learned can be written exactly.

Its fitted attributes become operators here (`sklearn_parts`); no converter of others is used. What it answers itself is
what the file is proven against.
"""

import importlib
import inspect
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError, SpecError, listed, nearest
from modelwright.core.task import OF_CLASSES, TaskName
from modelwright.learners.answers import Standard, require_learnable, weights
from modelwright.learners.base import Fitted, Learner, Rows, ViewName

NUMBERS: tuple[TaskName, ...] = ("regression",)
COUNTS: tuple[TaskName, ...] = ("count",)

Known = tuple[str, ViewName, tuple[TaskName, ...]]
"""Function of `sklearn_parts` that writes it, view, tasks."""


def _several(module: str, names: str, part: str, *known: Any) -> dict[str, Known]:
    """Return what is known, which is the view and the tasks, for several estimators of one module."""
    view, tasks = known
    return {f"sklearn.{module}:{name}": (part, view, tasks) for name in names.split()}


KNOWN: Mapping[str, Known] = {
    **_several("linear_model", "LogisticRegression LogisticRegressionCV SGDClassifier", "linear", "linear", OF_CLASSES),
    **_several("discriminant_analysis", "LinearDiscriminantAnalysis", "linear", "linear", OF_CLASSES),
    **_several(
        "linear_model",
        "LinearRegression Ridge RidgeCV Lasso LassoCV ElasticNet ElasticNetCV BayesianRidge ARDRegression"
        " HuberRegressor OrthogonalMatchingPursuit SGDRegressor TheilSenRegressor",
        "linear",
        "linear",
        NUMBERS,
    ),
    **_several("linear_model", "PoissonRegressor", "linear", "linear", COUNTS),
    **_several("svm", "LinearSVR", "linear", "linear", NUMBERS),
    **_several("tree", "DecisionTreeClassifier ExtraTreeClassifier", "trees", "tree", OF_CLASSES),
    **_several("tree", "DecisionTreeRegressor ExtraTreeRegressor", "trees", "tree", NUMBERS),
    **_several("ensemble", "RandomForestClassifier ExtraTreesClassifier", "trees", "tree", OF_CLASSES),
    **_several("ensemble", "RandomForestRegressor ExtraTreesRegressor", "trees", "tree", NUMBERS),
    **_several("ensemble", "GradientBoostingClassifier", "boosting", "linear", OF_CLASSES),
    **_several("ensemble", "GradientBoostingRegressor", "boosting", "linear", NUMBERS),
    **_several("ensemble", "HistGradientBoostingClassifier", "histogram", "tree", OF_CLASSES),
    **_several("ensemble", "HistGradientBoostingRegressor", "histogram", "tree", (*NUMBERS, *COUNTS)),
    **_several("neural_network", "MLPClassifier", "perceptron", "linear", OF_CLASSES),
    **_several("neural_network", "MLPRegressor", "perceptron", "linear", NUMBERS),
    **_several("naive_bayes", "GaussianNB", "bayes", "linear", OF_CLASSES),
}
"""The estimators whose fitted attributes we can write; nothing else of scikit-learn is imported by name."""

REFUSED: Mapping[str, str] = {
    **dict.fromkeys(
        ("KNeighborsClassifier", "KNeighborsRegressor", "RadiusNeighborsClassifier", "RadiusNeighborsRegressor"),
        "it keeps every row it learned from, so the file would hold your data and grow with it",
    ),
    **dict.fromkeys(
        ("GaussianProcessClassifier", "GaussianProcessRegressor"),
        "it keeps every row it learned from, so the file would hold your data and grow with it",
    ),
    **dict.fromkeys(("SVC", "SVR", "NuSVC", "NuSVR"), "take 'svm' of modelwright instead"),
}
"""Why some that many would ask for are not among them."""

CHECKED = 200
"""Training rows on which the answer is compared with the estimator's own."""

AGREES = 1e-5
"""Largest difference of a probability there, or relative one of a number: shares are kept a millionth from 0 and 1."""


@final
@dataclass(frozen=True, slots=True)
class Estimator(Learner):
    """One of the `KNOWN` estimators.

    It sees the features of the view, which are scaled in the view "linear", and the answers as they are; only for a
    perceptron are answers brought to mean 0 and spread 1, without which it diverges.

    Attributes:
        path: Import path, such as "sklearn.linear_model:Ridge".
        settings: Its parameters as pairs, the rest as scikit-learn has them.
    """

    path: str = "sklearn.linear_model:LogisticRegression"
    settings: tuple[tuple[str, Any], ...] = ()

    family: ClassVar[str] = "sklearn"

    def __post_init__(self) -> None:
        """Refuse what cannot be written.

        Raises:
            SpecError: The estimator is not among the known.
        """
        if self.path not in KNOWN:
            raise SpecError(_refusal(self.path))

    @property
    def view(self) -> ViewName:
        """The view "tree" where missing values are understood, else "linear"."""
        return KNOWN[self.path][1]

    @property
    def tasks(self) -> tuple[TaskName, ...]:  # type: ignore[override]  # the estimator decides, not the class
        """The tasks that the estimator can learn."""
        return KNOWN[self.path][2]

    def check(self) -> None:
        """Look at the settings before anything is learned.

        Raises:
            SpecError: The estimator has no such parameter.
        """
        known = inspect.signature(self._kind).parameters
        for name, _ in self.settings:
            if name not in known:
                raise SpecError(
                    f"{self._name} has no parameter '{name}'.{nearest(name, known)} It has {listed(known)}."
                )

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> Fitted:  # noqa: ARG002  # scikit-learn looks at neither
        """Fit the estimator as it is.

        Raises:
            DataError: There is nothing to learn from, the estimator refuses the rows, or what it learned in this way
                cannot be written.
        """
        from sklearn.utils.validation import has_fit_parameter  # loaded when fitting begins
        from threadpoolctl import threadpool_limits

        from modelwright.learners import sklearn_parts

        require_learnable(train, self._name)
        made = self._made(seed)
        part = KNOWN[self.path][0]
        standard = sklearn_parts.standard_of(part, train.target)
        options = {}
        if train.target.weight is not None:
            if not has_fit_parameter(made, "sample_weight"):
                raise DataError(f"{self._name} knows no weights of rows. Leave out the weight column or this learner.")
            options["sample_weight"] = weights(train.target)
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore")  # that it has not converged shows in its score
            try:
                made.fit(train.features, standard.apply(train.target), **options)
            except ValueError as error:
                raise DataError(f"{self._name} refuses these rows or settings: {error}") from error
        fitted = sklearn_parts.written(part, made, train.target, standard)
        self._compare(made, fitted, train, standard)
        return fitted

    def _made(self, seed: int) -> Any:
        settings = dict(self.settings)
        if "random_state" in inspect.signature(self._kind).parameters:
            settings.setdefault("random_state", seed)
        return self._kind(**settings)

    def _compare(self, made: Any, fitted: Fitted, train: Rows, standard: Standard) -> None:
        """Hold the margins against its own answers: some settings change what an estimator means by its scores."""
        target, features = train.target, train.features[:CHECKED]
        if not target.task.is_classification:
            own = made.predict(features) * standard.spread + standard.centre
            gap = np.abs(target.task.answers(fitted.margins(features)) - own) / np.maximum(np.abs(own), own.std())
            if not np.nanmax(gap, initial=0.0) <= AGREES:
                raise DataError(f"What {self._name} learned with these settings is not understood here; take others.")
            return
        if len(np.unique(target.values)) < len(target.task.classes):
            return
        if not hasattr(made, "predict_proba"):
            raise DataError(f"{self._name} gives no probabilities with these settings, so it cannot be mixed.")
        own = made.predict_proba(features)
        if not np.abs(target.task.probabilities(fitted.margins(features)) - own).max() <= AGREES:
            raise DataError(
                f"{self._name} makes its probabilities in a way that is not known here with these settings and"
                f" {len(target.task.classes)} classes (one class against the rest, for one). Take other settings."
            )

    @property
    def _kind(self) -> Any:
        module, _, name = self.path.partition(":")
        return getattr(importlib.import_module(module), name)

    @property
    def _name(self) -> str:
        return self.path.partition(":")[2]


def _refusal(path: str) -> str:
    name = path.rpartition(":")[2]
    names = [known.rpartition(":")[2] for known in KNOWN]
    why = f": {REFUSED[name]}" if name in REFUSED else ", as nothing is known of how to write it"
    full = {known.rpartition(":")[2]: known for known in KNOWN}
    meant = f" Did you mean '{full[name]}'?" if name in full else nearest(name, names)
    return (
        f"The estimator '{path}' cannot be put into a model file{why}.{meant} Known: {listed(names, 60)}."
        " Or write a class of your own that implements modelwright.learners.base.Learner."
    )
