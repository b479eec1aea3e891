"""What a report is about: a model, perhaps another one, and perhaps labelled rows."""

import os
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

from modelwright.core.asked import kept_together
from modelwright.core.schema import Schema
from modelwright.core.table import Table
from modelwright.insight.evaluation import Evaluation
from modelwright.insight.predictions import Predictions, Roles, predictions_of, target_schema

if TYPE_CHECKING:
    from modelwright.model.model import Model


@final
@dataclass(frozen=True, slots=True)
class Rows:
    """Labelled rows.

    Attributes:
        name: How commands call them: the file, or DATA where they came as a frame.
        source: What they were read from.
        table: The features and the target, read as in training.
        predictions: The model's answers beside the truth.
        notes: What reading them left out; said once, not by every result.
    """

    name: str
    source: Any
    table: Table
    predictions: Predictions
    notes: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Case:
    """What a report is about.

    Attributes:
        model: The model.
        name: How commands call its file.
        rows: Labelled rows, or None: then the report says what the file alone says.
        other: A second model to compare with, or None.
        other_name: How commands call its file.
        examples: How many single answers are explained.
        kept: Results that more than one section shows, by section; filled as sections are made.
    """

    model: "Model"
    name: str
    rows: Rows | None = None
    other: "Model | None" = None
    other_name: str = ""
    examples: int = 0
    kept: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        model: "Model",
        source: Any = None,
        *,
        target: str | None = None,
        other: "Model | None" = None,
        examples: int = 0,
    ) -> Self:
        """Read the labelled rows, let the model answer them, and put all together.

        Raises:
            SchemaError: A column is absent or a cell is of a wrong kind.
            DataError: The rows cannot be read, or none has an answer.
            SpecError: The target is a feature.
        """
        rows = None if source is None else _read(model, source, target)
        return cls(model, file_name(model, "model.onnx"), rows, other, _other_name(other), examples)

    @property
    def evaluation(self) -> Evaluation | None:
        """The estimate of quality that the file carries."""
        return None if self.model.evaluation is None else Evaluation.from_json(self.model.evaluation)

    def line(self, verb: str, *words: str) -> str:
        """Return a command over the model, quoted for a shell, naming its target where the file has several."""
        is_one = self.model.within is None
        chosen = () if is_one else ("--for", self.model.manifest.target)
        return shlex.join(["modelwright", verb, self.name, *words, *chosen])

    def line_on_rows(self, verb: str, *options: str) -> str:
        """Return a command over the model and the rows, if there are some."""
        return self.line(verb, *([self.rows.name] if self.rows else []), *options)

    @property
    def target(self) -> str:
        """The column of the true answers: its name in training, or the one column of the rows that is no feature."""
        name = self.model.manifest.target
        others = set() if self.rows is None else set(self.rows.table.names) - set(self.model.schema.names)
        return others.pop() if name not in others and len(others) == 1 else name

    @property
    def loading(self) -> str:
        """The Python that opens the model."""
        chosen = "" if self.model.within is None else f", target={self.model.manifest.target!r}"
        return f"mw.load({self.name!r}{chosen})"

    def display(self, kind: str, options: str = "") -> str:
        """Return a line of Python that draws a display of the model on the rows."""
        rows = repr(self.rows.name) if self.rows else "DATA"
        drawn = f"{kind}.from_model({self.loading}, {rows}{options and f', {options}'}).plot()"
        return f"import modelwright as mw; from modelwright.display import {kind}; {drawn}"


def file_name(model: "Model", otherwise: str) -> str:
    """Return the name of a model's file without its folder: a report is shown to others."""
    path = model.within if model.path is None else model.path
    return otherwise if path is None else path.name


def _other_name(other: "Model | None") -> str:
    return "" if other is None else file_name(other, "other.onnx")


def _read(model: "Model", source: Any, target: str | None) -> Rows:
    from modelwright.data import read  # a report from the file alone needs no readers

    target = model.manifest.target if target is None else target
    if isinstance(source, Table) or target in model.schema:
        table = source  # a target among the features is refused below, by name
    else:
        roles = Roles(groups=kept_together(model.documents))
        columns = (*model.schema, target_schema(model, target), *roles.beside(model.schema))
        table = read(source, schema=Schema(columns), optional=roles.optional)
    answered = predictions_of(model, table, target=target)
    is_named = isinstance(source, str | os.PathLike) and "://" not in str(source)
    name = Path(source).name if is_named else "DATA"
    return Rows(name, source, table, replace(answered, notes=()), answered.notes)
