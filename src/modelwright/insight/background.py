"""What a row is compared with: the rows that an absent column's cells are taken from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, final

import numpy as np

from modelwright.core.errors import DataError, SpecError, counted
from modelwright.core.schema import ColumnSchema
from modelwright.core.table import MISSING_DATE, Array, Column, Table
from modelwright.insight.pool import compact
from modelwright.insight.rows import feature_rows, sampled
from modelwright.insight.scale import Scale, answers, scale_for

if TYPE_CHECKING:
    from modelwright.model.model import Model

Origin = Literal["rows", "reference", "schema"]
"""Where the rows come from: the caller, the sketch in the file, or only the ranges and levels in the file."""

MOST_ROWS = 64


@final
@dataclass(frozen=True, slots=True)
class Background:
    """Rows to compare with, scored once; safe to share between threads.

    Attributes:
        table: The features, rows in the order of their answers, so that every stretch is a stratum.
        answers: What the model says of them, (n_rows, n_answers).
        base: The mean of `answers`, (n_answers,): what is expected of a row of which nothing is known.
        scale: In which the answers are.
        origin: Where the rows come from.
        parts: What explaining keeps of a model, by the digest of its file; filled when first needed.
    """

    table: Table
    answers: Array
    base: Array
    scale: Scale
    origin: Origin
    parts: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def note(self) -> str:
        """One sentence about the rows, empty when they are the caller's."""
        if self.origin == "rows":
            return ""
        what = "the sketch" if self.origin == "reference" else "the ranges and levels"
        return (
            f"Compared with {counted(self.table.n_rows, 'row')} made from {what} in the file, columns taken as "
            "independent. Give background rows for figures about your own population."
        )


def make_background(
    model: "Model", source: Any = None, *, scale: Scale = "probability", most: int = MOST_ROWS, seed: int = 0
) -> Background:
    """Return the rows to compare with.

    Args:
        model: The model that will be explained.
        source: Rows of the population to compare with, in any form that can be read; None makes rows from the
            reference sketch in the file, or from its schema where there is no sketch.
        scale: In which answers will be explained.
        most: Most rows kept; they are drawn at random. More make the base steadier, not each row slower.
        seed: Seed of the draw.

    Raises:
        SpecError: The scale is unknown, or `most` is not positive.
        SchemaError: A column is absent or of another kind.
        DataError: There are no rows.
    """
    scale = scale_for(model, scale)
    if most < 1:
        raise SpecError(f"A background needs at least one row, not {most}.")
    rng = np.random.default_rng(seed)
    origin: Origin = "rows"
    if source is None:
        table, origin = _made(model, most, rng)
    else:
        table = feature_rows(model, source)
        table = table.take(sampled(table.n_rows, most, rng))
    scored = answers(model, table, scale)
    # Several answers have no one order: that of the most varied answer separates the rows best.
    order = np.argsort(scored[:, int(scored.var(axis=0).argmax())], kind="stable")
    return Background(compact(table.take(order)), scored[order], scored.mean(axis=0), scale, origin)


def _made(model: "Model", n_rows: int, rng: np.random.Generator) -> tuple[Table, Origin]:
    """Return rows whose columns each follow what the file says of them, drawn independently."""
    reference = model.documents.get("reference")
    sketches = reference.get("columns", {}) if isinstance(reference, Mapping) else {}
    known = isinstance(sketches, Mapping) and all(isinstance(sketches.get(n), Mapping) for n in model.schema.names)
    columns = []
    for schema in model.schema:
        sketch = sketches[schema.name] if known else {}
        column = _column(schema, sketch, n_rows)
        columns.append(column.take(rng.permutation(n_rows)))
    if not columns:
        raise DataError("The model uses no column, so there is nothing to explain.")
    return Table(tuple(columns), n_rows), "reference" if known else "schema"


def _column(schema: ColumnSchema, sketch: Mapping[str, Any], n_rows: int) -> Column:
    """Return evenly spread cells of one column: its quantiles or shares as the sketch has them, else its domain."""
    share = sketch.get("missing_share", schema.missing_share)
    n_missing = min(n_rows, round(n_rows * share)) if isinstance(share, int | float) and isfinite(share) else 0
    n_known = n_rows - n_missing
    if schema.dtype == "string":
        return _strings(schema, sketch, n_known, n_missing)
    if schema.dtype == "boolean":
        share = sketch.get("true_share", 0.5)
        share = share if isinstance(share, int | float) and 0 <= share <= 1 else 0.5
        cells = (np.arange(n_known) < round(n_known * share)).astype(np.float64)
    else:
        quantiles = [q for q in sketch.get("quantiles", ()) if isinstance(q, int | float) and isfinite(q)]
        places = (np.arange(n_known) + 0.5) / max(1, n_known)
        cells = np.interp(places, np.linspace(0, 1, max(2, len(quantiles))), quantiles or _ends(schema))
    if schema.dtype == "number" and _is_whole(schema):
        cells = np.round(cells)  # half a child would be no row of any data
    if schema.dtype == "date":
        return Column(schema, np.append(cells.astype(np.int64), np.full(n_missing, MISSING_DATE)))
    return Column(schema, np.append(cells, np.full(n_missing, np.nan)))


def _strings(schema: ColumnSchema, sketch: Mapping[str, Any], n_known: int, n_missing: int) -> Column:
    counts = sketch.get("counts")
    if not isinstance(counts, Mapping) or not counts:
        counts = dict.fromkeys(schema.levels or ("",), 1.0)
    names = np.array([str(level) for level in counts], dtype=object)
    upto = np.cumsum([max(0.0, float(c)) for c in counts.values()])
    places = (np.arange(n_known) + 0.5) / max(1, n_known) * upto[-1]
    codes = np.searchsorted(upto, places).clip(0, len(names) - 1).astype(np.int32)
    codes = np.append(np.where(names[codes] == "", -1, codes), np.full(n_missing, -1)).astype(np.int32)
    return Column(schema, codes, names)


def _ends(schema: ColumnSchema) -> list[float]:
    low, high = schema.low, schema.high
    if low is None or high is None or not (isfinite(low) and isfinite(high)):
        return [0.0, 0.0]
    return [float(low), float(high)]


def _is_whole(schema: ColumnSchema) -> bool:
    """Return whether a column seems to count: whole ends, and no more values than whole numbers between them."""
    low, high = _ends(schema)
    return low.is_integer() and high.is_integer() and 2 < schema.n_distinct <= high - low + 1
