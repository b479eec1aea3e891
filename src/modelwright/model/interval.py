"""How sure a model file is of its answers: intervals and sets, from a session of their own."""

from collections.abc import Mapping
from typing import Self, final

import numpy as np

from modelwright.core.errors import SpecError
from modelwright.core.table import Array, Table
from modelwright.core.task import Label, Task
from modelwright.model.chunks import chunks
from modelwright.model.session import Session
from modelwright.modelfile.audit import Contents
from modelwright.modelfile.excerpt import excerpt


@final
class Sureness:
    """The outputs of a file that say how sure an answer is: set, or lower and upper.

    Plain predictions must not pay for them, so they have their own session.
    """

    def __init__(self, session: Session, task: Task, names: tuple[str, ...]) -> None:
        self._session = session
        self._task = task
        self._names = names

    @classmethod
    def of(cls, session: Session | None, contents: Contents, data: bytes = b"") -> Self:
        """Prepare the outputs of an audited file.

        Args:
            session: One that gives them; None makes one that gives nothing else.
            contents: Of the file.
            data: Its bytes, for a session of its own.

        Raises:
            SpecError: The file has none.
        """
        task = contents.manifest.task
        if contents.manifest.interval is None:
            what = "sets of classes" if task.is_classification else "intervals"
            raise SpecError(f"This model file has no {what}. Fit it again with FitSpec(interval=0.9), the default.")
        names = task.interval_outputs(contents.schema.names)
        return cls(Session(excerpt(data, names)) if session is None else session, task, names)

    def of_row(self, inputs: Mapping[str, Array]) -> list[Array]:
        """Return what each output says of one row, given as inputs (1, 1)."""
        return [found[0] for found in self._session.run(self._names, inputs)]

    def of_table(self, table: Table) -> list[Array]:
        """Return every output for all rows: (n_rows,) for an end, bool (n_rows, n_classes) for sets."""
        if not table.n_rows:
            shape, kind = ((0, len(self._task.classes)), np.bool_) if self._task.classes else ((0,), np.float64)
            return [np.empty(shape, dtype=kind) for _ in self._names]
        found = [self._session.run(self._names, inputs) for inputs in chunks(table)]
        return [np.concatenate(parts) for parts in zip(*found, strict=True)]

    def labels(self, members: Array) -> list[Label]:
        """Return the labels of one set, given as membership (n_classes,)."""
        return [self._task.classes[code] for code in np.flatnonzero(members).tolist()]
