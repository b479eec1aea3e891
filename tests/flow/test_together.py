"""Rows that come together: the fit, the score on other rows, the comparison and the report treat them as one."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import modelwright as mw
from modelwright.cli.program import program
from modelwright.core.errors import SchemaError
from modelwright.insight.confusion import confusion
from modelwright.insight.evaluation import Evaluation
from modelwright.insight.predictions import predictions_of
from modelwright.report.case import Case

ONE = mw.Budget(trials=1)


def visits(seed: int) -> dict[str, np.ndarray]:
    """Return eight visits each of sixty patients, who share what is not measured."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(60), 8)
    dose = rng.normal(size=60)[patient] + 0.3 * rng.normal(size=480)
    ill = dose + 2.0 * rng.normal(size=60)[patient] + 0.3 * rng.logistic(size=480) > 0
    return {"dose": dose, "age": rng.normal(size=60)[patient], "patient": patient, "ill": np.where(ill, "yes", "no")}


@pytest.fixture(scope="module")
def model() -> mw.Model:
    return mw.fit(visits(1), "ill", budget=ONE, spec=mw.FitSpec(groups="patient"), seed=1)


def width(evaluation: Evaluation, metric: str = "roc_auc") -> float:
    found = next(m for m in evaluation.metrics if m.name == metric)
    return found.high - found.low


def test_the_estimate_of_the_fit_stands_on_groups(model: mw.Model) -> None:
    assert any("60 groups" in note for note in model.evaluation["notes"])


def test_other_rows_are_scored_by_the_groups_of_the_fit(model: mw.Model) -> None:
    rows = visits(2)
    together, named = mw.evaluate(model, rows), mw.evaluate(model, rows, groups="patient")
    assert together == named
    assert any("60 groups" in note for note in together.notes)
    apart = mw.evaluate(model, {name: cells for name, cells in rows.items() if name != "patient"})
    assert any("lack that column" in note for note in apart.notes)
    assert [m.value for m in apart.metrics] == [m.value for m in together.metrics]
    assert width(together) > 1.3 * width(apart)


def test_a_feature_can_be_the_group(model: mw.Model) -> None:
    assert any("60 groups" in note for note in mw.evaluate(model, visits(2), groups="age").notes)


def test_a_column_of_groups_that_is_named_must_be_there(model: mw.Model) -> None:
    with pytest.raises(SchemaError, match="household"):
        mw.evaluate(model, visits(2), groups="household")


def test_test_rows_of_the_fit_are_scored_by_groups() -> None:
    model = mw.fit(visits(1), "ill", budget=ONE, spec=mw.FitSpec(groups="patient"), seed=1, test=visits(2))
    told = mw.evaluate(model, visits(2))
    assert model.evaluation["source"] == "test"
    assert model.evaluation["metrics"] == told.to_json()["metrics"]


def test_comparison_and_rates_stand_on_groups(model: mw.Model) -> None:
    rows = visits(2)
    other = mw.fit(rows, "ill", budget=ONE, spec=mw.FitSpec(drop=("dose", "patient")))
    fresh = visits(3)
    apart = {name: cells for name, cells in fresh.items() if name != "patient"}
    together, alone = (mw.compare(other, model, table, groups=g) for table, g in ((fresh, "patient"), (apart, None)))
    assert {d.test for d in together.differences} == {"DeLong", "bootstrap"}
    assert {d.test for d in alone.differences} == {"DeLong", "McNemar", "bootstrap"}
    assert any("60 groups" in note for note in together.notes)
    for one, two in zip(together.differences, alone.differences, strict=True):
        assert one.change.value == pytest.approx(two.change.value)
    found = [together.differences[0].change, alone.differences[0].change]
    assert found[0].high - found[0].low > 1.15 * (found[1].high - found[1].low)
    rates = [confusion(predictions_of(model, table)).rates[0].recall for table in (fresh, apart)]
    assert rates[0].value == rates[1].value
    assert rates[0].high - rates[0].low > 1.3 * (rates[1].high - rates[1].low)


def test_the_report_reads_the_groups_beside_the_rows(model: mw.Model, tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    rows = visits(2)
    lines = [",".join(rows), *(",".join(map(str, cells)) for cells in zip(*rows.values(), strict=True))]
    path.write_text("\n".join(lines), encoding="utf-8")
    case = Case.of(model, str(path))
    assert case.rows is not None
    assert case.rows.predictions.groups is not None
    assert len(set(case.rows.predictions.groups.tolist())) == 60
    kept = tmp_path / "m.onnx"
    model.save(kept)
    told = CliRunner().invoke(program, ["evaluate", str(kept), str(path), "--groups", "patient", "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.output)["metrics"] == mw.evaluate(model, rows).to_json()["metrics"]
