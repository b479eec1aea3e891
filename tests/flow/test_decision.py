"""A decision goes from the wish through the file to every door."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner, Result

from modelwright.api import evaluate, fit, load
from modelwright.cli.program import program
from modelwright.core.decision import Decision
from modelwright.core.spec import Budget, FitSpec
from modelwright.estimators.classifier import Classifier
from modelwright.insight.compare import compare
from modelwright.insight.confusion import confusion
from modelwright.insight.counterfactual import counterfactuals
from modelwright.insight.predictions import predictions_of
from modelwright.model.hostile import hostile_rows
from modelwright.model.model import Model
from modelwright.serve.given import from_records
from modelwright.serve.scoring import Scorer

COSTS = {"c>a": 9, "c>b": 6}


def rows(n_rows: int, seed: int, classes: tuple[str, ...]) -> dict[str, list[Any]]:
    rng = np.random.default_rng(seed)
    x, city = rng.normal(size=n_rows), rng.choice(["Bonn", "Köln"], n_rows)
    codes = np.digitize(x + (city == "Bonn") + rng.normal(size=n_rows), (1.3, 2.2)[: len(classes) - 1])
    return {"x": x.tolist(), "city": city.tolist(), "y": [classes[code] for code in codes]}


def run(words: list[str]) -> Result:
    result = CliRunner().invoke(program, words)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def three() -> Model:
    return fit(rows(400, 0, ("a", "b", "c")), target="y", budget=Budget(trials=2), spec=FitSpec(cost=COSTS))


@pytest.fixture(scope="module")
def two() -> Model:
    spec = FitSpec(metric="f1")
    return fit(rows(400, 1, ("no", "yes")), target="y", budget=Budget(trials=2), spec=spec)


@pytest.mark.parametrize("name", ["two", "three"])
def test_every_door_gives_the_label_of_the_decision(name: str, request: pytest.FixtureRequest) -> None:
    model: Model = request.getfixturevalue(name)
    assert model.task.decision is not None
    table = hostile_rows(model.schema, 300, 5)
    shares = model.predict_proba(table)
    expected = model.task.labels(model.task.decide(shares)).tolist()
    assert expected != model.task.labels(shares.argmax(axis=1)).tolist()
    assert model.predict(table).tolist() == expected
    session = onnxruntime.InferenceSession(model.to_bytes())
    assert session.run(["label"], {c.name: c.feed() for c in table.columns})[0].tolist() == expected
    records = [{"x": float(x), "city": "Bonn"} for x in np.linspace(-3, 3, 41)]
    wanted = model.predict(records).tolist()
    assert [model.predict(record) for record in records] == wanted
    assert len(set(wanted)) > 1


def test_a_threshold_for_f1_is_in_the_file_and_its_score_is_of_its_labels(two: Model) -> None:
    decision = two.task.decision
    assert decision is not None
    assert decision.metric == "f1"
    assert decision.threshold is not None
    assert two.manifest.format == 1
    assert two.manifest.to_json()["task"]["decision"] == decision.to_json()
    labelled = rows(600, 9, ("no", "yes"))
    found = evaluate(two, labelled)
    given, meant = two.predict(labelled), np.array(labelled["y"])
    hits = ((given == "yes") & (meant == "yes")).sum()
    assert found.measure("f1").value == pytest.approx(2 * hits / ((given == "yes").sum() + (meant == "yes").sum()))
    counted = confusion(predictions_of(two, labelled))
    assert counted.threshold == decision.threshold
    assert counted.cells == found.confusion
    assert counted.rule.startswith("'yes' from")
    assert "expected_cost" not in [m.name for m in found.metrics]
    assert two.evaluation is not None
    assert two.evaluation["metric"] == "f1"


def test_costs_are_scored_from_the_file_alone(three: Model) -> None:
    labelled = rows(500, 9, ("a", "b", "c"))
    found = evaluate(Model.open(three.to_bytes()), labelled).measure("expected_cost")
    assert three.task.decision is not None
    given, meant = three.predict(labelled), labelled["y"]
    prices = [
        1.0 * (m != g) if f"{m}>{g}" not in COSTS else COSTS[f"{m}>{g}"] for m, g in zip(meant, given, strict=True)
    ]
    assert found.value == pytest.approx(np.mean(prices))
    assert found.low < found.value < found.high
    assert not found.greater_is_better
    usual = replace(predictions_of(three, labelled), given=three.predict_proba(labelled).argmax(axis=1))
    matrix = np.array(three.task.decision.costs)
    assert found.value < matrix[usual.truth, usual.labels].mean()
    assert "expected_cost" in [m["name"] for m in (three.evaluation or {})["metrics"]]


def test_probabilities_are_those_of_a_fit_without_costs(three: Model) -> None:
    plain = fit(rows(400, 0, ("a", "b", "c")), target="y", budget=Budget(trials=2))
    table = hostile_rows(plain.schema, 100, 2)
    np.testing.assert_array_equal(plain.predict_proba(table), three.predict_proba(table))
    assert plain.task.decision is None
    both = compare(plain, three, rows(300, 8, ("a", "b", "c")))
    assert 0 < both.agreement < 1
    assert next(d for d in both.differences if d.name == "log_loss").change.value == 0
    assert next(d for d in both.differences if d.name == "accuracy").change.value != 0


def test_a_server_answers_by_the_decision(three: Model) -> None:
    records = [{"x": float(x), "city": "Köln"} for x in np.linspace(-3, 3, 25)]
    scorer, wanted = Scorer(three), three.predict(records).tolist()
    assert scorer.answer(from_records(records, three.schema, 100)).labels == wanted
    assert [scorer.answer(from_records([r], three.schema, 100)).labels[0] for r in records] == wanted


def test_what_would_change_the_answer_is_asked_of_the_decision(two: Model) -> None:
    shares = {x: two.predict_proba({"x": x, "city": "Köln"})["yes"] for x in np.linspace(-2, 2, 81).tolist()}
    threshold = (two.task.decision or Decision(0.5)).threshold
    row = {"x": min(shares, key=lambda x: abs(shares[x] - 0.5 * ((threshold or 0.5) + 0.5))), "city": "Köln"}
    assert two.predict(row) == "yes"
    found = counterfactuals(two, row, rows=rows(200, 4, ("no", "yes")))
    assert found.wanted == "no"
    assert found.found


def test_a_classifier_gives_the_labels_of_its_file() -> None:
    table = rows(400, 6, ("no", "yes"))
    X = np.column_stack([table["x"], np.array(table["city"]) == "Bonn"]).astype(float)
    made = Classifier(metric="f1", trials=1, random_state=0).fit(X, table["y"])
    assert made.model_.task.decision is not None
    given = made.predict(X)
    assert given.tolist() == made.model_.predict(made._table(X)).tolist()
    assert given.tolist() != made.classes_[made.predict_proba(X).argmax(axis=1)].tolist()


def test_the_commands_take_costs_and_tell_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table = rows(300, 3, ("no", "yes"))
    lines = ["x,city,y", *(f"{x},{c},{y}" for x, c, y in zip(*table.values(), strict=True))]
    Path("rows.csv").write_text("\n".join(lines), encoding="utf-8")
    words = ["fit", "rows.csv", "-t", "y", "--trials", "1", "--no-report", "-q", "--cost", "fp=1,fn=9", "-o", "y.onnx"]
    done = run(words)
    assert "'yes' from 0.1 on, where the expected costs are equal" in done.stdout
    assert load("y.onnx").task.decision is not None
    scored = run(["evaluate", "y.onnx", "rows.csv", "--metric", "expected_cost", "--json"])
    assert json.loads(scored.stdout)["metric"] == "expected_cost"
    run(["predict", "y.onnx", "rows.csv", "-o", "out.csv"])
    labels = [line.split(",")[0] for line in Path("out.csv").read_text().splitlines()[1:]]
    assert labels == load("y.onnx").predict(table).tolist()
    wrong = CliRunner().invoke(program, [*words[:-4], "--cost", "yes>maybe=3", "-o", "z.onnx"])
    assert wrong.exit_code == 2
    assert "No classes are called 'yes>maybe'" in wrong.stderr
    assert not Path("z.onnx").exists()
