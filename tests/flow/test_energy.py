"""Energy from the fit to its documents: kept in the file, shown by inspect, report, card and bill."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import referencing
from click.testing import CliRunner
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import modelwright
from modelwright.cli.program import program
from modelwright.core.errors import SpecError
from modelwright.core.spec import Budget, FitSpec
from modelwright.energy.energy import Energy
from modelwright.energy.regions import REGIONS
from modelwright.insight.energy_curve import EnergyCurve, Stop
from modelwright.metrics.bootstrap import Interval
from modelwright.model.model import Model
from modelwright.progress.events import json_text
from modelwright.report.report import report

SCHEMAS = [json.loads(p.read_text()) for p in (Path(__file__).parents[2] / "docs" / "schemas").glob("*.schema.json")]
REGISTRY = referencing.Registry().with_resources(  # type: ignore[var-annotated]  # of whatever schemas hold
    (schema["$id"], referencing.Resource.from_contents(schema)) for schema in SCHEMAS
)


def check(document: dict[str, Any], name: str) -> None:
    schema = next(schema for schema in SCHEMAS if schema["$id"] == f"urn:modelwright:{name}:1")
    jsonschema.Draft202012Validator(schema, registry=REGISTRY).validate(document)


def rows(n_rows: int = 400) -> dict[str, list[Any]]:
    rng = np.random.default_rng(1)
    size = rng.normal(size=n_rows)
    return {"size": size.tolist(), "answer": np.where(size + rng.normal(size=n_rows) > 0, "yes", "no").tolist()}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model fitted by the clock, as only such files tell of energy."""
    place = tmp_path_factory.mktemp("energy") / "timed.onnx"
    spec = FitSpec(region="se", learners=("linear",), only_learners=True)
    modelwright.fit(rows(), "answer", budget=Budget(12.0, workers=1), spec=spec, out=place)
    return place


def told(file: Path, *words: str) -> dict[str, Any]:
    done = CliRunner().invoke(program, ["inspect", str(file), *words, "--json"])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_the_file_tells_energy_its_source_and_the_curve_or_why_there_is_none(file: Path) -> None:
    energy = Model.open(file).documents["energy"]
    used = Energy.from_json(energy)
    assert 0 < used.low < used.joules < used.high
    assert used.source
    assert set(energy["phases"]) >= {"plan", "race", "refit", "prove"}
    assert used.joules == pytest.approx(sum(part["joules"] for part in energy["phases"].values()))
    assert (energy["curve"] is None) == bool(energy["why_no_curve"])
    if energy["curve"] is not None:
        curve = EnergyCurve.from_json(energy["curve"])
        assert curve.stops[-1].joules.value == pytest.approx(energy["phases"]["race"]["joules"])
        assert curve.stops[-1].score.value == pytest.approx(Model.open(file).evaluation["metrics"][0]["value"])


def test_a_curve_fits_its_schema_with_and_without_figures() -> None:
    joules, none = Interval(3600.0, 1800.0, 7200.0), Interval(float("nan"), float("nan"), float("nan"))
    half, whole = Stop(0.5, joules, 1, 1, joules, none), Stop(1.0, joules, 2, 2, joules, joules)
    curve = EnergyCurve("roc_auc", "ROC AUC", True, (half, whole), 400, "DeLong", "a test", notes=("a note",))
    document = json.loads(json_text(curve.to_json()))
    check(document, "energy-curve")
    del document["stops"][0]["rest"]
    with pytest.raises(jsonschema.ValidationError, match="'rest' is a required property"):
        check(document, "energy-curve")


def test_inspect_shows_it_and_its_document_fits_the_schema(file: Path) -> None:
    document = told(file)
    check(document, "inspect")
    assert document["energy"]["region"] == "SE"
    assert "Sweden" in document["energy"]["carbon"]["source"]
    other = told(file, "--region", "pl")
    check(other, "inspect")
    ratio = other["energy"]["carbon"]["grams"] / document["energy"]["carbon"]["grams"]
    assert ratio == pytest.approx(REGIONS["PL"].grams / REGIONS["SE"].grams)
    text = CliRunner().invoke(program, ["inspect", str(file)]).stdout
    assert "Energy" in text and "CO2e" in text
    wrong = CliRunner().invoke(program, ["inspect", str(file), "--region", "XX"])
    assert wrong.exit_code == 2
    assert "not in the table" in wrong.stderr


def test_report_card_and_bill_tell_making_and_answering(file: Path) -> None:
    made = report(file)
    part = made.part("energy")
    assert part is not None and part.result is not None
    check({**part.result["making"]}, "energy")
    answering = Energy.from_json(part.result["per_1000_answers"])
    assert 0 < answering.low < answering.joules < answering.high
    assert "made from what the file says" in part.result["answered"]
    shown = json.dumps([block.to_json() for block in part.blocks])
    assert "1,000 answers" in shown
    assert "Sweden" in shown
    card = made.document("card")
    assert "**Energy of 1,000 answers:**" in card
    assert "Sweden" in card
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(made.document("bom")) is None
    considered = json.loads(made.document("bom"))["metadata"]["component"]["modelCard"]["considerations"]
    consumed = considered["environmentalConsiderations"]["energyConsumptions"]
    assert [entry["activity"] for entry in consumed] == ["training", "inference"]


def test_an_unknown_region_is_told_before_anything_is_done() -> None:
    with pytest.raises(SpecError, match="Region 'XX' is not in the table"):
        modelwright.fit(rows(50), "answer", budget=Budget(trials=1), spec=FitSpec(region="XX"))
