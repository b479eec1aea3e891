"""Intervals and sets end to end: they hold the truth as often as promised, in the file, in bulk and for one row."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner

import modelwright as mw
from modelwright.cli.program import program
from modelwright.core.errors import FileRefusedError, SpecError
from modelwright.core.spec import Budget, FitSpec
from modelwright.modelfile.audit import audit
from modelwright.modelfile.manifest import Manifest

Rows = dict[str, Any]
ONE = Budget(trials=1)


def numbers(n: int, rng: np.random.Generator, spread: float) -> Rows:
    """Rows with noise of the same size everywhere, or growing with the first column where `spread` is not zero."""
    a, b = rng.uniform(0, 2, (2, n))
    noise = rng.normal(size=n) * (0.3 + spread * a**2)
    return {"a": a, "b": b, "where": rng.choice(["north", "south"], n), "y": 3 * a - b + noise}


def classes(n: int, rng: np.random.Generator, names: str) -> Rows:
    x = rng.normal(size=(4, n))
    margins = 1.2 * np.vstack([x[k] + 0.3 * x[k - 1] for k in range(len(names))])
    drawn = (margins + rng.gumbel(size=margins.shape)).argmax(axis=0)
    return {f"x{k}": x[k] for k in range(4)} | {"y": np.array(list(names))[drawn]}


def features(rows: Rows) -> Rows:
    return {name: cells for name, cells in rows.items() if name != "y"}


def share_of_truths(model: mw.Model, rows: Rows) -> float:
    members = model.predict_membership(features(rows))
    return float(np.mean(members[np.arange(len(members)), np.searchsorted(model.classes, rows["y"])]))


@pytest.fixture(scope="module")
def uneven() -> mw.Model:
    return mw.fit(numbers(1500, np.random.default_rng(1), 1.0), "y", budget=ONE)


@pytest.fixture(scope="module")
def four() -> mw.Model:
    return mw.fit(classes(1500, np.random.default_rng(2), "abcd"), "y", budget=ONE)


def test_noise_of_one_size_is_covered_by_a_band_of_one_width(rng: np.random.Generator) -> None:
    model = mw.fit(numbers(1500, rng, 0.0), "y", budget=ONE)
    fresh = numbers(6000, rng, 0.0)
    lower, upper = model.predict_interval(features(fresh))
    assert 0.87 < np.mean((lower <= fresh["y"]) & (fresh["y"] <= upper)) < 0.93
    assert model.interval is not None and model.interval["method"] == "absolute residuals"
    np.testing.assert_allclose(upper - lower, 2 * 1.645 * 0.3, rtol=0.1)


def test_uneven_noise_is_covered_by_learned_quantiles(uneven: mw.Model, rng: np.random.Generator) -> None:
    fresh = numbers(6000, rng, 1.0)
    lower, upper = uneven.predict_interval(features(fresh))
    inside = (lower <= fresh["y"]) & (fresh["y"] <= upper)
    assert 0.87 < np.mean(inside) < 0.93
    assert uneven.interval is not None
    assert uneven.interval["method"] == "conformalised quantile regression"
    assert uneven.interval["coverage"]["low"] < 0.9 < uneven.interval["coverage"]["high"]
    loud, quiet = fresh["a"] > 1.5, fresh["a"] < 0.5
    assert np.mean((upper - lower)[loud]) > 3 * np.mean((upper - lower)[quiet])
    assert min(np.mean(inside[loud]), np.mean(inside[quiet])) > 0.8
    predicted = uneven.predict(features(fresh))
    assert (lower <= predicted).all() and (predicted <= upper).all()


@pytest.mark.parametrize("names", ["ab", "abcd"])
def test_sets_hold_the_class(names: str, rng: np.random.Generator, four: mw.Model) -> None:
    model = four if names == "abcd" else mw.fit(classes(1500, rng, names), "y", budget=ONE)
    fresh = classes(6000, rng, names)
    assert 0.87 < share_of_truths(model, fresh) < 0.93
    sets = model.predict_set(features(fresh))
    assert all(label in found for label, found in zip(model.predict(features(fresh)).tolist(), sets, strict=True))
    assert model.interval is not None
    assert np.mean([len(found) for found in sets]) == pytest.approx(model.interval["mean_size"], rel=0.1)


def test_every_class_is_covered_where_asked(rng: np.random.Generator) -> None:
    def skewed(n: int) -> Rows:
        x = rng.normal(size=n)
        return {"x": x, "y": np.where(x + rng.normal(size=n) > 1.8, "rare", "usual")}

    rows, fresh = skewed(2500), skewed(12000)
    model = mw.fit(rows, "y", budget=ONE, spec=FitSpec(interval_groups="y"))
    rare = fresh["y"] == "rare"
    assert 0.85 < share_of_truths(model, {name: cells[rare] for name, cells in fresh.items()}) < 0.95
    assert share_of_truths(model, {name: cells[~rare] for name, cells in fresh.items()}) > 0.87
    plain = mw.fit(rows, "y", budget=ONE)
    assert share_of_truths(plain, {name: cells[rare] for name, cells in fresh.items()}) < 0.7
    assert model.interval is not None
    assert [entry["group"] for entry in model.interval["limits"]] == ["rare", "usual"]


def test_every_group_is_covered_where_asked(rng: np.random.Generator) -> None:
    def rows(n: int) -> Rows:
        place = rng.choice(["calm", "wild"], n, p=[0.7, 0.3])
        x = rng.normal(size=n)
        return {"x": x, "place": place, "y": x + rng.normal(size=n) * np.where(place == "wild", 3.0, 0.3)}

    model = mw.fit(rows(450), "y", budget=ONE, spec=FitSpec(interval_groups="place"))
    fresh = rows(6000)
    lower, upper = model.predict_interval(features(fresh))
    inside, wild = (lower <= fresh["y"]) & (fresh["y"] <= upper), fresh["place"] == "wild"
    assert 0.85 < np.mean(inside[wild]) < 0.95 and 0.85 < np.mean(inside[~wild]) < 0.95
    # A place never seen has the limit of all rows.
    low, high = model.predict_interval({"x": 0.0, "place": "elsewhere"})
    assert model.interval is not None
    assert high - low == pytest.approx(2 * model.interval["limits"][-1]["limit"])


def test_one_row_has_the_answer_of_the_bulk(uneven: mw.Model, four: mw.Model, rng: np.random.Generator) -> None:
    rows = features(numbers(5, rng, 1.0))
    lower, upper = uneven.predict_interval(rows)
    alone = [uneven.predict_interval({name: cells[i] for name, cells in rows.items()}) for i in range(5)]
    np.testing.assert_array_equal(np.array(alone), np.column_stack([lower, upper]))
    rows = features(classes(5, rng, "abcd"))
    assert [four.predict_set({k: v[i] for k, v in rows.items()}) for i in range(5)] == four.predict_set(rows)


def test_frames_and_empty_tables_are_answered_in_kind(uneven: mw.Model, four: mw.Model) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(features(numbers(3, np.random.default_rng(0), 1.0)), index=[7, 8, 9])
    lower, upper = uneven.predict_interval(frame)
    assert (lower.name, upper.name, upper.index.tolist()) == ("lower", "upper", [7, 8, 9])
    assert [len(end) for end in uneven.predict_interval(frame[:0])] == [0, 0]
    assert four.predict_set(pandas.DataFrame({f"x{k}": [0.5][:0] for k in range(4)})) == []


def test_any_onnx_runtime_gives_the_same(uneven: mw.Model, four: mw.Model, rng: np.random.Generator) -> None:
    for model, rows, names in (
        (uneven, numbers(50, rng, 1.0), ["prediction", "lower", "upper"]),
        (four, classes(50, rng, "abcd"), ["label", "probabilities", "set"]),
    ):
        session = onnxruntime.InferenceSession(model.to_bytes())
        assert [o.name for o in session.get_outputs()] == names
        found = session.run(None, {i.name: rows[i.name].reshape(-1, 1) for i in session.get_inputs()})
        if model is four:
            np.testing.assert_array_equal(found[2], model.predict_membership(features(rows)))
        else:
            np.testing.assert_array_equal(found[1:], model.predict_interval(features(rows)))


def test_the_ends_are_proven_and_the_bytes_repeat(uneven: mw.Model) -> None:
    again = mw.fit(numbers(1500, np.random.default_rng(1), 1.0), "y", budget=ONE)
    assert again.to_bytes() == uneven.to_bytes()
    assert uneven.parity["largest_difference"] < 1e-9


def test_plain_predictions_do_not_run_the_quantiles(uneven: mw.Model) -> None:
    from modelwright.modelfile.excerpt import excerpt

    assert len(excerpt(uneven.to_bytes(), ["prediction"])) < 0.5 * len(excerpt(uneven.to_bytes(), ["lower", "upper"]))


@pytest.mark.parametrize(
    "rows",
    [
        {"x": list(range(10)), "y": [v + 0.5 for v in range(10)]},
        {"x": [0.0, 1.0] * 20, "y": [1.5, 2.25] * 20},
        {"x": list(range(4)), "y": [0.1, 5.3, 2.2, 9.7]},
        {"x": [float(v % 97) / 7 for v in range(600)], "y": [2.5] * 599 + [7.5]},
        {"x": list(range(10)), "y": ["a", "b"] * 5},
        {"x": [0.5, 1.5, 1.5, 0.5, 2.5], "y": ["a", "b", "b", "a", "b"]},
    ],
    ids=[
        "ten rows",
        "no residuals",
        "four rows",
        "one answer but once",
        "ten rows of classes",
        "five rows of classes",
    ],
)
def test_degenerate_tables_have_some_interval(rows: Rows) -> None:
    model = mw.fit(rows, "y", budget=ONE)
    assert model.interval is not None
    if model.classes:
        assert all(model.predict_set({"x": rows["x"]}))
        return
    lower, upper = model.predict_interval({"x": rows["x"]})
    predicted = model.predict({"x": rows["x"]})
    assert np.isfinite([lower, upper]).all() and (lower <= predicted).all() and (predicted <= upper).all()


def test_repeats_weights_groups_and_time_are_lived_with(rng: np.random.Generator) -> None:
    rows = numbers(120, rng, 0.0) | {"w": rng.uniform(1, 2, 120), "g": np.arange(120) // 4, "t": np.arange(120)}
    for spec in (FitSpec(weight="w"), FitSpec(groups="g"), FitSpec(time="t", drop=("g", "w"))):
        model = mw.fit(rows, "y", budget=ONE, spec=spec)
        assert model.interval is not None and 0.8 < model.interval["coverage"]["value"] <= 1.0
    assert "time" in model.interval["promise"]


def test_a_file_without_intervals_opens_and_says_how_to_get_them(small_file: Callable[..., bytes]) -> None:
    rows = numbers(60, np.random.default_rng(0), 0.0)
    model = mw.fit(rows, "y", budget=ONE, spec=FitSpec(interval=None))
    assert model.interval is None and "interval" not in model.manifest.to_json()
    with pytest.raises(SpecError, match=r"no intervals.*FitSpec"):
        model.predict_interval(features(rows))
    with pytest.raises(SpecError, match="no sets of classes"):
        mw.Model.open(small_file("binary")).predict_set({"age": 1.0, "member": None, "city": "", "since": None})


def test_the_wrong_question_names_the_right_one(uneven: mw.Model, four: mw.Model) -> None:
    with pytest.raises(SpecError, match="Use predict_interval"):
        uneven.predict_set({})
    with pytest.raises(SpecError, match="Use predict_set"):
        four.predict_interval({})


def test_outputs_step_aside_for_columns_of_their_names(rng: np.random.Generator) -> None:
    rows = numbers(60, rng, 0.0)
    model = mw.fit({"lower": rows["a"], "upper": rows["b"], "y": rows["y"]}, "y", budget=ONE)
    lower, upper = model.predict_interval({"lower": 1.0, "upper": 1.0})
    assert lower < upper


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (FitSpec(interval=1.0), "level 1"),
        (FitSpec(interval_groups="absent"), "'absent' as a feature"),
        (FitSpec(interval_groups="y"), "'y' as a feature"),
        (FitSpec(interval_groups="a", drop=("a",)), "'a' as a feature"),
    ],
)
def test_a_wish_without_sense_is_refused_before_anything_is_learned(spec: FitSpec, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        mw.fit(numbers(60, np.random.default_rng(0), 0.0), "y", budget=ONE, spec=spec)


def test_the_audit_holds_outputs_against_the_manifest(uneven: mw.Model) -> None:
    from modelwright.core.graph import Graph
    from modelwright.modelfile.encode import encode
    from modelwright.modelfile.manifest import documents

    graph = Graph()
    tensor = graph.input("a", "double")
    graph.output("prediction", graph.op("Reshape", tensor, graph.constant([-1])), "double", (None,))
    schema = uneven.schema.select(["a"])
    with pytest.raises(FileRefusedError, match="prediction, lower, upper"):
        audit(encode(graph, documents(uneven.manifest, schema)))
    audit(encode(graph, documents(replace(uneven.manifest, interval=None), schema)))


@pytest.mark.parametrize("interval", [{}, {"level": 1.5}, {"level": "high"}, [0.9]])
def test_a_manifest_with_an_interval_of_no_level_is_refused(uneven: mw.Model, interval: Any) -> None:
    value = json.loads(json.dumps(uneven.manifest.to_json())) | {"interval": interval}
    with pytest.raises(FileRefusedError, match="interval"):
        Manifest.from_json(value)


def test_the_command_adds_the_columns_and_knows_the_level(uneven: mw.Model, four: mw.Model, tmp_path: Path) -> None:
    rng, run = np.random.default_rng(3), CliRunner()
    for model, rows, columns in (
        (uneven, numbers(20, rng, 1.0), ["prediction", "lower", "upper"]),
        (four, classes(20, rng, "abcd"), ["label", *(f"probability_{c}" for c in "abcd"), "set"]),
    ):
        model.save(tmp_path / "m.onnx")
        data = tmp_path / "d.csv"
        with data.open("w", encoding="utf-8", newline="") as stream:
            lines = csv.writer(stream)
            lines.writerow(rows)
            lines.writerows(zip(*rows.values(), strict=True))
        found = run.invoke(program, ["predict", str(tmp_path / "m.onnx"), str(data), "--interval", "0.9"])
        assert found.exit_code == 0, found.stderr
        written = list(csv.DictReader(io.StringIO(found.stdout)))
        assert list(written[0]) == columns
        if model is four:
            assert [json.loads(row["set"]) for row in written] == model.predict_set(features(rows))
        else:
            np.testing.assert_array_equal(
                [float(r["upper"]) for r in written], model.predict_interval(features(rows))[1]
            )
        refused = run.invoke(program, ["predict", str(tmp_path / "m.onnx"), str(data), "--interval", "0.8"])
        assert refused.exit_code == 2
        assert "level 0.9, not 0.8" in refused.stderr


def test_the_fit_command_takes_level_and_groups(tmp_path: Path) -> None:
    data, place, run = tmp_path / "d.csv", str(tmp_path / "m.onnx"), CliRunner()
    data.write_text("x,y\n" + "\n".join(f"{v % 7},{'ab'[v % 7 > v % 5]}" for v in range(120)), encoding="utf-8")
    fit = ["fit", str(data), "-t", "y", "--trials", "1", "-o", place, "-q", "--interval"]
    assert run.invoke(program, [*fit, "0.8", "--interval-groups", "y"]).exit_code == 0
    found = mw.load(place).interval
    assert found is not None and (found["level"], found["groups"]) == (0.8, "y")
    assert run.invoke(program, [*fit, "0"]).exit_code == 0
    assert mw.load(place).interval is None
    assert run.invoke(program, [*fit, "1.5"]).exit_code == 2
