import dataclasses
import json
import math

import numpy as np
import pytest
from scipy.stats import false_discovery_control, ttest_ind

from modelwright.core.errors import SchemaError, SpecError
from modelwright.core.table import Table
from modelwright.data import read
from modelwright.insight.predictions import Predictions, of_classes, of_values
from modelwright.insight.slices import Slices, benjamini_hochberg, slices_by, welch, worst_slices


def made(n_rows: int, rng: np.random.Generator, *, worse: float) -> Predictions:
    """Return classes that are told at random where colour is red and size is above its middle, by a share of rows."""
    size, colour = rng.normal(size=n_rows), rng.choice(["red", "green", "blue"], n_rows)
    said = 1 / (1 + np.exp(-3 * rng.normal(size=n_rows)))
    truth = rng.random(n_rows) < said
    bad = (colour == "red") & (size > 0) & (rng.random(n_rows) < worse)
    truth[bad] = rng.random(bad.sum()) < 0.5
    table = read({"size": size, "colour": colour, "other": rng.choice(["u", "v"], n_rows)})
    return dataclasses.replace(of_classes(truth, said), table=table, metric="accuracy")


def test_the_planted_slice_is_found_and_named(rng: np.random.Generator) -> None:
    found = worst_slices(made(4000, rng, worse=1.0))
    assert set(found.slices[0].columns) == {"size", "colour"}
    assert "colour = red" in found.slices[0].rows
    assert found.slices[0].p_value < 1e-6
    assert found.slices[0].effect.low > 0.1
    assert found.slices[0].metric.high < found.overall.low
    assert all("other" not in s.columns for s in found.slices)
    assert str(found).count("colour = red") >= 1


def test_where_nothing_is_planted_little_is_found() -> None:
    rng = np.random.default_rng(5)
    n_found = [len(worst_slices(made(600, rng, worse=0.0)).slices) for _ in range(40)]
    # Corrected at 5 %: any slice at all in about one table of twenty.
    assert np.mean([n > 0 for n in n_found]) <= 0.15


def test_slices_by_a_column_have_the_metric_of_their_rows(rng: np.random.Generator) -> None:
    p = made(500, rng, worse=1.0)
    found = slices_by(p, ["colour"], metric="accuracy")
    colours = p.table.column("colour").strings()
    by_name = {s.rows: s for s in found.slices}
    for name in ("red", "green", "blue"):
        rows = colours == name
        hits = p.answers.argmax(axis=1)[rows] == p.truth[rows]
        assert by_name[f"colour = {name}"].metric.value == pytest.approx(hits.mean())
        assert by_name[f"colour = {name}"].n_rows == rows.sum()


def test_slices_by_two_columns_and_small_ones_left_out(rng: np.random.Generator) -> None:
    p = made(300, rng, worse=0.0)
    found = slices_by(p, ["colour", "size"], min_rows=20)
    assert all(s.n_rows >= 20 and s.columns == ("colour", "size") for s in found.slices)
    assert any("left out" in note for note in found.notes) == (sum(s.n_rows for s in found.slices) < 300)


def test_every_kind_of_column_is_cut_and_missing_is_a_slice_of_its_own(rng: np.random.Generator) -> None:
    n = 400
    columns = {
        "date": [f"20{10 + i % 9}-0{1 + i % 8}-11" for i in range(n)],
        "flag": [i % 2 == 0 for i in range(n)],
        "number": [math.nan if i % 4 == 0 else float(i) for i in range(n)],
        "few": [i % 3 for i in range(n)],
        "level": ["" if i % 5 == 0 else f"v{i % 30}" for i in range(n)],
    }
    table: Table = read(columns)
    p = dataclasses.replace(of_values(rng.normal(size=n), np.zeros(n)), table=table)
    labels = {name: [s.rows for s in slices_by(p, [name], min_rows=2).slices] for name in columns}
    assert "number missing" in labels["number"] and "level missing" in labels["level"]
    assert any("rarer" in label for label in labels["level"])
    assert labels["few"] == ["few = 0", "few = 1", "few = 2"]
    assert labels["date"][0].startswith("date 2010-01-11 to")
    assert {s.lower() for s in labels["flag"]} == {"flag = false", "flag = true"}
    for name in columns:
        assert sum(s.n_rows for s in slices_by(p, [name], min_rows=2).slices) == n


def test_the_test_is_welchs(rng: np.random.Generator) -> None:
    a, b = rng.exponential(size=40), 0.7 * rng.normal(size=300) + 0.8
    effect, p_value = welch((a.mean(), a.var(ddof=1), 40), (b.mean(), b.var(ddof=1), 300))
    exact = ttest_ind(a, b, equal_var=False, alternative="greater")
    assert p_value == pytest.approx(exact.pvalue, rel=0.02)
    both = ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    assert (effect.low, effect.high) == pytest.approx((both.low, both.high), rel=0.02)
    assert math.isnan(welch((0.0, 0.0, 1.0), (0.0, 0.0, 5.0))[1])


def test_the_correction_is_that_of_benjamini_and_hochberg(rng: np.random.Generator) -> None:
    p_values = rng.random(50) ** 3
    assert benjamini_hochberg(p_values) == pytest.approx(false_discovery_control(p_values))
    assert len(benjamini_hochberg(np.zeros(0))) == 0


def test_it_comes_back_from_json(rng: np.random.Generator) -> None:
    found = worst_slices(made(800, rng, worse=1.0), most=2)
    assert Slices.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found
    assert len(found.to_columns()["rows"]) == len(found.slices) <= 2


def test_arrays_alone_have_no_slices_and_columns_must_exist(rng: np.random.Generator) -> None:
    with pytest.raises(SpecError, match="Give a model and a table"):
        worst_slices(of_values([1.0, 2.0], [1.0, 2.0]))
    with pytest.raises(SchemaError, match="Did you mean 'colour'"):
        slices_by(made(50, rng, worse=0.0), ["color"])


def test_a_perfect_model_has_no_worst_slice(rng: np.random.Generator) -> None:
    values = rng.normal(size=200)
    p = dataclasses.replace(of_values(values, values), table=read({"a": values}))
    found = worst_slices(p)
    assert found.slices == () and "more than chance" in found.notes[-1]
    assert str(found)


def test_where_the_model_says_that_it_is_unsure_it_does_not_surprise(rng: np.random.Generator) -> None:
    group = rng.choice(["sure", "unsure", "wrong"], 3000)
    said = np.where(group == "unsure", 0.5, 0.95)
    truth = rng.random(3000) < np.where(group == "wrong", 0.7, said)
    p = dataclasses.replace(of_classes(truth, said), table=read({"group": group.tolist()}))
    assert worst_slices(p).slices[0].rows == "group = unsure"
    assert [s.rows for s in worst_slices(p, by="surprise").slices] == ["group = wrong"]
    with pytest.raises(SpecError, match="by='loss'"):
        worst_slices(
            dataclasses.replace(of_values([1.0, 2.0], [1.0, 2.0]), table=p.table.take(np.arange(2))), by="surprise"
        )
