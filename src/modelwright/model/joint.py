"""A model file of several targets, opened: one ordinary `Model` per target."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self, final

import numpy as np

from modelwright.core.errors import FileRefusedError, SchemaError, SeveralTargetsError, SpecError, listed, nearest
from modelwright.core.schema import Schema
from modelwright.core.table import Array, Table
from modelwright.model.frames import like_columns
from modelwright.model.model import Model
from modelwright.model.row import is_row
from modelwright.modelfile import store
from modelwright.modelfile.audit import Contents, audit
from modelwright.modelfile.joint import Joint, split


@final
class JointModel:
    """What `fit` returns for several targets. ``model["price"]`` is the `Model` of one, for every other verb.

    Example:
        >>> import modelwright as mw
        >>> rows = {"size": list(range(40)), "price": [3.0 * i for i in range(40)], "dear": [i > 20 for i in range(40)]}
        >>> model = mw.fit(rows, target=["price", "dear"], budget=mw.Budget(trials=2))
        >>> model.predict({"size": 30})["dear"]
        True
        >>> model["price"].task.name
        'regression'
    """

    __slots__ = ("_agrees", "_joint", "_models", "_path")

    def __init__(self, joint: Joint, path: Path | None = None) -> None:
        self._joint = joint
        self._path = path
        self._models = {name: Model(part.data, part.contents, None, within=path) for name, part in joint.parts.items()}
        wanted = {column.name: column for column in joint.schema}
        self._agrees = all(wanted[c.name] == c for model in self._models.values() for c in model.schema)

    @classmethod
    def open(cls, source: str | os.PathLike[str] | bytes) -> Self:
        """Audit and open a file of several targets.

        Args:
            source: Path of the file, or its bytes.

        Raises:
            DataError: There is no such file.
            FileRefusedError: The file is damaged, foreign, too new, hostile, or one of a single target.
        """
        if isinstance(source, bytes | bytearray | memoryview):
            return cls(split(bytes(source)))
        return cls(split(store.read(source)), Path(source))

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the targets, in order."""
        return tuple(self._models)

    def __getitem__(self, target: str) -> Model:
        """Return the model of one target.

        Raises:
            SpecError: The file has no such target.
        """
        if target not in self._models:
            raise SpecError(
                f"The model file has no target '{target}'.{nearest(str(target), self._models)}"
                f" Targets: {listed(self._models)}."
            )
        return self._models[target]

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the targets."""
        return iter(self._models)

    def __len__(self) -> int:
        """Return the number of targets."""
        return len(self._models)

    @property
    def models(self) -> tuple[Model, ...]:
        """The model of every target."""
        return tuple(self._models.values())

    def items(self) -> tuple[tuple[str, Model], ...]:
        """Return every target with its model."""
        return tuple(self._models.items())

    def predict(self, data: Any, *, lenient: bool = False) -> Any:
        """Return the class or the number that is predicted for every target.

        Args:
            data: As for `Model.predict`.
            lenient: As for `Model.predict`.

        Returns:
            A dictionary from target to answer for one row; otherwise a frame like the caller's with a column per
            target, or a dictionary from target to array (n_rows,).

        Raises:
            SchemaError: A column is absent or a cell is of a wrong kind.
        """
        if isinstance(data, Mapping) and is_row(data):
            return {name: model.predict(data, lenient=lenient) for name, model in self.items()}
        rows = self._rows(data, lenient=lenient)
        answers = {name: np.asarray(model.predict(rows, lenient=lenient)) for name, model in self.items()}
        return like_columns(data, answers)

    def predict_proba(self, data: Any, *, lenient: bool = False) -> dict[str, Any]:
        """Return the probabilities of the classes of every target that has classes, by its name.

        Args:
            data: As for `Model.predict`.
            lenient: As for `Model.predict`.

        Returns:
            By target what `Model.predict_proba` gives; targets of numbers are not in it.

        Raises:
            SpecError: Every target is a number.
            SchemaError: A column is absent or a cell is of a wrong kind.
        """
        chosen = {name: model for name, model in self.items() if model.classes}
        if not chosen:
            raise SpecError("This model predicts numbers, which have no class probabilities. Use predict.")
        return {name: model.predict_proba(data, lenient=lenient) for name, model in chosen.items()}

    @property
    def schema(self) -> Schema:
        """The columns that any target needs, in the order of the file's inputs."""
        return self._joint.schema

    @property
    def outputs(self) -> Mapping[str, Mapping[str, str]]:
        """By target, the name in this file of each output that a file of its own would have."""
        return self._joint.outputs

    @property
    def evaluation(self) -> dict[str, Any]:
        """The fit's own estimate of quality by target."""
        return {name: model.evaluation for name, model in self.items()}

    @property
    def path(self) -> Path | None:
        """Where the file was opened, or None when it came as bytes."""
        return self._path

    @property
    def digest(self) -> str:
        """The seal of the whole file."""
        return self._joint.digest

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        return len(self._joint.data)

    def to_bytes(self) -> bytes:
        """Return the bytes of the file."""
        return self._joint.data

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the very bytes of the file to `path`, whole or not at all.

        Raises:
            OutputError: It cannot be written.
        """
        store.write(path, self._joint.data)

    def __getattr__(self, name: str) -> Any:
        """Say that what only a model of one target has is asked of its part."""
        if hasattr(Model, name) and not name.startswith("_"):
            raise SeveralTargetsError(self.targets)
        raise AttributeError(f"'JointModel' has no attribute '{name}'", name=name, obj=self)

    def __repr__(self) -> str:
        told = ", ".join(f"{name}: {model.task.name}" for name, model in self.items())
        return f"<JointModel {told}, features: {len(self.schema)}, size: {self.size_bytes / 1e6:.2f} MB>"

    def _rows(self, data: Any, *, lenient: bool) -> Any:
        """Return rows that every target can be asked with: read once where all read the columns alike."""
        if isinstance(data, np.ndarray):
            data = self._named(data)
        if isinstance(data, Table) or not self._agrees:
            return data
        from modelwright.data import read  # only rows in bulk need the readers: a server's start stays short

        return read(data, schema=self.schema, lenient=lenient)

    def _named(self, data: Array) -> Any:
        if data.ndim != 2 or data.shape[1] != len(self.schema):
            raise SchemaError(
                f"The matrix has the shape {data.shape}, the model {len(self.schema)} columns:"
                f" {listed(self.schema.names)}. Give them in this order, or a frame with names."
            )
        return {name: data[:, position] for position, name in enumerate(self.schema.names)}


def load(path: str | os.PathLike[str], *, target: str | None = None) -> Model | Any:  # Any: a JointModel, seldom
    """Open a model file, after auditing it.

    Args:
        path: The ``.onnx`` file.
        target: Of a file of several targets, the one to open.

    Returns:
        A `Model`; for a file of several targets, when none is named, a `JointModel`.

    Raises:
        FileRefusedError: It is corrupt, foreign, too new or hostile.
        DataError: There is no such file.
        SpecError: The file has no such target.
    """
    model = opened(store.read(path), Path(path))
    if isinstance(model, JointModel):
        return model if target is None else model[target]
    if target not in (None, model.manifest.target):
        raise SpecError(f"The model file '{path}' predicts '{model.manifest.target}', not '{target}'.")
    return model


def opened(data: bytes, path: Path) -> Model | JointModel:
    """Audit and open a file that was read, whether of one target or of several.

    Args:
        data: Its bytes.
        path: Where they came from.

    Raises:
        FileRefusedError: It is corrupt, foreign, too new or hostile; the text names it.
    """
    found = audited(data, path)
    return JointModel(found, path) if isinstance(found, Joint) else Model(data, found, path)


def audited(data: bytes, path: str | os.PathLike[str]) -> Contents | Joint:
    """Audit a file that was read, whether of one target or of several, without a session of the runtime.

    Raises:
        FileRefusedError: As for `opened`.
    """
    try:
        try:
            return audit(data)
        except SeveralTargetsError:
            return split(data)
    except FileRefusedError as error:
        raise FileRefusedError(f"'{path}' is refused. {error}") from error
