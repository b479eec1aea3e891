"""The rows that an insight looks at, read as the model needs them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from modelwright.core.errors import DataError, SchemaError, SpecError
from modelwright.core.schema import Schema
from modelwright.core.table import Array, Table
from modelwright.insight.answers import encode_target
from modelwright.insight.predictions import target_schema

if TYPE_CHECKING:
    from modelwright.model.model import Model


@final
@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Features and the known answers of the same rows."""

    features: Table
    truth: Array


def feature_rows(model: "Model", source: Any, *, lenient: bool = False) -> Table:
    """Return the model's features from anything that can be read.

    Raises:
        SchemaError: A column is absent or of another kind.
        DataError: There are no rows.
    """
    if isinstance(source, Table):
        table = source.select(model.schema.names)
        for column, expected in zip(table.columns, model.schema, strict=True):
            if column.schema.dtype != expected.dtype:
                raise SchemaError(
                    f"Column '{column.name}' holds {column.schema.dtype}s, but the model learned from "
                    f"{expected.dtype}s. Read the table with schema=model.schema."
                )
    else:
        from modelwright.data import read  # a server that explains single rows must not need the readers

        table = read(source, schema=model.schema, lenient=lenient).select(model.schema.names)
    if not table.n_rows:
        raise DataError("The table has no rows, so there is nothing to explain. Give rows like those of training.")
    return table


def labelled_rows(model: "Model", source: Any, target: str | None = None) -> LabelledRows:
    """Return features and answers of the rows that have an answer.

    Args:
        model: The model.
        source: A table with the target, or anything that can be read.
        target: Column of the answers; None takes its name in training.

    Raises:
        SpecError: The target is a feature of the model.
        SchemaError: A column is absent or of another kind.
        DataError: No row has an answer.
    """
    table, truth, known = rows_with_answers(model, source, target, must=True)
    assert truth is not None
    if not known.any():
        name = model.manifest.target if target is None else target
        raise DataError(f"No row has a value in target '{name}'. Give rows with the true answers.")
    return LabelledRows(table.take(known), truth[known])


def rows_with_answers(
    model: "Model", source: Any, target: str | None = None, *, must: bool = False
) -> tuple[Table, Array | None, Array]:
    """Return the features, the answers where there is such a column, and which rows have one.

    Args:
        model: The model.
        source: Anything that can be read.
        target: Column of the answers; None takes its name in training and is content with none.
        must: Whether the column must be there; it must where it is named.

    Raises:
        SpecError: The target is a feature of the model.
        SchemaError: A column is absent or of another kind.
    """
    must = must or target is not None
    target = model.manifest.target if target is None else target
    if target in model.schema:
        raise SpecError(f"Column '{target}' is a feature of this model, so it cannot be the target.")
    if isinstance(source, Table):
        table = source
    else:
        from modelwright.data import read  # as above

        wanted = Schema((*model.schema, target_schema(model, target)))
        table = read(source, schema=wanted, optional=() if must else (target,))
    features = feature_rows(model, table)
    if not must and target not in table.names:
        return features, None, np.zeros(table.n_rows, dtype=bool)
    truth, known = encode_target(table.column(target), model.task)
    return features, truth, known


def sampled(n_rows: int, most: int, rng: np.random.Generator) -> Array:
    """Return the positions of at most `most` rows, drawn without replacement, in order."""
    return np.arange(n_rows) if n_rows <= most else np.sort(rng.choice(n_rows, most, replace=False))
