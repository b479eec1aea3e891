import json

import numpy as np
import pytest

from modelwright.api import fit
from modelwright.core.schema import ColumnSchema, Dtype, Kind
from modelwright.core.spec import Budget
from modelwright.core.table import MISSING_DATE, Array, Column, Table
from modelwright.export.reference import FEWEST, reference
from modelwright.insight.background import make_background


def column(name: str, kind: Kind, dtype: Dtype, values: Array, levels: list[str] | None = None) -> Column:
    """Return a column with the given storage."""
    names = None if levels is None else np.array(levels, dtype=object)
    return Column(ColumnSchema(name, kind, dtype), values, names)


@pytest.fixture
def table(rng: np.random.Generator) -> Table:
    """Return a hundred rows of every kind, with one rare city, one text and one outlier."""
    n = 100
    income = np.append(rng.normal(50.0, 5.0, n - 1), 9_999_999.0)
    income[:10] = np.nan
    dates = rng.integers(0, 10**15, n)
    dates[:5] = MISSING_DATE
    cities = np.repeat([0, 1, 2, 3], [60, 35, 4, 1]).astype(np.int32)
    return Table(
        (
            column("income", "number", "number", income),
            column("since", "date", "date", dates),
            column("city", "category", "string", cities, ["Rome", "Oslo", "Vik", "Name of a person"]),
            column("note", "text", "string", np.arange(n, dtype=np.int32), [f"secret {i}" for i in range(n)]),
            column("member", "flag", "boolean", (np.arange(n) < 20).astype(np.float64)),
        ),
        n,
    )


def test_no_row_can_be_told_from_the_sketch(table: Table) -> None:
    text = json.dumps(reference(table, table.names))
    for private in ("9999999", "Name of a person", "Vik", "secret"):
        assert private not in text
    found = reference(table, table.names)["columns"]
    assert found["city"]["counts"] == {"Rome": 60, "Oslo": 35}
    assert found["city"]["merged"] == FEWEST
    assert found["note"] == {"missing_share": 0.0}
    assert found["member"] == {"missing_share": 0.0, "true_share": 0.2}


def test_five_rows_lie_at_or_beyond_the_outermost_quantiles(table: Table) -> None:
    cells = table.column("income").values
    quantiles = reference(table, ("income",))["columns"]["income"]["quantiles"]
    assert quantiles == sorted(quantiles)
    assert np.sum(cells <= quantiles[0] * (1 + 1e-8)) >= FEWEST
    assert np.sum(cells >= quantiles[-1] * (1 - 1e-8)) >= FEWEST
    assert reference(table, ("income",))["columns"]["income"]["missing_share"] == pytest.approx(0.1)


def test_too_few_rows_have_no_quantiles(table: Table) -> None:
    few = reference(table.take(np.arange(92, 100)), table.names)["columns"]
    assert few["income"]["quantiles"] == []
    assert few["member"] == {"missing_share": 0.0}
    assert few["city"] == {"missing_share": 0.0, "counts": {}, "merged": 8}


def test_a_fit_writes_the_sketch_and_explanations_use_it(rng: np.random.Generator) -> None:
    n = 300
    size, kind = rng.exponential(1.0, n), rng.choice(["a", "b", "c"], n, p=[0.8, 0.15, 0.05])
    model = fit({"size": size, "kind": kind, "y": 3 * size + (kind == "a")}, target="y", budget=Budget(trials=1))
    assert set(model.documents["reference"]["columns"]) == set(model.schema.names)
    made = make_background(model)
    assert made.origin == "reference"
    kinds = made.table.column("kind").strings()
    assert np.mean(kinds == "a") == pytest.approx(0.8, abs=0.08)
    assert np.median(made.table.column("size").values) == pytest.approx(np.median(size), rel=0.15)
