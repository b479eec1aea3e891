"""Coverage: counted right, overall and by group, from a file that gives intervals or sets."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import modelwright as mw
from modelwright.core.errors import SpecError
from modelwright.core.spec import Budget
from modelwright.insight.coverage import Coverage, coverage


def numbers(n: int, rng: np.random.Generator) -> dict[str, Any]:
    place = rng.choice(["calm", "wild"], n, p=[0.8, 0.2])
    x = rng.normal(size=n)
    return {"x": x, "place": place, "y": x + rng.normal(size=n) * np.where(place == "wild", 3.0, 0.3)}


def classes(n: int, rng: np.random.Generator) -> dict[str, Any]:
    x = rng.normal(size=n)
    return {"x": x, "y": np.where(x + rng.normal(size=n) > 1.5, "rare", "usual")}


@pytest.fixture(scope="module")
def band() -> mw.Model:
    return mw.fit(numbers(300, np.random.default_rng(0)), "y", budget=Budget(trials=1))


@pytest.fixture(scope="module")
def sets() -> mw.Model:
    return mw.fit(classes(600, np.random.default_rng(0)), "y", budget=Budget(trials=1))


def test_shares_and_widths_are_those_of_the_rows(band: mw.Model, rng: np.random.Generator) -> None:
    rows = numbers(900, rng)
    found = coverage(band, rows, by=["place"])
    lower, upper = band.predict_interval(rows)
    inside = (lower <= rows["y"]) & (rows["y"] <= upper)
    assert found.overall.covered.value == pytest.approx(inside.mean())
    assert found.overall.size.value == pytest.approx((upper - lower).mean())
    by_name = {g.group: g for g in found.groups}
    for name in ("calm", "wild"):
        part = rows["place"] == name
        assert by_name[f"place = {name}"].covered.value == pytest.approx(inside[part].mean())
        assert by_name[f"place = {name}"].n_rows == part.sum()
    # One width for all: the wild rows are missed far too often, and that is said.
    assert next(g.group for g in found.too_low) == "place = wild"
    assert "place = wild: covered in" in str(found)


def test_classes_are_always_told_apart(sets: mw.Model, rng: np.random.Generator) -> None:
    rows = classes(2000, rng)
    found = coverage(sets, rows)
    members = sets.predict_membership(rows)
    truth = np.searchsorted(sets.classes, rows["y"])
    inside = members[np.arange(2000), truth]
    assert [g.group for g in found.groups] == ["y = rare", "y = usual"]
    assert [g.covered.value for g in found.groups] == pytest.approx([inside[truth == c].mean() for c in (0, 1)])
    alone = members.sum(axis=1) == 1
    assert found.overall.certain == pytest.approx(alone.mean())
    assert found.overall.right.value == pytest.approx(inside[alone].mean())
    assert found.what == "sets" and found.promised == 0.9


def test_weights_count(band: mw.Model, rng: np.random.Generator) -> None:
    rows = numbers(200, rng)
    first = np.arange(200) < 50
    found = coverage(band, rows | {"w": first.astype(float)}, weight="w").overall
    alone = coverage(band, {name: cells[first] for name, cells in rows.items()}).overall
    assert found.covered.value == pytest.approx(alone.covered.value)
    assert found.covered.low == pytest.approx(alone.covered.low)
    assert found.size.value == pytest.approx(alone.size.value)


def test_the_interval_of_a_mean_width_has_its_spread(rng: np.random.Generator) -> None:
    rows = numbers(800, rng) | {"x": rng.uniform(0, 2, 800)}
    rows["y"] = rows["x"] + rng.normal(size=800) * rows["x"] ** 2
    model = mw.fit(rows, "y", budget=Budget(trials=1))
    found = coverage(model, rows).overall.size
    lower, upper = model.predict_interval(rows)
    assert found.high - found.value == pytest.approx(1.96 * (upper - lower).std() / np.sqrt(799), rel=1e-3)


@pytest.mark.parametrize("name", ["band", "sets"])
def test_it_comes_back_from_json_and_can_be_read(
    name: str, request: pytest.FixtureRequest, rng: np.random.Generator
) -> None:
    model: mw.Model = request.getfixturevalue(name)
    found = coverage(model, numbers(60, rng) if name == "band" else classes(60, rng))
    again = Coverage.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False)))
    assert again.to_json() == found.to_json()
    assert "promise 90%" in str(found)
    assert {len(column) for column in found.to_columns().values()} == {1 + len(found.groups)}
    assert "<table" in found._repr_mimebundle_()["text/html"]


def test_one_row_has_a_coverage_too(band: mw.Model, sets: mw.Model) -> None:
    assert coverage(band, {"x": [0.0], "place": ["calm"], "y": [0.0]}).overall.n_rows == 1
    assert len(coverage(sets, {"x": [0.0], "y": ["usual"]}).groups) == 1


def test_a_file_without_intervals_says_so(small_file: Callable[..., bytes]) -> None:
    with pytest.raises(SpecError, match="no intervals or sets"):
        coverage(mw.Model.open(small_file("regression")), {})


def test_groups_of_few_rows_are_named(band: mw.Model, rng: np.random.Generator) -> None:
    rows = numbers(300, rng)
    rows["place"][:] = "calm"
    rows["place"][:7] = "wild"
    found = coverage(band, rows, by=["place"])
    assert [g.group for g in found.few] == ["place = wild"]
    assert any("too few to judge" in remark and "place = wild (7)" in remark for remark in found.remarks())
