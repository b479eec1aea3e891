"""A fairness result travels as JSON, shows itself as text and as safe HTML, and repeats, for every task."""

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from modelwright.core.errors import DataError
from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.insight.fairness.audit import audit
from modelwright.insight.fairness.result import Fairness
from modelwright.insight.predictions import Predictions, of_classes, of_values

N_ROWS = 120
NAMES = ["<b>x</b>", "Köln\n", "plain"]


def predictions(task: str) -> Predictions:
    """Return predictions of a task."""
    rng = np.random.default_rng(4)
    if task == "regression":
        return of_values(rng.normal(size=N_ROWS), rng.normal(size=N_ROWS))
    names = NAMES[: 2 if task == "binary" else 3]
    truth = np.array(names, dtype=object)[rng.integers(0, len(names), N_ROWS)]
    return of_classes(truth, rng.dirichlet(np.ones(len(names)), N_ROWS), classes=names)


def sensitive() -> Table:
    """Return a category with hostile names and a missing cell, and an amount."""
    rng = np.random.default_rng(6)
    codes = rng.integers(0, 3, N_ROWS).astype(np.int32)
    codes[0] = -1
    levels = np.array(["<script>alert(1)</script>", "\x1b[31m", "b"], dtype=object)
    kind = Column(ColumnSchema("<i>kind</i>", "category", "string"), codes, levels)
    return Table((kind, Column(ColumnSchema("age", "number", "number"), rng.normal(40, 9, N_ROWS))), N_ROWS)


def made(task: str) -> Fairness:
    """Return an audit with proxies."""
    features = Table((Column(ColumnSchema("x", "number", "number"), np.arange(N_ROWS, dtype=float)),), N_ROWS)
    return audit(predictions(task), sensitive(), features, min_rows=20)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_result_travels_shows_itself_and_repeats(task: str) -> None:
    result = made(task)
    text = json.dumps(result.to_json(), allow_nan=False)
    assert json.dumps(Fairness.from_json(json.loads(text)).to_json()) == text
    assert json.dumps(made(task).to_json()) == text, "the same seed gives the same result"
    bundle: dict[str, Any] = result._repr_mimebundle_()
    assert bundle["text/plain"] == str(result) and "\x1b" not in str(result)
    page = bundle["text/html"]
    assert "<script" not in page and "<i>" not in page and "<b>" not in page and page.count("<table") >= 4
    assert dataclasses.is_dataclass(result) and type(result).__dataclass_params__.frozen  # type: ignore[attr-defined]
    columns = result.to_columns()
    assert len({len(cells) for cells in columns.values()}) == 1 and len(columns["group"]) > 10


@pytest.mark.parametrize("document", [{}, {"schema": "modelwright/other/1"}, {"schema": Fairness.SCHEMA}])
def test_a_foreign_document_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        Fairness.from_json(document)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_interval_holds_its_figure_and_every_row_is_in_a_group(task: str) -> None:
    result = made(task)
    for gap in result.gaps:
        for found in (gap.difference, gap.ratio):
            assert np.isnan(found.value) or np.isnan(found.low) or found.low <= found.value <= found.high
    for columns in {g.columns for g in result.groups}:
        assert sum(g.n_rows for g in result.groups if g.columns == columns) == N_ROWS
    figures = [f for g in result.groups for f in g.figures if f.kind == "share" and f.n_rows]
    assert bool(figures) == (task != "regression")
    assert all(0 <= f.value.low <= f.value.value <= f.value.high <= 1 for f in figures)
