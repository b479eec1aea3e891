"""The schema document of a model file, checked to the last cell before anything is built from it."""

from collections.abc import Mapping
from typing import Any

from modelwright.core.errors import FileRefusedError, SchemaError
from modelwright.core.schema import Schema

_TEXT = "text"
_NUMBER = "number"
_TEXTS = "texts"

_COLUMN: Mapping[str, str] = {
    "name": _TEXT,
    "kind": _TEXT,
    "dtype": _TEXT,
    "reason": _TEXT,
    "levels": _TEXTS,
    "low": _NUMBER,
    "high": _NUMBER,
    "missing_share": _NUMBER,
    "n_distinct": _NUMBER,
}
_PARSING: Mapping[str, str] = {
    "missing": _TEXTS,
    "decimal": _TEXT,
    "thousands": _TEXT,
    "affixes": _TEXTS,
    "scale": _NUMBER,
    "formats": _TEXTS,
    "truths": _TEXTS,
}
_OPTIONAL = frozenset({"low", "high"})


def schema_from(document: Any) -> Schema:
    """Return the schema that a document of a model file describes.

    Raises:
        FileRefusedError: It is no schema; the text says what is wrong with which column.
    """
    columns = document.get("columns") if isinstance(document, dict) else None
    if not isinstance(columns, list) or not all(isinstance(c, dict) for c in columns):
        raise FileRefusedError("The model file's schema is no list of columns.")
    for position, column in enumerate(columns):
        where = f"column {position}"
        parsing = column.get("parsing")
        if not isinstance(parsing, dict):
            raise FileRefusedError(f"The model file's schema does not say how {where} is read.")
        _check({k: v for k, v in column.items() if k != "parsing"}, _COLUMN, where)
        _check(parsing, _PARSING, where)
    try:
        return Schema.from_json(document)
    except SchemaError as error:
        raise FileRefusedError(f"The model file's schema cannot be understood: {error}") from error


def _check(given: Mapping[str, Any], expected: Mapping[str, str], where: str) -> None:
    for name, what in expected.items():
        value = given.get(name)
        if value is None and name in _OPTIONAL:
            continue
        if what == _TEXT:
            fits = isinstance(value, str)
        elif what == _NUMBER:
            fits = isinstance(value, int | float) and not isinstance(value, bool)
        else:
            fits = isinstance(value, list) and all(isinstance(v, str) for v in value)
        if not fits:
            raise FileRefusedError(f"The model file's schema has no usable '{name}' for {where}; expected: {what}.")
    if unknown := sorted(given.keys() - expected.keys()):
        raise FileRefusedError(f"The model file's schema holds the unknown entry '{unknown[0][:80]}' for {where}.")
