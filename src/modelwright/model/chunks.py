"""A table handed to the graph a piece at a time, so that memory stays the same for any table."""

from collections.abc import Iterator

from modelwright.core.table import Array, Column, Table

CHUNK = 8192
"""Rows scored at once."""

TEXT_CHUNK = 1024
"""The same where a column holds free text, whose word tables are wide."""

TEXT_CELLS = 4_000_000
"""Rows × characters of the longest text scored at once: ONNX Runtime pads every text to the pieces of the longest."""


def chunks(table: Table) -> Iterator[dict[str, Array]]:
    """Yield the inputs of one piece after another; an empty table has none."""
    texts = [c for c in table.columns if c.schema.kind == "text" and c.levels is not None]
    longest = max((len(text) for c in texts for text in c.levels), default=0)  # type: ignore[union-attr]  # not None
    size = min(TEXT_CHUNK, max(1, TEXT_CELLS // max(1, longest))) if texts else CHUNK
    for start in range(0, table.n_rows, size):
        yield {c.name: Column(c.schema, c.values[start : start + size], c.levels).feed() for c in table.columns}
