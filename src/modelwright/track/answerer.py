"""What `mlflow.pyfunc` asks for answers; it needs nothing of MLflow itself."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np

from modelwright.core.errors import SpecError, listed, nearest
from modelwright.core.table import Array
from modelwright.insight.background import Background, make_background
from modelwright.insight.shapley import shapley
from modelwright.model.joint import JointModel
from modelwright.model.model import Model
from modelwright.model.naming import answer_names
from modelwright.track.mlmodel import OUTPUTS

_SETS = "in_"
"""Begins the names of the columns that say what a set holds; the target stands behind their second word."""


@final
class Answerer:
    """Answers frames as MLflow expects: one label or number per row, or what ``params={"output": …}`` asks for."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._background: Background | None = None

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Return the answers.

        Args:
            data: A pandas frame, or anything else that the model reads.
            params: ``output`` is "predictions" (an array), "probabilities" (a frame, a column per class), "full" (label
                and probability_CLASS, or prediction and quantiles; as `modelwright predict` writes), "interval" (the
                ends, or the set of classes) or "explain" (what is expected and what each column added).

        Raises:
            SpecError: There is no such output, or the model cannot give it.
            SchemaError: A column is absent or a cell is of a wrong kind.
        """
        output, data = _asked(params), _columns(data) if isinstance(data, Mapping) else data
        if output == "predictions":
            return np.asarray(self.model.predict(data))
        return _frame(data, self.columns(output, data))

    def columns(self, output: str, data: Any) -> dict[str, Array]:
        """Return one of the outputs that are columns, by name."""
        return _COLUMNS[output](self, data)

    def gives(self, output: str) -> bool:
        """Return whether the model has such an output at all."""
        return (output != "probabilities" or bool(self.model.classes)) and (
            output != "interval" or self.model.interval is not None
        )

    def probabilities(self, data: Any) -> dict[str, Array]:
        """Return the probabilities by class."""
        shares = np.asarray(self.model.predict_proba(data))
        return {str(label): shares[:, i] for i, label in enumerate(self.model.classes)}

    def full(self, data: Any) -> dict[str, Array]:
        """Return label and probabilities, or the number."""
        answers = np.asarray(self.model.predict(data))
        if not self.model.classes:
            return {"prediction": answers, **self.quantiles(data)}
        return {"label": answers, **{f"probability_{name}": p for name, p in self.probabilities(data).items()}}

    def quantiles(self, data: Any) -> dict[str, Array]:
        """Return the quantiles by name, where the model predicts any."""
        if not self.model.task.quantiles:
            return {}
        found = np.asarray(self.model.predict_quantiles(data))
        return {name: found[:, i] for i, name in enumerate(self.model.task.quantile_names)}

    def interval(self, data: Any) -> dict[str, Array]:
        """Return the answers and how sure they are: lower and upper, or a column per class that the set may hold."""
        if self.model.classes:
            inside = self.model.predict_membership(data)
            sets = {f"in_set_{label}": inside[:, i] for i, label in enumerate(self.model.classes)}
            return {"label": np.asarray(self.model.predict(data)), **sets}
        lower, upper = (np.asarray(end) for end in self.model.predict_interval(data))
        return {"prediction": np.asarray(self.model.predict(data)), "lower": lower, "upper": upper}

    def explain(self, data: Any) -> dict[str, Array]:
        """Return what each column added to the answer: of the last class of two, else of the most probable one."""
        if self._background is None:
            self._background = make_background(self.model)
        found = shapley(self.model, data, background=self._background)
        chosen = found.given.argmax(axis=1)  # 0 where one answer is explained
        rows = np.arange(len(found))
        added = found.values[rows, chosen]  # (n_rows, n_columns)
        columns = {f"added_{name}": added[:, i] for i, name in enumerate(found.columns)}
        return {
            "explained": np.array(found.answers, dtype=object)[chosen],
            "given": found.given[rows, chosen],
            "expected": found.base[chosen],
            **columns,
        }


@final
class JointAnswerer:
    """Answers frames with every target of a file, in the columns that `modelwright predict` writes."""

    def __init__(self, model: JointModel) -> None:
        self.model = model
        self._parts = {target: Answerer(part) for target, part in model.items()}

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Return the answers as a frame.

        Args:
            data: As for `Answerer`.
            params: ``output`` as for `Answerer`: "predictions" has a column per target under its name, the others the
                columns of each target with its name, without targets that never give such.

        Raises:
            SpecError: There is no such output, or no target can give it.
            SchemaError: A column is absent or a cell is of a wrong kind.
        """
        output, data = _asked(params), _columns(data) if isinstance(data, Mapping) else data
        if output == "predictions":
            return _frame(data, {name: np.asarray(part.model.predict(data)) for name, part in self._parts.items()})
        giving = {name: part for name, part in self._parts.items() if part.gives(output)} or self._parts
        found = {name: part.columns(output, data) for name, part in giving.items()}  # where none can, the first says so
        if output == "probabilities":
            found = {name: {f"probability_{own}": c for own, c in told.items()} for name, told in found.items()}
        return _frame(data, _with_targets(found))


def _with_targets(found: Mapping[str, Mapping[str, Array]]) -> dict[str, Array]:
    """Return the columns of all targets under names that tell whose they are: ``in_set_sold_yes``."""
    named = answer_names({target: [own.removeprefix(_SETS) for own in told] for target, told in found.items()})
    return {
        (_SETS if own.startswith(_SETS) else "") + named[target][own.removeprefix(_SETS)]: cells
        for target, told in found.items()
        for own, cells in told.items()
    }


def _asked(params: Mapping[str, Any] | None) -> str:
    """Return which output is wanted."""
    output = (params or {}).get("output", OUTPUTS[0])
    if output not in OUTPUTS:
        raise SpecError(f"There is no output '{output}'.{nearest(str(output), OUTPUTS)} Outputs: {listed(OUTPUTS)}.")
    return str(output)


_COLUMNS = {
    "probabilities": Answerer.probabilities,
    "full": Answerer.full,
    "interval": Answerer.interval,
    "explain": Answerer.explain,
}


def _columns(data: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return what MLflow's server makes of JSON as plain columns: its cells may be arrays without a dimension."""
    columns = {name: values if isinstance(values, list | np.ndarray) else [values] for name, values in data.items()}
    return {name: [_cell(cell) for cell in values] for name, values in columns.items()}


def _cell(cell: Any) -> Any:
    return cell.item() if isinstance(cell, np.generic | np.ndarray) and cell.ndim == 0 else cell


def _frame(data: Any, columns: dict[str, Array]) -> Any:
    """Return columns as the caller's kind of frame with its index; MLflow hands over pandas frames."""
    if type(data).__module__.partition(".")[0] != "pandas":
        return columns
    return type(data)(columns, index=data.index)
