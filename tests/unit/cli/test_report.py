import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import modelwright as mw
from modelwright.cli.program import program


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model in ``price.onnx`` and labelled rows in ``rows.csv``."""
    place = tmp_path_factory.mktemp("report")
    rows = {"area": [float(i % 50) for i in range(80)], "price": [3.0 * (i % 50) + i % 7 for i in range(80)]}
    mw.fit(rows, "price", budget=mw.Budget(trials=1), out=place / "price.onnx")
    with (place / "rows.csv").open("w", newline="") as file:
        csv.writer(file).writerows([rows, *zip(*rows.values(), strict=True)])
    return place


def run(*arguments: object) -> Result:
    return CliRunner().invoke(program, [str(a) for a in arguments])


def test_the_page_goes_beside_the_model_unless_said_otherwise(folder: Path) -> None:
    result = run("report", folder / "price.onnx", "--seconds", "0")
    assert result.exit_code == 0, result.stderr
    assert (folder / "price.html").read_text().startswith("<!DOCTYPE html>")
    assert json.loads((folder / "price.json").read_text())["schema"] == "modelwright/report/1"
    assert "price.html" in result.stderr


def test_all_documents_go_into_a_folder_that_is_made(folder: Path) -> None:
    result = run("report", folder / "price.onnx", folder / "rows.csv", "--all", folder / "out" / "all", "--json")
    assert result.exit_code == 0, result.stderr
    names = {path.name for path in (folder / "out" / "all").iterdir()}
    assert names == {"price.html", "price.json", "price.card.md", "price.bom.json", "price.annex-iv.md"}
    sections = [s["name"] for c in json.loads(result.stdout)["chapters"] for s in c["sections"]]
    assert "residuals" in sections


def test_single_documents_go_beside_the_page(folder: Path) -> None:
    result = run("report", folder / "price.onnx", "-o", folder / "one.html", "--card", "--seconds", "0")
    assert result.exit_code == 0, result.stderr
    assert {path.name for path in folder.glob("one.*")} == {"one.html", "one.json", "one.card.md"}


def test_two_models_and_a_table_are_compared(folder: Path) -> None:
    arguments = [folder / "price.onnx", folder / "price.onnx", folder / "rows.csv", "-o", folder / "two.html", "--json"]
    result = run("report", *arguments)
    assert result.exit_code == 0, result.stderr
    sections = [s["name"] for c in json.loads(result.stdout)["chapters"] for s in c["sections"]]
    assert "comparison" in sections


@pytest.mark.parametrize("files", [("rows.csv",), ("price.onnx", "rows.csv", "rows.csv"), ("price.onnx",) * 3])
def test_other_numbers_of_files_are_refused(folder: Path, files: tuple[str, ...]) -> None:
    result = run("report", *(folder / name for name in files))
    assert result.exit_code == 2
    assert "modelwright report MODEL.onnx" in result.stderr


def test_a_place_that_cannot_be_written_is_told_before_the_work(folder: Path) -> None:
    result = run("report", folder / "price.onnx", "-o", folder / "nowhere" / "y.html")
    assert result.exit_code == 2
    assert "nowhere" in result.stderr
