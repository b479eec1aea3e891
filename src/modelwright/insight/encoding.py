"""A model file cut in two: raw cells to features of one column each, and from these to the answer.

Mixing the cells of two rows is the same as mixing features that each come from one raw column. So the first half,
with all its texts, runs once for every row, and what is mixed are numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, final

import numpy as np

from modelwright.core.table import Array, Table
from modelwright.insight.lineage import lineages
from modelwright.insight.pool import recombined
from modelwright.model.chunks import chunks
from modelwright.model.session import Session
from modelwright.modelfile.anatomy import Anatomy

if TYPE_CHECKING:
    from modelwright.model.model import Model

MOST_COLUMNS = 63
"""Raw columns that are told apart by the bits of one number; one more bit is for features that never vary."""

_N_PROBED = 3
_N_COMPARED = 64

Features = dict[str, Array]
"""The tensors at the cut, each (n_rows, width)."""


@final
@dataclass(frozen=True, slots=True)
class Encoding:
    """The cut of one file; threads may share it.

    Attributes:
        anatomy: The operators of the file.
        columns: For each tensor at the cut, the raw column of each of its features, int64 (width,); -1 for a feature
            that never varies.
        elements: The element type of these tensors, as numpy names it.
        output: The output of the file that is explained.
        encoder: Raw cells to the tensors at the cut; None where these are the inputs themselves.
        head: The tensors at the cut to the output.
    """

    anatomy: Anatomy
    columns: Mapping[str, Array]
    elements: Mapping[str, str]
    output: str
    encoder: Session | None
    head: Session

    @classmethod
    def of(cls, model: "Model", rows: Table) -> Self | None:
        """Cut a file, or return None where that is not possible or changes an answer.

        Args:
            model: The model.
            rows: Rows to try it with; at least one.
        """
        names = model.schema.names
        if not 0 < len(names) <= MOST_COLUMNS or model.task.quantiles:
            return None
        anatomy, output = Anatomy.of(model.to_bytes()), model.task.outputs(names)[-1]
        probed = next(chunks(rows.take(np.arange(_N_PROBED) % rows.n_rows)))
        tried = _before_forests(anatomy)
        values = dict(probed)
        if tried:
            made = Session(anatomy.piece(None, tried)).run(tried, probed)
            values |= {name: value for name, value in zip(tried, made, strict=True) if isinstance(value, np.ndarray)}
        origins = lineages(anatomy, names, {name: value.shape for name, value in values.items()})
        pure = {
            name
            for name, value in values.items()
            if value.ndim == 2 and len(value) == _N_PROBED and _one_each(origins[name])
        }
        cut = _cut(anatomy, output, pure, origins)
        inner = [name for name in cut if name not in probed]
        elements = {name: str(values[name].dtype) for name in cut}
        found = cls(
            anatomy,
            {name: np.array([int(bits).bit_length() - 1 for bits in origins[name]]) for name in cut},
            elements,
            output,
            Session(anatomy.piece(None, inner)) if inner else None,
            Session(anatomy.piece(elements, [output])),
        )
        return found if found._agrees(model, rows) else None

    def features(self, table: Table) -> Features:
        """Return the tensors at the cut."""
        inner = [name for name in self.columns if name not in self.anatomy.inputs]
        pieces = []
        for inputs in chunks(table):
            found = {name: inputs[name] for name in self.columns if name in self.anatomy.inputs}
            if self.encoder is not None:
                found |= zip(inner, self.encoder.run(inner, inputs), strict=True)
            pieces.append(found)
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in self.columns}

    def mixed(self, features: Features, rows: Array) -> Features:
        """Return features whose raw column j comes from row ``rows[i, j]``, for every i; see `recombined`."""
        return {
            name: features[name][rows[:, columns], np.arange(len(columns))] for name, columns in self.columns.items()
        }

    def run(self, names: Sequence[str], features: Features) -> dict[str, Array]:
        """Return what the second half gives, each float64 (n_rows, width)."""
        found = (np.asarray(cells, dtype=np.float64) for cells in self.head.run(names, features))
        return {name: cells.reshape(len(cells), -1) for name, cells in zip(names, found, strict=True)}

    def _agrees(self, model: "Model", rows: Table) -> bool:
        """Return whether mixtures of rows answer the same either way; a foreign operator might look at all rows."""
        rng = np.random.default_rng(0)
        rows = rows.take(rng.integers(rows.n_rows, size=_N_COMPARED))
        made = rng.integers(rows.n_rows, size=(_N_COMPARED, len(rows.columns)))
        whole = np.asarray(model.answers(recombined(rows, made)), dtype=np.float64)
        parts = self.run([self.output], self.mixed(self.features(rows), made))[self.output]
        return np.allclose(parts, whole.reshape(parts.shape), rtol=1e-12, atol=1e-15)


def _before_forests(anatomy: Anatomy) -> list[str]:
    """Return the tensors that no forest has part in."""
    after: set[str] = set()
    for operator in anatomy.operators:
        if operator.kind == "TreeEnsemble" or after.intersection(operator.inputs):
            after.update(operator.outputs)
    return [name for name in anatomy.makers if name not in after]


def _one_each(origins: Array) -> bool:
    """Return whether no feature comes from two columns."""
    return bool((np.bitwise_count(origins) <= 1).all())


def _cut(anatomy: Anatomy, output: str, pure: set[str], origins: Mapping[str, Array]) -> list[str]:
    """Return the tensors nearest to the output that are matrices of features of one column each."""
    waiting, seen, cut = [output], {output}, []
    while waiting:
        name = waiting.pop()
        if name in pure:
            cut.append(name)
        elif name in anatomy.makers:
            further = [n for n in anatomy.makers[name].inputs if n in origins and n not in seen]
            seen.update(further)
            waiting += further
    return sorted(cut)
