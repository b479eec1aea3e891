"""Answers in folders: cut by rows and by values, and gone on with where a run was cut off."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from modelwright.cli import partitions
from modelwright.cli.program import program
from modelwright.core.destination import whole_file

SOURCE = Path(__file__).parents[3] / "src"
N_ROWS = 40_000


@pytest.fixture
def file(tmp_path: Path, small_file: Callable[..., bytes]) -> Path:
    path = tmp_path / "m.onnx"
    path.write_bytes(small_file())
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "rows.csv"
    cities = ("Rome", "Oslo", "Köln/Bonn a=b", "")
    lines = [
        f"{i % 90},{('true', 'false', '')[i % 3]},{cities[i % 4]},2024-01-{i % 28 + 1:02d},{i}" for i in range(N_ROWS)
    ]
    path.write_text("\n".join(["age,member,city,since,row", *lines, ""]), encoding="utf-8")
    return path


def run(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(program, ["predict", *map(str, words)])
    return done.exit_code, done.stdout + done.stderr


def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / partitions.MANIFEST).read_text())  # type: ignore[no-any-return]


def whole(folder: Path) -> list[dict[str, Any]]:
    files = [file["file"] for part in manifest(folder)["parts"] for file in part["files"]]
    return [row for name in files for row in pq.ParquetFile(folder / name).read().to_pylist()]


@pytest.fixture
def expected(file: Path, data: Path, tmp_path: Path) -> list[dict[str, Any]]:
    assert run(file, data, "-o", tmp_path / "one.parquet", "--keep", "row", "-q")[0] == 0
    return pq.read_table(tmp_path / "one.parquet").to_pylist()  # type: ignore[no-any-return]


def test_parts_hold_so_many_rows_and_together_all(file: Path, data: Path, tmp_path: Path, expected: Any) -> None:
    folder = tmp_path / "out"
    code, told = run(file, data, "-o", f"{folder}/", "--keep", "row", "--partition-rows", 9_000, "--json")
    assert code == 0
    assert json.loads(told) == {
        "schema": "modelwright/predict/1",
        "output": f"{folder}/",
        "rows": N_ROWS,
        "columns": ["row", "label", "probability_no", "probability_yes"],
        "parts": 5,
        "resumed": 0,
        "notes": [],
    }
    assert [part["rows"] for part in manifest(folder)["parts"]] == [9_000] * 4 + [4_000]
    assert manifest(folder)["complete"] is True
    assert whole(folder) == expected
    assert pa.dataset.dataset(folder, format="parquet").to_table().num_rows == N_ROWS


def test_parts_by_value_are_read_back_as_hive_lays_them_out(
    file: Path, data: Path, tmp_path: Path, expected: Any
) -> None:
    folder = tmp_path / "out"
    options = ("--keep", "row", "--partition-by", "city", "--partition-rows", 15_000, "-q")
    assert run(file, data, "-o", f"{folder}/", *options)[0] == 0
    folders = sorted(place.name for place in folder.iterdir() if place.is_dir())
    assert folders == ["city=K%C3%B6ln%2FBonn a%3Db", "city=Oslo", "city=Rome", f"city={partitions.MISSING}"]
    read = pa.dataset.dataset(folder, format="parquet", partitioning="hive").to_table().to_pylist()
    cities = {row["row"]: row.pop("city") for row in read}
    assert sorted(read, key=lambda row: int(row["row"])) == expected
    assert {cities[str(i)] for i in range(4)} == {"Rome", "Oslo", "Köln/Bonn a=b", None}
    assert all(cities[row["row"]] == cities[str(int(row["row"]) % 4)] for row in read)
    rome = pq.ParquetFile(folder / "city=Rome" / "part-00001.parquet").read().column("row").to_pylist()
    assert rome == [str(i) for i in range(15_000, 30_000) if i % 4 == 0]  # rows of one value keep their order


def test_the_answer_itself_can_be_what_parts_are_split_by(file: Path, data: Path, tmp_path: Path) -> None:
    assert run(file, data, "-o", f"{tmp_path}/out/", "--partition-by", "label", "-q")[0] == 0
    assert {place.name for place in (tmp_path / "out").iterdir()} == {"label=no", "label=yes", partitions.MANIFEST}


SLOW = """
import time
from modelwright.cli import answers
of = answers.Answers.of
answers.Answers.of = lambda *given: (time.sleep(0.15), of(*given))[1]
from modelwright.cli import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("by", [(), ("--partition-by", "city")], ids=["rows", "values"])
def test_a_killed_run_goes_on_after_its_last_whole_part(
    file: Path, data: Path, tmp_path: Path, expected: Any, by: tuple[str, ...]
) -> None:
    folder = tmp_path / "out"
    options = (file, data, "-o", f"{folder}/", "--keep", "row", "--partition-rows", 2_000, *by)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, "predict", *map(str, options), "-q"], env=environment, stderr=subprocess.PIPE
    )
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        if (folder / partitions.MANIFEST).exists() and len(manifest(folder)["parts"]) >= 3:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    before = manifest(folder)
    kept = {file["file"]: (folder / file["file"]).stat().st_mtime_ns for p in before["parts"] for file in p["files"]}
    assert not before["complete"]
    assert 3 <= len(before["parts"]) < 20
    code, told = run(*options, "--json")  # it never mixes with what is there unasked
    assert code == 2
    assert "--resume" in told
    code, told = run(*options, "--resume", "--json")
    assert code == 0
    assert json.loads(told)["resumed"] == 2_000 * len(before["parts"])
    assert manifest(folder)["complete"]
    assert manifest(folder)["parts"][: len(before["parts"])] == before["parts"]
    assert all((folder / name).stat().st_mtime_ns == moment for name, moment in kept.items())
    found = sorted(whole(folder), key=lambda row: int(row["row"]))
    assert [{name: row[name] for name in expected[0]} for row in found] == expected
    assert not list(folder.rglob(".part-*"))
    listed = {file["file"] for part in manifest(folder)["parts"] for file in part["files"]}
    assert listed == {place.relative_to(folder).as_posix() for place in folder.rglob("*.parquet")}


def test_resuming_what_is_whole_changes_nothing_and_answers_nothing(
    file: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = (file, data, "-o", f"{tmp_path}/out/", "--partition-rows", 10_000)
    assert run(*options, "--resume", "-q")[0] == 0  # nothing there yet: it begins
    monkeypatch.setattr("modelwright.cli.answers.Answers.of", lambda *_: pytest.fail("a row was answered again"))
    code, told = run(*options, "--resume", "--json", "-q")
    assert (code, json.loads(told)["resumed"]) == (0, N_ROWS)


def test_what_is_left_of_a_part_that_was_not_whole_is_taken_away(file: Path, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / ".part-00000.parquet.x1").write_bytes(b"half")
    assert run(file, data, "-o", f"{folder}/", "--resume", "-q")[0] == 0
    assert sorted(place.name for place in folder.iterdir()) == [partitions.MANIFEST, "part-00000.parquet"]


def test_answers_of_something_else_are_not_mixed(
    file: Path, data: Path, tmp_path: Path, small_file: Callable[..., bytes]
) -> None:
    own = tmp_path / "own.csv"
    own.write_bytes(data.read_bytes())
    start = ("-o", f"{tmp_path}/out/", "--partition-rows", 10_000)
    assert run(file, own, *start, "-q")[0] == 0
    other = tmp_path / "other.onnx"
    other.write_bytes(small_file("flag"))
    again = (*start, "--resume", "-q")
    for words, told in (
        ((other, own, *again), "another model file"),
        ((file, own, *again, "--keep", "row"), "another choice of columns"),
        ((file, own, *again, "--lenient"), "another lenient"),
        ((file, own, "-o", f"{tmp_path}/out/", "--resume", "--partition-rows", 9), "another partition_rows"),
        ((file, own, *again, "--partition-by", "label"), "another partition_by"),
    ):
        code, said = run(*words)
        assert (code, told in said) == (2, True), said
    with own.open("a", encoding="utf-8") as stream:
        stream.write("30,true,Rome,2024-01-01,last\n")
    assert "has changed since" in run(file, own, *again)[1]
    own.write_bytes(data.read_bytes())
    (tmp_path / "out" / "part-00001.parquet").unlink()
    os.utime(own, ns=(0, manifest(tmp_path / "out")["input"]["changed_ns"]))
    assert "is gone" in run(file, own, *again)[1]


def test_options_for_folders_need_a_folder_and_an_empty_one(file: Path, data: Path, tmp_path: Path) -> None:
    for option in (("--partition-rows", 5), ("--partition-by", "city"), ("--resume",)):
        code, told = run(file, data, "-o", tmp_path / "one.parquet", *option)
        assert (code, "folder" in told) == (2, True)
        assert run(file, data, *option)[0] == 2
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    for option in ((), ("--resume",)):
        assert "not empty" in run(file, data, "-o", tmp_path / "full", *option)[1]
    assert "cannot be made" in run(file, data, "-o", f"{tmp_path}/no/such/")[1]


def test_a_column_of_too_many_values_is_no_way_to_split(file: Path, data: Path, tmp_path: Path) -> None:
    code, told = run(file, data, "-o", f"{tmp_path}/out/", "--partition-by", "row")
    assert code == 2
    assert "Choose a column with fewer values" in told
    assert not list((tmp_path / "out").rglob("*part-*"))


def test_a_table_without_rows_has_no_parts(file: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("age,member,city,since\n")
    assert run(file, empty, "-o", f"{tmp_path}/out/", "-q")[0] == 0
    assert (manifest(tmp_path / "out")["parts"], manifest(tmp_path / "out")["complete"]) == ([], True)


def test_a_part_is_named_only_when_it_is_whole(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), whole_file(tmp_path / "part-00000.parquet") as unfinished:
        unfinished.write_bytes(b"half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
