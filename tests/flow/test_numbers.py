"""Counts and quantiles end to end: through the file, every verb, the commands and a server."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner, Result

import modelwright as mw
from modelwright.cli.program import program
from modelwright.core.errors import DataError, SpecError
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.task import Task
from modelwright.modelfile.audit import audit
from modelwright.serve.app import application
from modelwright.serve.settings import Settings

Rows = dict[str, Any]
QUANTILES = (0.1, 0.5, 0.9)
ROW = {"x": 0.3, "z": 2.0, "c": "a"}


def rows_of(n: int, seed: int) -> tuple[Rows, np.ndarray]:
    """Counts in "visits" and a skewed quantity in "cost", and what the counts are on average."""
    rng = np.random.default_rng(seed)
    x, z, c = rng.normal(size=n), rng.uniform(0, 3, n), rng.choice(list("abc"), n)
    mean = np.exp(0.3 * x + 0.6 * z - 0.5 + 0.5 * (c == "a"))
    return {
        "x": x,
        "z": z,
        "c": c,
        "visits": rng.poisson(mean).astype(float),
        "cost": 2 * z + (1 + z) * rng.exponential(size=n),
    }, mean


def only(rows: Rows, target: str) -> Rows:
    return {name: cells for name, cells in rows.items() if name in ("x", "z", "c", target)}


@pytest.fixture(scope="module")
def fresh() -> tuple[Rows, np.ndarray]:
    return rows_of(2_000, 8)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, mw.Model]:
    """One model of each kind, with its file."""
    place, (rows, _) = tmp_path_factory.mktemp("numbers"), rows_of(400, 7)
    specs = {"visits": FitSpec(task="count"), "cost": FitSpec(quantiles=QUANTILES)}
    return {
        name: mw.fit(only(rows, name), name, budget=Budget(trials=2), spec=spec, out=place / f"{name}.onnx")
        and mw.load(place / f"{name}.onnx")
        for name, spec in specs.items()
    }


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(program, [str(a) for a in arguments])
    assert result.exit_code == 0, result.stderr
    return result


def written(folder: Path, rows: Rows) -> Path:
    place = folder / "rows.csv"
    with place.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(rows)
        lines.writerows(zip(*(np.asarray(v).tolist() for v in rows.values()), strict=True))
    return place


class TestCounts:
    def test_the_file_answers_with_the_mean_count(self, models: dict[str, mw.Model], fresh: Any) -> None:
        model, (rows, mean) = models["visits"], fresh
        answers = model.predict(rows)
        assert model.task == Task("count")
        assert (answers > 0).all()
        assert np.corrcoef(np.log(answers), np.log(mean))[0, 1] > 0.9
        assert answers.mean() == pytest.approx(rows["visits"].mean(), rel=0.1)
        assert model.predict(ROW) == pytest.approx(model.predict([ROW])[0], rel=1e-12)

    def test_any_runtime_gives_the_same(self, models: dict[str, mw.Model]) -> None:
        session = onnxruntime.InferenceSession(models["visits"].to_bytes(), providers=["CPUExecutionProvider"])
        inputs: dict[str, Any] = {"x": np.array([[0.3]]), "z": np.array([[2.0]]), "c": np.array([["a"]], dtype=object)}
        answer = session.run(["prediction"], {i.name: inputs[i.name] for i in session.get_inputs()})[0]
        assert answer.shape == (1,)
        assert answer[0] == pytest.approx(models["visits"].predict(ROW), rel=1e-12)

    def test_it_is_judged_by_the_poisson_deviance(self, models: dict[str, mw.Model], fresh: Any) -> None:
        rows, mean = fresh
        found = mw.evaluate(models["visits"], only(rows, "visits"))
        counts = rows["visits"]
        best = 2 * np.mean(counts * np.log(np.where(counts > 0, counts, 1.0) / mean) - counts + mean)
        assert found.metric == "poisson_deviance"
        assert best < found.main.value < 1.25 * best
        assert found.measure("d2_poisson").value > 0.3

    def test_its_interval_holds_the_truth_and_is_not_below_zero(self, models: dict[str, mw.Model], fresh: Any) -> None:
        rows, _ = fresh
        model = models["visits"]
        lower, upper = model.predict_interval(rows)
        assert model.interval is not None
        assert model.interval["method"] == "Pearson residuals"
        assert np.mean((lower <= rows["visits"]) & (rows["visits"] <= upper)) == pytest.approx(0.9, abs=0.04)
        assert lower.min() >= 0
        assert (upper - lower)[model.predict(rows) > 5].min() > (upper - lower)[model.predict(rows) < 1].max()

    def test_features_so_extreme_that_the_count_is_beyond_counting_give_a_number(
        self, models: dict[str, mw.Model]
    ) -> None:
        extreme = {"x": [1e300, -1e300], "z": [1e300, -1e300], "c": ["a", ""]}
        assert np.isfinite(models["visits"].predict(extreme)).all()

    def test_a_negative_count_is_refused_with_its_row(self) -> None:
        with pytest.raises(DataError, match="'y' is -2 in row 3, and counts are not negative"):
            mw.fit({"a": [1.0, 2, 3, 4], "y": [0.0, 1, -2, 5]}, "y", spec=FitSpec(task="count"))

    def test_whole_numbers_with_many_zeros_are_told_to_be_counts_perhaps(self) -> None:
        rows, _ = rows_of(90, 3)
        events: list[Any] = []
        rows["visits"] = np.floor(rows["visits"] / 3) * 37
        model = mw.fit(only(rows, "visits"), "visits", budget=Budget(trials=1), listeners=[events.append])
        assert model.task == Task("regression")
        assert any("--task count" in str(event) for event in events)


class TestQuantiles:
    def test_the_file_has_a_column_per_quantile_in_order(self, models: dict[str, mw.Model], fresh: Any) -> None:
        model, (rows, _) = models["cost"], fresh
        found = model.predict_quantiles(rows)
        assert found.shape == (2_000, 3)
        assert (np.diff(found, axis=1) >= 0).all()
        assert (model.predict(rows) == found[:, 1]).all()
        reached = np.mean(rows["cost"][:, None] <= found, axis=0)
        assert reached == pytest.approx(QUANTILES, abs=0.07)

    def test_one_row_is_as_many(self, models: dict[str, mw.Model]) -> None:
        one = models["cost"].predict_quantiles(ROW)
        assert list(one) == list(QUANTILES)
        assert list(one.values()) == pytest.approx(models["cost"].predict_quantiles([ROW])[0].tolist(), rel=1e-12)

    def test_frames_come_back_as_frames(self, models: dict[str, mw.Model]) -> None:
        pandas = pytest.importorskip("pandas")
        found = models["cost"].predict_quantiles(pandas.DataFrame([ROW], index=[7]))
        assert list(found.columns) == ["q0.1", "q0.5", "q0.9"]
        assert list(found.index) == [7]

    def test_quantiles_that_cross_inside_are_sorted_by_the_graph(self, models: dict[str, mw.Model]) -> None:
        assert "TopK" in _operators(models["cost"])
        far = {"x": np.linspace(-50, 50, 200), "z": np.linspace(-50, 50, 200), "c": ["a", "?"] * 100}
        assert (np.diff(models["cost"].predict_quantiles(far), axis=1) >= 0).all()

    def test_it_is_judged_by_the_pinball_loss(self, models: dict[str, mw.Model], fresh: Any) -> None:
        rows, _ = fresh
        found = mw.evaluate(models["cost"], only(rows, "cost"))
        gap = rows["cost"][:, None] - models["cost"].predict_quantiles(rows)
        expected = np.maximum(np.array(QUANTILES) * gap, (np.array(QUANTILES) - 1) * gap).mean()
        assert found.metric == "mean_pinball"
        assert found.main.value == pytest.approx(expected, rel=1e-9)
        assert found.measure("median_error").value == pytest.approx(np.abs(gap[:, 1]).mean(), rel=1e-9)
        assert any(note.startswith("Share of truths up to each quantile: 0.1: ") for note in found.notes)

    def test_it_has_no_intervals_and_says_why(self, models: dict[str, mw.Model]) -> None:
        assert models["cost"].interval is None
        with pytest.raises(SpecError, match="predict_quantiles"):
            models["cost"].predict_interval(ROW)
        with pytest.raises(SpecError, match="predicts no quantiles"):
            models["visits"].predict_quantiles(ROW)

    @pytest.mark.parametrize(
        ("spec", "told"),
        [
            (FitSpec(quantiles=(0.5, 1.0)), "between 0 and 1"),
            (FitSpec(task="regression", quantiles=(0.5,)), "do not go together"),
            (FitSpec(quantiles=(0.5,), interval_groups="c"), "no intervals"),
            (FitSpec(quantiles=(0.5,), metric="rmse"), "mean_pinball"),
        ],
    )
    def test_wishes_that_make_no_sense_are_refused(self, spec: FitSpec, told: str) -> None:
        with pytest.raises(SpecError, match=told):
            mw.fit(only(rows_of(60, 1)[0], "cost"), "cost", budget=Budget(trials=1), spec=spec)


def _operators(model: mw.Model) -> list[str]:
    onnx = pytest.importorskip("onnx")
    return [node.op_type for node in onnx.load_from_string(model.to_bytes()).graph.node]


@pytest.mark.parametrize("name", ["visits", "cost"])
class TestEveryVerb:
    def test_explains_reports_and_verifies(
        self, name: str, models: dict[str, mw.Model], fresh: Any, tmp_path: Path
    ) -> None:
        model, rows = models[name], only({k: v[:150] for k, v in fresh[0].items()}, name)
        explained = mw.explain(model, rows)
        assert explained.to_json()
        place = written(tmp_path, rows)
        page = tmp_path / "report.html"
        run("report", model.path, place, "-o", page)
        text = page.read_text(encoding="utf-8")
        assert "Poisson deviance" in text if name == "visits" else "Mean pinball loss" in text
        checked = json.loads(run("verify", model.path, place, "--json").stdout)
        assert checked["passed"]

    def test_is_evaluated_compared_and_sliced_by_the_commands(
        self, name: str, models: dict[str, mw.Model], fresh: Any, tmp_path: Path
    ) -> None:
        model, rows = models[name], only({k: v[:150] for k, v in fresh[0].items()}, name)
        place = written(tmp_path, rows)
        found = json.loads(run("evaluate", model.path, place, "--json").stdout)
        assert found["metric"] == model.metric
        same = json.loads(run("compare", model.path, model.path, place, "--json").stdout)
        assert same["agreement"] == pytest.approx(1.0)
        assert json.loads(run("fairness", model.path, place, "--sensitive", "c", "--json").stdout)

    def test_predict_writes_its_columns(
        self, name: str, models: dict[str, mw.Model], fresh: Any, tmp_path: Path
    ) -> None:
        model, rows = models[name], only({k: v[:20] for k, v in fresh[0].items()}, name)
        lines = list(csv.DictReader(io.StringIO(run("predict", model.path, written(tmp_path, rows), "-q").stdout)))
        expected = ["prediction", "q0.1", "q0.5", "q0.9"] if name == "cost" else ["prediction"]
        assert list(lines[0]) == expected
        given = np.array([[float(line[c]) for c in expected] for line in lines])
        np.testing.assert_allclose(given[:, 0], model.predict(rows), rtol=1e-12)
        if name == "cost":
            np.testing.assert_allclose(given[:, 1:], model.predict_quantiles(rows), rtol=1e-12)

    def test_is_served(self, name: str, models: dict[str, mw.Model], served: Callable[..., Any]) -> None:
        model = models[name]
        client = type(served())(application({"m": model}, Settings(log_level="error")))
        rows = [ROW, {"x": None, "z": 1.0, "c": "never seen"}]
        found = client.post("/predict", json=rows).json()["predictions"]
        assert [row["prediction"] for row in found] == pytest.approx(model.predict(rows).tolist(), rel=1e-12)
        one = client.post("/predict", json=[ROW]).json()["predictions"][0]
        assert one == {key: pytest.approx(value, rel=1e-12) for key, value in found[0].items()}
        tensors = [
            {
                "name": c.name,
                "datatype": "BYTES" if c.dtype == "string" else "FP64",
                "shape": [1],
                "data": [ROW[c.name]],
            }
            for c in model.schema
        ]
        outputs = client.post("/v2/models/m/infer", json={"inputs": tensors}).json()["outputs"]
        assert outputs[0]["data"] == pytest.approx([one["prediction"]], rel=1e-12)
        if name == "cost":
            assert [one[q] for q in ("q0.1", "q0.5", "q0.9")] == pytest.approx(outputs[1]["data"], rel=1e-12)
            assert outputs[1]["shape"] == [1, 3]

    def test_its_task_comes_back_from_the_file(self, name: str, models: dict[str, mw.Model]) -> None:
        task = audit(models[name].to_bytes()).manifest.task
        assert task == Task.from_json(task.to_json()) == models[name].task


def test_quantiles_are_asked_for_on_the_command_line(tmp_path: Path) -> None:
    place = written(tmp_path, only(rows_of(80, 2)[0], "cost"))
    document = json.loads(
        run(
            "fit", place, "-t", "cost", "--trials", 1, "-o", tmp_path / "m.onnx", "--no-report", "-q", "--json",
            "--quantiles", "0.9,0.2",
        ).stdout
    )  # fmt: skip
    assert document["task"] == {"name": "quantile", "classes": [], "quantiles": [0.2, 0.9]}
    assert mw.load(tmp_path / "m.onnx").task.quantile_names == ("q0.2", "q0.9")
