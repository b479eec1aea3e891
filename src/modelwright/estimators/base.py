"""What `Classifier` and `Regressor` share: scikit-learn's rules on one side, a fit and its model on the other."""

import html
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, estimator_html_repr
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import (
    _check_sample_weight,
    _num_samples,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from modelwright.core.destination import check_writable, kept
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Array, Column, Table
from modelwright.data import read
from modelwright.estimators.answers import answers_of, checked_answers
from modelwright.estimators.rows import (
    array_table,
    fitting_table,
    frame_table,
    is_frame,
    merge_equal_rows,
    number_column,
    unused_name,
    unused_names,
)
from modelwright.insight.evaluation import Evaluation
from modelwright.model.joint import JointModel
from modelwright.model.model import Model
from modelwright.progress.lines import Lines
from modelwright.search.fit import fit_table
from modelwright.search.fit_targets import fit_targets
from modelwright.search.watch import Watch


class TableEstimator(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn is untyped
    """Fits a model within a budget and predicts with it.

    Args:
        budget: Wall-clock time of one fit, such as "90s" or "5m", or a `Budget`.
        metric: Name of the metric to optimise; "auto" is ROC AUC, log loss or RMSE, by the task.
        trials: Number of configurations to try instead of a time; the same data and `random_state` then give the same
            model. Small numbers make small fits fast. Several columns of `y` share them, as they share the time.
        random_state: Seed, generator or None, as everywhere in scikit-learn.
        n_jobs: Worker processes; None means one per usable core, -1 too.
        verbose: 1 writes a line per phase to stderr, 2 one per configuration.

    Attributes:
        model_: The fitted `Model`, the same as its file; of several columns of `y` a `JointModel`.
        n_outputs_: Number of columns of `y`.
        n_iter_: Number of configurations that were tried.
    """

    # A path is no property of the rows, so it takes no part in metadata routing.
    __metadata_request__fit = {"path": UNUSED}  # noqa: RUF012  # the form scikit-learn reads

    def __init__(
        self,
        *,
        budget: Budget | str | float = "60s",
        metric: str = "auto",
        trials: int | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.budget = budget
        self.metric = metric
        self.trials = trials
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        *,
        path: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Learn to predict `y` from `X`.

        Args:
            X: Frame or array (n_rows, n_features); numbers, texts, dates, with or without missing values.
            y: Answers (n_rows,), or of several targets (n_rows, n_targets); a frame's names are then those in the file.
            sample_weight: Weight of each row, not negative; rows with weight 0 are left out.
            groups: Group of each row; a group is never split between training and validation.
            path: Where to write the model file too; nothing is written without it.
        """
        place = None if path is None else check_writable(path)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        X, y = self._checked(X, y)
        weight = None if sample_weight is None else _weights(sample_weight, X)
        rows = np.arange(_num_samples(X)) if weight is None else np.flatnonzero(weight)
        self._by_name = is_frame(X)
        features = frame_table(X) if self._by_name else array_table(X)
        self._names = names = features.names
        features = features.take(rows)
        free = unused_names(tuple(y), names)
        answers = self._answers({name: cells[rows] for name, cells in zip(free, y.values(), strict=True)})
        columns = [*features.columns, *answers]
        grouped = None
        if groups is not None:
            check_consistent_length(X, groups)
            numbers = np.unique(np.asarray(groups), return_inverse=True)[1]
            grouped = number_column(unused_name("groups", [c.name for c in columns]), numbers.reshape(-1)[rows])
            columns.append(grouped)
        table, weight = merge_equal_rows(Table(tuple(columns), len(rows)), None if weight is None else weight[rows])
        self.n_outputs_ = len(answers)
        spec = FitSpec(metric=self.metric, groups=None if grouped is None else grouped.name)
        asked = {column.name: replace(spec, task=task) for column, task in zip(answers, self._tasks(), strict=True)}
        self.model_ = self._fit_table(table, weight, asked, seed=seed)
        self.n_iter_ = sum(max(1, len(part.leaderboard or ())) for part in self._parts())
        if place is not None:
            kept(place, self.model_.save)
        return self

    def _fit_table(
        self, table: Table, weight: Array | None, asked: Mapping[str, FitSpec], *, seed: int
    ) -> Model | JointModel:
        budget = _limits(self.budget, self.trials, self.n_jobs)
        if weight is not None:
            weights = number_column(unused_name("weight", table.names), weight)
            table = Table((*table.columns, weights), table.n_rows)
            asked = {target: replace(spec, weight=weights.name) for target, spec in asked.items()}
        seconds = None if budget.trials else budget.seconds
        listeners = (Lines(sys.stderr, budget=seconds, verbose=self.verbose > 1),) if self.verbose else ()
        watch = Watch(listeners)
        if len(asked) > 1:
            return JointModel.open(fit_targets(table, list(asked), budget, asked, seed=seed, watch=watch))
        target, spec = next(iter(asked.items()))
        return Model.open(fit_table(table, target, budget, spec, seed=seed, watch=watch))

    def _parts(self) -> tuple[Model, ...]:
        """Return the model of every target."""
        return self.model_.models if isinstance(self.model_, JointModel) else (self.model_,)

    def _checked(self, X: Any, y: Any) -> tuple[Any, dict[str, Array]]:
        """Return X and the columns of y by name after scikit-learn's own checks, with its wording."""
        several = answers_of(y)
        if not is_frame(X):
            how = {"dtype": None, "ensure_all_finite": "allow-nan", "ensure_min_samples": 2}
            if several is None:
                X, y = validate_data(self, X, y, **how, y_numeric=self._y_numeric())
            else:
                X = validate_data(self, X, **how)
        elif several is None:
            X, y = validate_data(self, X, y, skip_check_array=True)
        else:
            validate_data(self, X, skip_check_array=True)
        found = {"target": checked_answers(y)} if several is None else several
        n_rows = len(next(iter(found.values())))
        check_consistent_length(X, np.empty(n_rows))
        if n_rows < 2:
            raise ValueError(f"Found array with {n_rows} sample(s) while a minimum of 2 is required.")
        return X, found

    def _table(self, X: Any) -> Table:
        """Return rows to predict as the model takes them: by name where the fit knew names, else by position."""
        check_is_fitted(self)
        if is_frame(X):
            validate_data(self, X, skip_check_array=True, reset=False)
            if self._by_name:
                return read(X, schema=self.model_.schema)
            X = np.column_stack([np.asarray(X[name]) for name in X.columns])
        else:
            X = validate_data(self, X, reset=False, dtype=None, ensure_all_finite="allow-nan")
        return fitting_table(X, self._names, self.model_.schema)

    @abstractmethod
    def _tasks(self) -> Sequence[str]:
        """Return the task of every target, as `FitSpec` names it."""

    @abstractmethod
    def _y_numeric(self) -> bool:
        """Return whether answers must be numbers."""

    @abstractmethod
    def _answers(self, y: Mapping[str, Array]) -> list[Column]:
        """Return the answers by name as columns, remembering what predictions must be turned back into."""

    def __sklearn_tags__(self) -> Any:
        """Say what X and y may hold."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        # A time budget ends at another trial each time; a number of trials does not.
        tags.non_deterministic = self.trials is None and getattr(self.budget, "trials", None) is None
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Return the state with the model as the bytes of its file."""
        state = dict(super().__getstate__())
        if "model_" in state:
            state["model_"] = state["model_"].to_bytes()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the state, opening the model (and so auditing it)."""
        if "model_" in state:
            opened = JointModel.open if state.get("n_outputs_", 1) > 1 else Model.open
            state = state | {"model_": opened(state["model_"])}
        super().__setstate__(state)

    def _repr_html_inner(self) -> str:
        return self._told() + str(estimator_html_repr(self))

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:  # IPython hands over what to include
        bundle: dict[str, str] = super()._repr_mimebundle_(**options)
        if "text/html" in bundle:
            bundle["text/html"] = self._repr_html_inner()
        return bundle

    def _told(self) -> str:
        """Return the score of the fit as a line of HTML, of several targets one each; an empty text before it."""
        if not hasattr(self, "model_"):
            return ""
        lines = []
        for part in self._parts():
            if part.evaluation is not None:
                found = Evaluation.from_json(part.evaluation)
                of = f"{part.manifest.target}: " if self.n_outputs_ > 1 else ""
                lines.append(f"<p>{html.escape(f'{of}{found.main}, out of fold on {found.n_rows:,} rows')}</p>")
        return "".join(lines)


def _limits(budget: Budget | str | float, trials: int | None, n_jobs: int | None) -> Budget:
    """Return what a fit may cost; `trials` and `n_jobs` count where a `Budget` says nothing of them."""
    if not isinstance(budget, Budget):
        return replace(Budget.parse(budget, trials), workers=_workers(n_jobs))
    return replace(
        budget, trials=trials if budget.trials is None else budget.trials, workers=budget.workers or _workers(n_jobs)
    )


def _workers(n_jobs: int | None) -> int | None:
    """Return a number of processes from scikit-learn's n_jobs, where -1 is every core and -2 all but one."""
    if n_jobs is None or n_jobs > 0:
        return n_jobs
    if n_jobs == 0:
        raise ValueError("n_jobs == 0 has no meaning")
    return max(1, (os.cpu_count() or 1) + 1 + n_jobs)


def _weights(sample_weight: Any, X: Any) -> Array:
    rows = np.empty((_num_samples(X), 1))  # the checks look at the length only, which a frame of text would fail
    weight: Array = _check_sample_weight(sample_weight, rows, dtype=np.float64)
    if (weight < 0).any():
        raise ValueError("Negative values in data passed to `sample_weight`.")
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight
