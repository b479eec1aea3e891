import json
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import modelwright
from modelwright.core.catalog import load
from modelwright.core.errors import OutputError, SchemaError, SpecError
from modelwright.insight.coverage import Coverage, GroupCoverage
from modelwright.insight.tabulation import plain
from modelwright.metrics.bootstrap import Interval
from modelwright.model.model import Model
from modelwright.report import report as verb_or_module
from modelwright.report.base import Section
from modelwright.report.beside import LEAST_SECONDS, beside, in_the_way
from modelwright.report.catalog import CHAPTERS, DOCUMENTS, ENDINGS, SECTIONS
from modelwright.report.report import Report, report
from modelwright.report.sections.uncertainty import coverage_light

Make = Callable[[int, int], dict[str, list[Any]]]
ROOT = Path(__file__).parents[3]
FORM = json.loads((resources.files("modelwright.report") / "report.schema.json").read_text())


@pytest.mark.parametrize("name", ["alone", "rich", "priced_report"])
def test_the_json_fits_its_published_schema(name: str, request: pytest.FixtureRequest) -> None:
    made: Report = request.getfixturevalue(name)
    document = json.loads(json.dumps(made.to_json(), allow_nan=False))
    jsonschema.Draft202012Validator(FORM).validate(document)
    assert document["schema"] == FORM["properties"]["schema"]["const"]


def test_the_schema_of_the_documentation_is_that_of_the_package() -> None:
    assert json.loads((ROOT / "docs" / "schemas" / "report.schema.json").read_text()) == FORM
    jsonschema.Draft202012Validator.check_schema(FORM)


def test_the_json_holds_what_the_page_says(rich: Report) -> None:
    document = rich.to_json()
    names = [section["name"] for chapter in document["chapters"] for section in chapter["sections"]]
    assert names == [part.name for part in rich.parts]
    assert document["verdict"]["sentence"] == rich.verdict.sentence
    results = {s["name"]: s["result"] for chapter in document["chapters"] for s in chapter["sections"]}
    assert results["roc"]["schema"] == "modelwright/roc/1"
    assert results["evaluation"]["rows"]["n_rows"] == 240


def test_every_module_of_sections_is_in_the_catalog_and_every_chapter_is_known() -> None:
    folder = ROOT / "src" / "modelwright" / "report" / "sections"
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert {entry.partition(":")[0].rpartition(".")[2] for entry in SECTIONS.values()} == modules
    for name in SECTIONS:
        section = load(SECTIONS, name, "section")
        assert issubclass(section, Section)
        assert section.chapter in CHAPTERS
    assert set(ENDINGS) == set(DOCUMENTS)


def test_what_is_missing_is_named(alone: Report) -> None:
    missing = {absence.what for absence in alone.absent}
    shown = {part.name for part in alone.parts}
    for name in SECTIONS:
        section = load(SECTIONS, name, "section")
        if "binary" in section.applies:
            assert (name in shown) != (section.title in missing)
    page = alone.to_html()
    assert "Not in this report" in page
    assert all(absence.what in page for absence in alone.absent)


def test_chapters_that_nothing_fills_are_named(alone: Report) -> None:
    filled = {load(SECTIONS, name, "section").chapter for name in SECTIONS}
    missing = {absence.what for absence in alone.absent}
    assert {title for name, title in CHAPTERS.items() if name not in filled} <= missing


def test_rows_make_the_report_richer(alone: Report, rich: Report) -> None:
    assert {"roc", "calibration", "slices", "explanation", "examples", "robustness"} <= {p.name for p in rich.parts}
    assert len(rich.parts) > len(alone.parts)


def test_examples_are_shown_only_when_asked_for(classifier: Model, make_rows: Make) -> None:
    made = report(classifier, data=make_rows(60, 3))
    assert made.part("examples") is None
    assert any("--examples" in absence.remedy for absence in made.absent)


def test_sections_for_other_tasks_are_not_missed(priced_report: Report) -> None:
    names = {part.name for part in priced_report.parts}
    assert "residuals" in names
    assert not {"roc", "confusion", "calibration"} & names
    assert "Gain" not in " ".join(absence.what for absence in priced_report.absent)


def test_no_section_is_begun_when_the_time_is_over(classifier: Model, make_rows: Make) -> None:
    made = report(classifier, data=make_rows(60, 3), seconds=0.0)
    assert made.parts == ()
    assert {"The time given for the report was over."} == {
        a.why for a in made.absent if a.why != "Nothing looks at it yet."
    }
    assert "<h1" in made.to_html()


def test_files_are_written_beside_each_other(classifier: Model, tmp_path: Path) -> None:
    written = report(classifier, tmp_path / "y.html", documents=("card", "bom", "annex_iv"))
    assert {p.name for p in tmp_path.iterdir()} == {"y.html", "y.json", "y.card.md", "y.bom.json", "y.annex-iv.md"}
    assert json.loads((tmp_path / "y.json").read_text())["title"] == written.verdict.title


def test_a_fit_can_leave_a_report_beside_its_model(classifier: Model, tmp_path: Path) -> None:
    classifier.save(tmp_path / "y.onnx")
    assert beside(tmp_path / "y.onnx", seconds=0.5) == ()
    assert beside(tmp_path / "y.onnx", seconds=LEAST_SECONDS + 60) == (tmp_path / "y.html", tmp_path / "y.json")
    assert "y.onnx" in (tmp_path / "y.html").read_text()


def test_a_report_spares_a_table_that_is_called_like_the_model(classifier: Model, tmp_path: Path) -> None:
    classifier.save(tmp_path / "y.onnx")
    table = tmp_path / "y.json"
    table.write_text('{"x": 1}\n')
    assert beside(tmp_path / "y.onnx", seconds=LEAST_SECONDS + 60) == ()
    assert in_the_way(tmp_path / "y.onnx") == table
    with pytest.raises(OutputError, match=r"would take the place of .*y\.json"):
        report(classifier, tmp_path / "y.html")
    assert table.read_text() == '{"x": 1}\n'
    assert not (tmp_path / "y.html").exists()


def test_a_report_from_the_file_alone_draws_nothing(classifier: Model, tmp_path: Path) -> None:
    classifier.save(tmp_path / "y.onnx")
    line = (
        "import sys, modelwright as mw; mw.report(sys.argv[1]).to_html(); "
        "print([n for n in ('matplotlib', 'pandas', 'sklearn', 'onnx') if n in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", line, str(tmp_path / "y.onnx")], capture_output=True, text=True)
    assert ran.stdout.strip() == "[]", ran.stderr


def test_the_package_is_the_verb_whichever_was_imported_first() -> None:
    assert verb_or_module is not None
    line = "import modelwright.report.content, modelwright as mw; print(callable(mw.report))"
    ran = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "True"
    assert callable(modelwright.report)


def test_two_models_are_compared_on_the_same_rows(regressor: Model, make_prices: Make) -> None:
    other = modelwright.fit(make_prices(60, 5), "price", budget=modelwright.Budget(trials=1))
    made = report(regressor, data=make_prices(160, 2), other=other)
    part = made.part("comparison")
    assert part is not None and part.result is not None
    assert part.result["schema"] == "modelwright/comparison/1"
    assert part.result["n_rows"] == 160
    assert any(light.section == "comparison" for light in made.verdict.lights)


def test_the_second_model_may_read_other_columns(regressor: Model, make_prices: Make) -> None:
    rows = make_prices(200, 1)
    more = rows | {"rooms": [float(int(area // 20)) for area in rows["area"]]}
    other = modelwright.fit(more, "price", budget=modelwright.Budget(trials=1))
    assert "rooms" in other.schema.names
    given = make_prices(120, 2)
    given["rooms"] = [float(int(area // 20)) for area in given["area"]]
    given["what was paid"] = given.pop("price")
    part = report(regressor, data=given, other=other, target="what was paid").part("comparison")
    assert part is not None and part.result is not None


def test_two_models_without_rows_are_not_compared_silently(regressor: Model) -> None:
    made = report(regressor, other=regressor)
    assert any("same labelled rows" in absence.why for absence in made.absent)


def test_a_promise_that_rows_break_is_the_first_light(classifier: Model, make_rows: Make) -> None:
    rows = make_rows(240, 2)
    target = "answer </title>"
    rng_free = rows[target][::-1]  # the answers of other rows
    made = report(classifier, data={**rows, target: rng_free})
    assert made.verdict.lights[0].level == "stop"
    assert "not hold" in made.verdict.sentence


def test_rows_without_a_column_are_refused_by_name(classifier: Model, make_rows: Make) -> None:
    rows = make_rows(60, 3)
    del rows["size"]
    with pytest.raises(SchemaError, match="size"):
        report(classifier, data=rows)


def test_an_unknown_document_is_refused_before_any_work(classifier: Model) -> None:
    with pytest.raises(SpecError, match="card"):
        report(classifier, documents=("cards",))
    with pytest.raises(SpecError, match="card"):
        report(classifier, seconds=0.0).document("cards")


def test_uncertainty_is_told_from_the_file_and_measured_on_rows(
    alone: Report, rich: Report, priced_report: Report
) -> None:
    for made in (alone, rich, priced_report):
        assert made.part("uncertainty") is not None
    assert "hold the truth in 90% of new rows" in alone.to_html()
    assert "Says how sure it is" in rich.to_html() and "Coverage of sets" in rich.to_html()
    assert "Coverage of intervals" in priced_report.to_html()


def test_the_confusion_of_a_file_alone_is_a_table(alone: Report) -> None:
    part = alone.part("confusion")
    assert part is not None
    page = alone.to_html()
    assert "Rows: the truth. Columns: what was predicted." in page and "on held-out rows of the fit" in page


def test_every_loss_of_the_leaderboard_has_an_interval(alone: Report) -> None:
    part = alone.part("leaderboard")
    assert part is not None and part.result is not None
    for trial in part.result["trials"]:
        if trial["loss"] is not None:
            assert 0 < trial["loss_low"] < trial["loss"] < trial["loss_high"]
    assert "95 % interval" in str(part.to_json()["blocks"])


def test_groups_with_limits_of_their_own_tell_how_many_rows_stand_behind_them(make_prices: Make) -> None:
    spec = modelwright.FitSpec(interval_groups="place")
    model = modelwright.fit(make_prices(300, 1), "price", budget=modelwright.Budget(trials=1), spec=spec)
    told = report(model).part("uncertainty")
    measured = report(model, data=make_prices(90, 2)).part("uncertainty")
    assert told is not None and measured is not None
    page = str(told.to_json()["blocks"])
    assert "rows behind the limit" in page and "Fewer than 200 rows" in page
    assert "place = north" in str(measured.to_json()["blocks"]), "the labelled rows are told apart by the same groups"
    few = report(model, data=make_prices(60, 3)).part("uncertainty")
    assert few is not None and "too few to judge by themselves" in str(few.to_json()["blocks"])


def test_commands_on_a_part_of_a_file_name_its_target(make_prices: Make, tmp_path: Path) -> None:
    rows = make_prices(200, 1)
    place = tmp_path / "two targets.onnx"
    both = modelwright.fit(rows, ["price", "place"], budget=modelwright.Budget(trials=1), out=place)
    for model in (both["price"], modelwright.load(place)["price"]):
        made = report(model)
        assert made.name == "two targets.onnx"
        assert made.command == "modelwright report 'two targets.onnx' -o 'two targets.html' --for price"
        commands = [part.command for part in made.parts if part.command.startswith("modelwright ")]
        about_file = [c for c in commands if "two targets.onnx" in c]
        assert len(about_file) > 3 and all("--for price" in c for c in about_file)
        page = made.to_html()
        assert "target=&#39;price&#39;" in page and "price.onnx" in page


def test_losses_of_numbers_are_told_in_the_unit_of_the_answers(priced_report: Report) -> None:
    part = priced_report.part("leaderboard")
    assert part is not None and part.result is not None
    best = min(trial["loss"] for trial in part.result["trials"] if trial["loss"] is not None)
    text = str(part.to_json()["blocks"])
    assert f"has an RMSE of {plain(best**0.5)};" in text and "'RMSE'" in text


def test_a_threshold_is_chosen_by_the_costs_of_the_file(make_rows: Make) -> None:
    spec = modelwright.FitSpec(cost={"fp": 1, "fn": 5})
    model = modelwright.fit(make_rows(200, 1), "answer </title>", budget=modelwright.Budget(trials=1), spec=spec)
    part = report(model, data=make_rows(150, 2)).part("threshold")
    assert part is not None
    assert "costs='fp=1, fn=5'" in part.command
    text = str(part.to_json()["blocks"])
    assert "mean cost per row" in text and "is not in the data" not in text


def held(value: float, low: float, high: float, name: str = "all rows") -> GroupCoverage:
    """Return how often a group is covered."""
    return GroupCoverage(name, 1000, Interval(value, low, high), Interval(1.1, 1.0, 1.2), 0.9, Interval(0.9, 0.8, 1.0))


@pytest.mark.parametrize(
    ("overall", "group", "n_rows", "level", "said"),
    [
        (held(0.892, 0.887, 0.898), None, 3664, "good", "89 of 100 rows; 90 were promised, and chance explains"),
        (held(0.892, 0.887, 0.898), None, 10**7, "look", "89 of 100 rows; 90 were promised."),
        (held(0.96, 0.95, 0.97), None, 1000, "good", "96 of 100 rows, more than the 90 promised."),
        (held(0.901, 0.89, 0.91), None, 1000, "good", "90 of 100 rows, as promised."),
        (held(0.88, 0.87, 0.89), held(0.7, 0.69, 0.71, "b"), 1000, "look", "but of b only in 70 of 100; 90 were"),
    ],
)
def test_a_promise_kept_but_for_chance_is_kept(
    overall: GroupCoverage, group: GroupCoverage | None, n_rows: int, level: str, said: str
) -> None:
    found = Coverage("sets", 0.9, "sets", overall, () if group is None else (group,))
    light = coverage_light(found, n_rows)
    assert light.level == level
    assert said in light.plainly
