from typing import Any

import numpy as np
import pytest

from modelwright.core.errors import SpecError
from modelwright.core.table import Column, Table
from modelwright.insight.interaction import interactions
from modelwright.insight.scale import answers
from modelwright.model.model import Model


def rows(model: Model, n: int = 24) -> Table:
    rng = np.random.default_rng(4)
    cells: dict[str, Any] = {
        "age": rng.uniform(18, 90, n),
        "member": rng.integers(0, 2, n).astype(float),
        "city": rng.integers(0, 2, n).astype(np.int32),
        "since": rng.integers(0, 1_700_000_000, n) * 1_000_000,
    }
    levels = np.array(["Rome", "Oslo"], dtype=object)
    return Table(tuple(Column(s, cells[s.name], levels if s.dtype == "string" else None) for s in model.schema), n)


def by_definition(model: Model, table: Table, first: str, second: str) -> float:
    """H² of Friedman and Popescu, one made-up row after the other."""
    n = table.n_rows

    def partial(columns: tuple[str, ...], row: int) -> float:
        one = np.full(n, row)
        mixed = tuple(c.take(one) if c.name in columns else c for c in table.columns)
        return float(answers(model, Table(mixed, n))[:, 0].mean())

    parts = [np.array([partial(c, i) for i in range(n)]) for c in ((first, second), (first,), (second,))]
    joint, a, b = (p - p.mean() for p in parts)
    return float(((joint - a - b) ** 2).sum() / (joint**2).sum())


def test_strengths_are_the_definition(small_file: Any) -> None:
    model = Model.open(small_file("binary"))
    table = rows(model)
    found = interactions(model, table)
    assert len(found.pairs) == 6
    for pair in found.pairs:
        assert pair.strength**2 == pytest.approx(by_definition(model, table, *pair.columns), rel=1e-8)
        assert pair.low <= pair.strength <= pair.high
    assert [p.size for p in found.pairs] == sorted((p.size for p in found.pairs), reverse=True)


def test_what_adds_up_does_not_interact(small_file: Any) -> None:
    for kind, scale in (("regression", "probability"), ("binary", "margin")):
        model = Model.open(small_file(kind))
        found = interactions(model, rows(model), scale=scale)  # type: ignore[arg-type]  # both are scales
        assert max(p.strength for p in found.pairs) < 1e-6


def test_columns_are_chosen_or_named(small_file: Any) -> None:
    model = Model.open(small_file("binary"))
    assert len(interactions(model, rows(model), most_columns=2).pairs) == 1
    named = interactions(model, rows(model), ["city", "age"])
    assert set(named.pairs[0].columns) == {"city", "age"}
    with pytest.raises(SpecError, match="answer"):
        interactions(model, rows(model), answer="maybe")
