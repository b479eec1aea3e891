"""What is understood at fit is understood alike at predict and at serve, for every form a table may come in."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import modelwright as mw
from modelwright.cli.program import program
from modelwright.data import read
from modelwright.serve.given import as_table, from_records
from modelwright.serve.settings import Limits

N = 60


def rows() -> list[dict[str, str]]:
    """Cells as people write them, one column per form."""
    return [
        {
            "at": f"{i % 24:02d}:{i * 7 % 60:02d}" + (":30" if i % 5 == 0 else ""),
            "took": f"{i % 3}h {i * 11 % 60} min",
            "loss": f"(${i}.50)" if i % 4 == 0 else f"${i}.25",
            "mass": f"{i * 3 % 50},5 kg",
            "agreed": ("yes", "Yes", "no", "NO")[i * 5 % 4],
            "share": "n/a" if i % 9 == 0 else f"{i % 40}%",
        }
        for i in range(N)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two parts by country, the answers among the columns, and the model fitted on it."""
    place = tmp_path_factory.mktemp("parts")
    head = ";".join([*rows()[0], "y"]) + "\n"
    for country, part in (("Italy", rows()[:30]), ("Peru", rows()[30:])):
        (place / "t" / f"country={country}").mkdir(parents=True)
        lines = [
            ";".join([*row.values(), str(len(row["took"]) + 5 * i + (country == "Peru"))]) for i, row in enumerate(part)
        ]
        (place / "t" / f"country={country}" / "part-0.csv").write_text(head + "\n".join(lines) + "\n")
    mw.fit(str(place / "t"), "y", budget=mw.Budget(trials=2), out=place / "m.onnx")
    return place


def records() -> list[dict[str, str]]:
    """The same rows as the folder's."""
    return [{**row, "country": "Italy" if i < 30 else "Peru"} for i, row in enumerate(rows())]


def test_every_form_is_understood(folder: Path) -> None:
    schema = read(folder / "t").schema
    assert {c.name: c.dtype for c in schema if c.name != "y"} == {
        **dict.fromkeys(("at", "took", "loss", "mass", "share"), "number"),
        "agreed": "boolean",
        "country": "string",
    }
    table = read(folder / "t")
    assert table.column("loss").values[:2].tolist() == [-0.5, 1.25]
    assert table.column("took").values[1] == 3600 + 11 * 60


def test_all_doors_answer_alike(folder: Path, tmp_path: Path) -> None:
    model = mw.load(folder / "m.onnx")
    expected = model.predict(str(folder / "t"))
    assert len(np.unique(expected)) > 10
    np.testing.assert_array_equal([model.predict(record) for record in records()], expected)
    np.testing.assert_array_equal(model.predict(records()), expected)
    given = from_records(records(), model.schema, Limits().rows)
    np.testing.assert_array_equal(model.predict(as_table(given, model.schema)), expected)
    done = CliRunner().invoke(
        program, ["predict", str(folder / "m.onnx"), str(folder / "t"), "-o", f"{tmp_path}/a.csv"]
    )
    assert done.exit_code == 0, done.output
    np.testing.assert_array_equal(read(tmp_path / "a.csv").column("prediction").values, expected)


def test_a_folder_is_gone_on_with_and_is_an_input_itself(folder: Path, tmp_path: Path) -> None:
    words = ["predict", str(folder / "m.onnx"), str(folder / "t"), "-o", f"{tmp_path}/out/", "--keep", "country"]
    for more in (["--partition-by", "country"], ["--partition-by", "country", "--resume"]):
        assert CliRunner().invoke(program, [*words, *more]).exit_code == 0
    answers = read(tmp_path / "out")
    assert answers.n_rows == N
    assert sorted(set(answers.column("country").strings().tolist())) == ["Italy", "Peru"]


@pytest.mark.parametrize(("high", "task"), [(5, "multiclass"), (9, "multiclass"), (40, "regression")])
def test_check_and_fit_say_which_task_and_why(tmp_path: Path, high: int, task: str) -> None:
    data = tmp_path / "t.csv"
    data.write_text("x,y\n" + "".join(f"{i * 7 % 31},{i * 13 % high}\n" for i in range(240)))
    told = CliRunner().invoke(program, ["check", str(data), "--target", "y", "--json"])
    sentence = json.loads(told.stdout)["task"]
    assert sentence.startswith(f"Task: {task}")
    assert "--task count" in sentence
    fit = CliRunner().invoke(program, ["fit", str(data), "-t", "y", "--trials", "1", "-o", f"{tmp_path}/m.onnx", "-q"])
    assert sentence.removeprefix("Task: ") in fit.stdout
    asked = CliRunner().invoke(program, ["check", str(data), "-t", "y", "--task", "regression", "--json"])
    assert json.loads(asked.stdout)["task"] == ""


def test_check_says_that_pictures_are_not_looked_at(tmp_path: Path) -> None:
    data = tmp_path / "t.csv"
    data.write_text("photo,y\n" + "".join(f"p/{i}.JPG,{i % 2}\n" for i in range(40)))
    told = CliRunner().invoke(program, ["check", str(data), "--target", "y"])
    assert "Names of image files, whose pictures are not looked at" in told.stderr
