"""Answers in the kind of frame the caller came with, without importing any frame library.

Whoever hands in a frame has imported its library, so it is found among the loaded modules.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from modelwright.core.table import Array
from modelwright.core.task import Label

FrameKind = Literal["pandas", "polars", "pyarrow", "other"]


def frame_kind(data: Any) -> FrameKind:
    """Return which library a frame is of; "other" answers in arrays."""
    root, name = type(data).__module__.partition(".")[0], type(data).__name__
    if (root, name) in {("pandas", "DataFrame"), ("polars", "DataFrame")}:
        return "pandas" if root == "pandas" else "polars"
    return "pyarrow" if root == "pyarrow" and name in ("Table", "RecordBatch") else "other"


def like_series(data: Any, values: Array, name: str) -> Any:
    """Return answers, shape (n_rows,), as the series of the caller's library with the caller's index."""
    kind = frame_kind(data)
    if kind == "other":
        return values
    library: Any = sys.modules[kind]
    if kind == "pandas":
        return library.Series(values, index=data.index, name=name)
    if kind == "polars":
        return library.Series(name, values.tolist() if values.dtype == object else values)
    return library.array(values)


def like_frame(data: Any, values: Array, classes: Sequence[Label]) -> Any:
    """Return answers, shape (n_rows, n_classes), as the caller's kind of frame; its columns are the classes."""
    kind = frame_kind(data)
    if kind == "other":
        return values
    library: Any = sys.modules[kind]
    if kind == "pandas":
        return library.DataFrame(values, index=data.index, columns=list(classes))
    columns = {str(label): values[:, position] for position, label in enumerate(classes)}
    return library.DataFrame(columns) if kind == "polars" else library.table(columns)


def like_columns(data: Any, columns: Mapping[str, Array]) -> Any:
    """Return answers of several kinds, each (n_rows,), as the caller's kind of frame; else the dictionary itself."""
    kind = frame_kind(data)
    if kind == "other":
        return dict(columns)
    library: Any = sys.modules[kind]
    if kind == "pandas":
        return library.DataFrame(dict(columns), index=data.index)
    plain = {name: values.tolist() if values.dtype == object else values for name, values in columns.items()}
    return library.DataFrame(plain) if kind == "polars" else library.table(plain)
