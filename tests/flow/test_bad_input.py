"""Whatever is wrong with the input is said in one line that names it and the remedy; nothing half-written stays.

The order follows the list of the issue that asked for it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

import modelwright as mw
from modelwright.cli.program import program

GOOD = "age,city,left\n" + "".join(
    f"{20 + i},{'Rome' if i % 3 else 'Oslo'},{'yes' if i > 20 else 'no'}\n" for i in range(40)
)
NEW = "age,city\n30,Rome\n41,Oslo\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(program, [str(a) for a in arguments])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, so that messages name files as the user did."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fit(place: Path) -> Callable[..., Result]:
    """``fit(content, *options)``: write ``data.csv`` and fit ``left`` on it."""

    def start(content: str | bytes | None, *options: object, target: str = "left", data: str = "data.csv") -> Result:
        if content is not None:
            (place / data).write_bytes(content if isinstance(content, bytes) else content.encode())
        return run("fit", data, "--target", target, "--trials", 1, "-o", "m.onnx", *options)

    return start


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    (folder / "data.csv").write_text(GOOD)
    mw.fit(str(folder / "data.csv"), "left", budget=mw.Budget(trials=1), out=folder / "m.onnx")
    return folder / "m.onnx"


@pytest.fixture
def predict(place: Path, model_file: Path) -> Callable[..., Result]:
    """``predict(content, *options)``: write ``new.csv`` and answer it into ``out.csv``."""

    def start(content: str | bytes, *options: object) -> Result:
        (place / "new.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
        return run("predict", model_file, "new.csv", "-o", "out.csv", *options)

    return start


def refused(result: Result, code: int, *said: str) -> None:
    """Check code and words of a refusal, and that no result, whole or half, was left."""
    assert result.exit_code == code, result.stderr
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: ")
    assert "Traceback" not in result.stderr
    for text in said:
        assert text in last, last
    assert result.stdout == ""
    assert not [p.name for p in Path.cwd().iterdir() if p.name.startswith((".", "m.onnx", "out."))]


class TestTheFile:
    def test_a_missing_file_is_named(self, fit: Callable[..., Result]) -> None:
        refused(fit(None), 3, "data.csv")

    def test_a_file_of_a_near_name_is_suggested(self, fit: Callable[..., Result], place: Path) -> None:
        (place / "data2.csv").write_text(GOOD)
        refused(fit(None), 3, "data.csv", "data2.csv")

    def test_a_folder_is_no_table(self, fit: Callable[..., Result], place: Path) -> None:
        (place / "data.csv").mkdir()
        refused(fit(None), 3, "data.csv", "folder")

    def test_an_empty_file(self, fit: Callable[..., Result]) -> None:
        refused(fit(""), 3, "data.csv", "empty")

    def test_a_header_only(self, fit: Callable[..., Result]) -> None:
        refused(fit("age,city,left\n"), 3, "data.csv", "no rows")

    def test_bytes_that_are_no_table(self, fit: Callable[..., Result]) -> None:
        refused(fit(b"PAR1 not really", data="data.parquet"), 3, "data.parquet")

    def test_a_form_that_is_unknown(self, fit: Callable[..., Result]) -> None:
        refused(fit(b"\x00\x01\x02\x03" * 50, data="data.xyz"), 3, "data.xyz")

    def test_text_that_is_not_utf_8_is_read_as_what_it_is(self, fit: Callable[..., Result]) -> None:
        result = fit(GOOD.replace("Rome", "Köln").encode("latin-1"))
        assert result.exit_code == 0, result.stderr
        assert "Köln" in mw.load("m.onnx").schema.column("city").levels

    def test_a_compressed_file_that_was_cut(self, fit: Callable[..., Result]) -> None:
        import gzip

        refused(fit(gzip.compress(GOOD.encode())[:-20], data="data.csv.gz"), 3, "data.csv.gz")


class TestTheTarget:
    @pytest.mark.parametrize(
        ("target", "said"), [("lefd", "Did you mean 'left'?"), ("zzz", "Columns: age, city, left")]
    )
    def test_misspelt_or_missing(self, fit: Callable[..., Result], target: str, said: str) -> None:
        refused(fit(GOOD, target=target), 3, f"'{target}'", said)

    def test_constant(self, fit: Callable[..., Result]) -> None:
        refused(fit(GOOD.replace(",yes\n", ",no\n")), 3, "'left'", "same value")

    def test_all_missing(self, fit: Callable[..., Result]) -> None:
        refused(fit(GOOD.replace(",yes\n", ",\n").replace(",no\n", ",\n")), 3, "'left'", "no value")

    def test_unique_per_row(self, fit: Callable[..., Result]) -> None:
        rows = "".join(f"{20 + i},Rome,person {i}\n" for i in range(40))
        refused(fit("age,city,left\n" + rows), 3, "'left'", "40 distinct values in 40 rows")

    def test_text_for_a_regression(self, fit: Callable[..., Result]) -> None:
        refused(fit(GOOD, "--task", "regression"), 2, "'left'", "regression")

    def test_infinite(self, fit: Callable[..., Result]) -> None:
        rows = "".join(f"{20 + i},Rome,{i * 1.5 if i != 7 else 'inf'}\n" for i in range(40))
        refused(fit("age,city,left\n" + rows), 3, "'left'", "infinite")

    def test_the_only_column(self, fit: Callable[..., Result]) -> None:
        refused(fit("left\n" + "yes\nno\n" * 10), 3, "'left'", "No column is left")

    def test_metric_of_another_task(self, fit: Callable[..., Result]) -> None:
        refused(fit(GOOD, "--metric", "rmse"), 2, "rmse", "roc_auc")

    def test_metric_misspelt(self, fit: Callable[..., Result]) -> None:
        refused(fit(GOOD, "--metric", "acuracy"), 2, "Did you mean 'accuracy'?")


class TestTheRows:
    def test_ragged(self, fit: Callable[..., Result]) -> None:
        refused(fit(GOOD + "30,Rome,yes,extra\n"), 3, "data.csv", "42")

    def test_too_short(self, fit: Callable[..., Result]) -> None:
        refused(fit(GOOD + "30\n"), 3, "data.csv", "42")

    def test_repeated_column_names(self, fit: Callable[..., Result]) -> None:
        refused(fit(GOOD.replace("age,city", "age,age")), 3, "data.csv", "age", "Rename")

    def test_one_row(self, fit: Callable[..., Result]) -> None:
        refused(fit("age,city,left\n30,Rome,yes\n"), 3, "left", "at least 2")

    def test_one_row_of_a_class_is_learned_from(self, fit: Callable[..., Result]) -> None:
        result = fit(GOOD.replace(",yes\n", ",no\n").replace("59,Oslo,no", "59,Oslo,maybe"))
        assert result.exit_code == 0, result.stderr
        assert mw.load("m.onnx").classes == ("maybe", "no")

    def test_infinite_values_are_learned_from(self, fit: Callable[..., Result]) -> None:
        result = fit(GOOD.replace("\n25,", "\ninf,").replace("\n26,", "\n-inf,"))
        assert result.exit_code == 0, result.stderr

    def test_mixed_kinds_become_text_and_are_said(self, fit: Callable[..., Result]) -> None:
        result = fit(GOOD.replace("\n25,", "\nunknown,").replace("\n45,", "\nabout forty,"))
        assert result.exit_code == 0, result.stderr
        assert "age" in result.stderr

    def test_nested_lists(self, fit: Callable[..., Result], place: Path) -> None:
        table = pa.table({"age": [1.0, 2.0], "tags": [["a"], ["b", "c"]], "left": ["yes", "no"]})
        pq.write_table(table, place / "data.parquet")
        result = run("fit", "data.parquet", "--target", "left", "--trials", 1, "-o", "m.onnx")
        refused(result, 3, "'tags'", "list")

    @pytest.mark.slow
    def test_ten_thousand_columns(self, fit: Callable[..., Result]) -> None:
        rng = np.random.default_rng(0)
        head = ",".join([*(f"c{i}" for i in range(10_000)), "left"])
        lines = (",".join([*map(str, rng.integers(0, 9, 10_000)), "yes" if i % 2 else "no"]) for i in range(30))
        result = fit("\n".join([head, *lines]) + "\n", "-q")
        assert result.exit_code == 0, result.stderr

    @pytest.mark.parametrize(
        ("options", "code", "said"),
        [
            (("--drop", "sity"), 3, "Did you mean 'city'?"),
            (("--weight", "city"), 3, "'city'"),
            (("--groups", "grup"), 3, "'grup'"),
            (("--time", "city"), 3, "'city'"),
            (("--kind", "age=numbr"), 2, "Did you mean 'number'?"),
            (("--kind", "agee=number"), 3, "Did you mean 'age'?"),
            (("--kind", "city=number"), 3, "'city'"),
            (("--kind", "age"), 2, "COL=KIND"),
            (("--budget", "soon"), 2, "90s, 5m, 1.5h"),
            (("--budget", "0s"), 2, "'0s'"),
            (("--schema", "none.json"), 3, "none.json"),
            (("--test", "none.csv"), 3, "none.csv"),
            (("--seed", "-1"), 2, "from 0 on, not -1"),
            (("--run", "data.csv"), 2, "a file, not a folder"),
            (("--quantiles", "0.1,ten"), 2, "not 'ten'"),
        ],
    )
    def test_an_option_that_does_not_fit_the_table(
        self, fit: Callable[..., Result], options: tuple[str, ...], code: int, said: str
    ) -> None:
        refused(fit(GOOD, *options), code, said)

    @pytest.mark.parametrize(("answer", "said"), [("perhaps", "perhaps"), ("", "No row to score on has a value")])
    def test_test_rows_that_cannot_be_scored_on_end_the_fit_before_the_race(
        self, fit: Callable[..., Result], place: Path, answer: str, said: str
    ) -> None:
        (place / "test.csv").write_text(f"age,city,left\n30,Rome,{answer}\n")
        result = fit(GOOD, "--test", "test.csv")
        refused(result, 3, "'left'", said)
        assert "Trying" not in result.stderr

    def test_a_metric_that_the_target_has_no_value_of(self, fit: Callable[..., Result]) -> None:
        numbers = "age,paid\n" + "".join(f"{20 + i},{i - 3.5}\n" for i in range(40))
        refused(fit(numbers, "--metric", "rmsle", target="paid"), 2, "'rmsle'", "targets from 0 on")

    def test_a_kind_that_a_cell_does_not_fit_has_a_remedy_that_fit_has(self, fit: Callable[..., Result]) -> None:
        result = fit(GOOD, "--kind", "city=number")
        refused(result, 3, "'city'", "for another kind")
        assert "--lenient" not in result.stderr


class TestPrediction:
    def test_a_column_is_lacking(self, predict: Callable[..., Result]) -> None:
        refused(predict("aage,city\n30,Rome\n"), 3, "'age'", "new.csv")

    def test_a_refused_table_leaves_no_head_on_standard_output(self, predict: Callable[..., Result]) -> None:
        refused(predict("age,city\n30,Rome,more,and more\n", "-o", "-"), 3, "new.csv", "line 2")

    def test_a_column_changed_its_kind(self, predict: Callable[..., Result]) -> None:
        refused(predict("age,city\nyoung,Rome\nold,Oslo\n"), 3, "'age'", "row 1", "young", "number")

    def test_columns_too_many_are_ignored_and_said(self, predict: Callable[..., Result]) -> None:
        result = predict("shoe,age,city\n43,30,Rome\n")
        assert result.exit_code == 0, result.stderr
        assert "shoe" in result.stderr

    def test_unseen_categories_are_fine(self, predict: Callable[..., Result]) -> None:
        assert predict("age,city\n30,Atlantis\n,\n").exit_code == 0
        assert Path("out.csv").read_text().count("\n") == 3

    def test_a_cell_of_a_wrong_kind_is_named_with_its_row(self, predict: Callable[..., Result]) -> None:
        refused(predict(NEW + "abc,Rome\n"), 3, "'age'", "row 3", "new.csv", "abc", "--lenient")

    def test_a_cell_of_a_wrong_kind_far_down_leaves_nothing_behind(
        self, predict: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("modelwright.cli.predict.ROWS", 10)
        refused(predict(NEW + "30,Rome\n" * 50 + "abc,Rome\n"), 3, "'age'", "row 53")

    def test_lenient_reads_it_as_missing_and_says_so(self, predict: Callable[..., Result]) -> None:
        result = predict(NEW + "abc,Rome\n", "--lenient")
        assert result.exit_code == 0, result.stderr
        assert "1" in result.stderr
        assert "age" in result.stderr
        missing = predict(NEW + ",Rome\n")
        assert missing.exit_code == 0
        lines = Path("out.csv").read_text().splitlines()
        assert predict(NEW + "abc,Rome\n", "--lenient").exit_code == 0
        assert Path("out.csv").read_text().splitlines() == lines

    def test_evaluate_names_an_answer_that_the_model_does_not_know(self, place: Path, model_file: Path) -> None:
        (place / "new.csv").write_text("age,city,left\n30,Rome,perhaps\n31,Rome,yes\n")
        refused(run("evaluate", model_file, "new.csv"), 3, "'left'", "perhaps")

    def test_evaluate_needs_the_answers(self, place: Path, model_file: Path) -> None:
        (place / "new.csv").write_text(NEW)
        refused(run("evaluate", model_file, "new.csv"), 3, "'left'", "new.csv")

    def test_an_output_without_a_form(self, place: Path, model_file: Path) -> None:
        (place / "new.csv").write_text(NEW)
        refused(run("predict", model_file, "new.csv", "-o", "answers.txt"), 2, "answers.txt", ".csv")

    def test_json_needs_a_file(self, place: Path, model_file: Path) -> None:
        (place / "new.csv").write_text(NEW)
        result = run("predict", model_file, "new.csv", "--json")
        assert result.exit_code == 2
        assert "-o FILE" in result.stderr

    def test_a_column_to_keep_that_is_not_there(self, predict: Callable[..., Result]) -> None:
        refused(predict(NEW, "--keep", "cyti"), 3, "'cyti'", "new.csv")


class TestThePlace:
    def test_a_folder_that_is_not_there(self, place: Path) -> None:
        (place / "data.csv").write_text(GOOD)
        refused(run("fit", "data.csv", "-t", "left", "-o", "no/m.onnx"), 2, "no/m.onnx", "Make it first")

    def test_a_folder_instead_of_a_file(self, place: Path, model_file: Path) -> None:
        (place / "new.csv").write_text(NEW)
        (place / "answers.csv").mkdir()
        refused(run("predict", model_file, "new.csv", "-o", "answers.csv"), 2, "answers.csv", "folder")

    @pytest.mark.parametrize(
        "words",
        [
            "predict model.onnx data.csv -o data.csv",
            "predict model.onnx data.csv -o ./data.csv",
            "report model.onnx data.csv -o model.onnx",
            "fit data.csv -t left -o data.csv",
            "fit data.csv -t left --test new.csv -o new.csv",
            "refit model.onnx data.csv -o data.csv",
            "schema data.csv -o data.csv",
        ],
    )
    def test_what_is_read_is_not_written_over(self, place: Path, model_file: Path, words: str) -> None:
        shutil.copy(model_file, "model.onnx")
        (place / "data.csv").write_text(GOOD)
        (place / "new.csv").write_text(GOOD)
        before = {path.name: path.read_bytes() for path in place.iterdir()}
        refused(run(*words.split()), 2, "is read here, and writing would destroy it")
        assert {path.name: path.read_bytes() for path in place.iterdir()} == before

    def test_a_file_where_a_folder_should_be(self, place: Path, model_file: Path) -> None:
        (place / "data.csv").write_text(GOOD)
        refused(run("report", model_file, "--all", "data.csv"), 2, "'data.csv'", "a file, not a folder")

    def test_a_device_keeps_its_place(self, place: Path) -> None:
        os.mkfifo("pipe.onnx")
        (place / "data.csv").write_text(GOOD)
        refused(run("fit", "data.csv", "-t", "left", "-o", "pipe.onnx"), 2, "is a device or a pipe")
        assert Path("pipe.onnx").is_fifo()

    def test_nothing_is_read_before_the_place_is_known_to_be_good(self, place: Path) -> None:
        assert "no/m.onnx" in run("fit", "none.csv", "-t", "left", "-o", "no/m.onnx").stderr

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
    def test_a_folder_one_may_not_write_to(self, place: Path) -> None:
        (place / "data.csv").write_text(GOOD)
        (place / "closed").mkdir(mode=0o500)
        refused(run("fit", "data.csv", "-t", "left", "-o", "closed/m.onnx"), 2, "closed/m.onnx", "permission")

    @pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
    @pytest.mark.parametrize("command", ["fit", "predict"])
    def test_a_full_disk(self, place: Path, model_file: Path, command: str) -> None:
        (place / "data.csv").write_text(GOOD)
        (place / "new.csv").write_text(NEW + "30,Rome\n" * 50_000)
        arguments = {
            "fit": ["fit", "data.csv", "-t", "left", "--trials", "1", "-o", "m.onnx"],
            "predict": ["predict", str(model_file), "new.csv", "-o", "out.csv"],
        }
        # The largest file allowed stands for the space left: both make write() fail in the midst of a file.
        code = (
            "import resource, signal, sys\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            f"resource.setrlimit(resource.RLIMIT_FSIZE, ({4_000 if command == 'fit' else 100_000},) * 2)\n"
            "from modelwright.cli.program import program\n"
            "program(sys.argv[1:])"
        )
        environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
        command_line = [sys.executable, "-c", code, *arguments[command]]
        done = subprocess.run(command_line, capture_output=True, text=True, check=False, env=environment)
        shown = SimpleNamespace(exit_code=done.returncode, stderr=done.stderr, stdout=done.stdout)
        refused(shown, 2)  # type: ignore[arg-type]  # it has what is looked at


class TestTheModelFile:
    @pytest.mark.parametrize("command", ["predict", "evaluate", "inspect", "verify"])
    @pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text", "foreign"])
    def test_a_file_that_is_not_as_it_was_written(
        self, place: Path, model_file: Path, small_file: Callable[..., bytes], command: str, damage: str
    ) -> None:
        content = model_file.read_bytes()
        middle = len(content) // 2
        damaged = {
            "cut": content[:-100],
            "flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
            "empty": b"",
            "text": b"age,city\n30,Rome\n",
            "foreign": _foreign(),
        }[damage]
        (place / "bad.onnx").write_bytes(damaged)
        (place / "new.csv").write_text(NEW)
        data = [] if command in ("inspect", "verify") else ["new.csv"]
        refused(run(command, "bad.onnx", *data), 6, "bad.onnx")

    def test_a_file_that_is_not_there(self, place: Path, model_file: Path) -> None:
        shutil.copy(model_file, place / "left.onnx")
        result = run("inspect", "lefd.onnx")
        refused(result, 3, "lefd.onnx", "left.onnx")

    def test_a_table_in_place_of_a_model(self, place: Path) -> None:
        (place / "new.csv").write_text(NEW)
        refused(run("predict", "new.csv", "new.csv"), 6, "new.csv")


def _foreign() -> bytes:
    """Return a valid ONNX file that is none of ours."""
    from onnx import TensorProto, helper

    value: Any = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "ab"]
    graph = helper.make_graph([helper.make_node("Identity", ["a"], ["b"])], "g", value[:1], value[1:])
    return bytes(helper.make_model(graph).SerializeToString())
