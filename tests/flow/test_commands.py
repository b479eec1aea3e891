"""The commands end to end: each on real files, a few in real processes with real signals."""

import csv
import errno
import gzip
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

import modelwright as mw
from modelwright.cli.program import program
from modelwright.model.model import Model

CHURN = Path(__file__).parents[2] / "examples" / "churn.csv"
N_ROWS = 120


def run(*arguments: object) -> Result:
    return CliRunner().invoke(program, [str(a) for a in arguments])


def done(*arguments: object) -> Result:
    result = run(*arguments)
    assert result.exit_code == 0, result.stderr
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Customers in ``data.csv``, later ones in ``new.csv``, a model of them in ``left.onnx``."""
    place = tmp_path_factory.mktemp("commands")
    rng = np.random.default_rng(1)
    age, city = rng.integers(18, 80, 2 * N_ROWS), rng.choice(["Rome", "Oslo", "Köln, am Rhein"], 2 * N_ROWS)
    left = np.where((age > 50) ^ (rng.random(2 * N_ROWS) < 0.1), "yes", "no")
    for name, rows in (("data.csv", range(N_ROWS)), ("new.csv", range(N_ROWS, 2 * N_ROWS))):
        with (place / name).open("w", encoding="utf-8", newline="") as stream:
            lines = csv.writer(stream)
            lines.writerow(["customer", "age", "city", "left"])
            lines.writerows([f"c-{i:05d}", age[i], city[i], left[i]] for i in rows)
    done("fit", place / "data.csv", "--target", "left", "--trials", 1, "-o", place / "left.onnx", "-q")
    return place


class TestFit:
    def test_a_report_that_finds_no_space_is_no_failed_fit(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_text = Path.write_text

        def full(place: Path, data: str, **options: Any) -> int:
            if place.parent == tmp_path:
                raise OSError(errno.ENOSPC, "No space left on device")
            return write_text(place, data, **options)

        monkeypatch.setattr(Path, "write_text", full)
        for targets in (("left",), ("left", "city")):
            named = [word for target in targets for word in ("-t", target)]
            result = done("fit", folder / "data.csv", *named, "--trials", 1, "-o", tmp_path / "m.onnx", "--json")
            assert (tmp_path / "m.onnx").is_file()
            assert not json.loads(result.stdout)["report"]
            assert "No report" in result.stderr
            assert "no space is left" in result.stderr

    def test_the_result_is_on_stdout_and_the_progress_on_stderr(self, folder: Path, tmp_path: Path) -> None:
        result = done("fit", folder / "data.csv", "-t", "left", "--trials", 1, "-o", tmp_path / "m.onnx")
        for text in ("m.onnx", "binary classification of 'left' (2 classes) from 2 columns", "ROC AUC", "Parity"):
            assert text in result.stdout
        assert "Trying learners" in result.stderr
        assert "customer" in result.stderr  # left out, and said so

    def test_quiet_says_nothing_on_stderr(self, folder: Path, tmp_path: Path) -> None:
        result = done("fit", folder / "data.csv", "-t", "left", "--trials", 1, "-o", tmp_path / "m.onnx", "-q")
        assert result.stderr == ""

    def test_json_is_one_document(self, folder: Path, tmp_path: Path) -> None:
        place = tmp_path / "m.onnx"
        document = json.loads(
            done("fit", folder / "data.csv", "-t", "left", "--trials", 1, "-o", place, "--json").stdout
        )
        assert document["schema"] == "modelwright/fit/1"
        assert document["model"] == str(place)
        assert document["digest"] == mw.load(place).digest
        assert document["low"] <= document["score"] <= document["high"]
        assert document["evaluation"]["schema"] == "modelwright/evaluation/1"
        assert sum(member["weight"] for member in document["members"]) == pytest.approx(1.0)
        assert document["interrupted"] is False

    def test_events_are_lines_that_end_with_the_result(self, folder: Path, tmp_path: Path) -> None:
        result = done("fit", folder / "data.csv", "-t", "left", "--trials", 1, "-o", tmp_path / "m.onnx", "--events")
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        assert {line["schema"] for line in lines[:-1]} == {"modelwright/event/1"}
        assert lines[-1]["schema"] == "modelwright/fit/1"
        assert lines[-2]["event"] == "done"
        assert result.stderr == ""

    def test_the_model_is_named_after_the_target(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        done("fit", folder / "data.csv", "-t", "left", "--trials", 1, "-q")
        assert {p.name for p in tmp_path.iterdir()} == {"left.onnx", "left.html", "left.json"}
        done("fit", folder / "data.csv", "-t", "left", "--trials", 1, "-q", "--no-report", "-o", "again.onnx")
        assert not (tmp_path / "again.html").exists()

    def test_a_report_replaces_no_file_of_the_user(self, folder: Path, tmp_path: Path) -> None:
        mine = tmp_path / "m.json"
        mine.write_text("{}")
        result = done("fit", folder / "data.csv", "-t", "left", "--trials", 1, "-o", tmp_path / "m.onnx")
        assert mine.read_text() == "{}"
        assert not (tmp_path / "m.html").exists()
        assert "No report was written" in result.stderr

    def test_the_same_trials_and_seed_give_the_same_bytes(self, folder: Path, tmp_path: Path) -> None:
        again = tmp_path / "again.onnx"
        done("fit", folder / "data.csv", "-t", "left", "--trials", 1, "-o", again, "-q")
        assert again.read_bytes() == (folder / "left.onnx").read_bytes()

    def test_columns_are_dropped_and_kinds_set(self, folder: Path, tmp_path: Path) -> None:
        place = tmp_path / "m.onnx"
        options = ("--drop", "city", "--kind", "customer=category", "--trials", 1, "-o", place, "-q")
        done("fit", folder / "data.csv", "-t", "left", *options)
        schema = mw.load(place).schema
        assert "city" not in schema
        assert schema.column("age").kind == "number"

    def test_test_rows_give_the_score(self, folder: Path, tmp_path: Path) -> None:
        options = ("--test", folder / "new.csv", "--trials", 1, "-o", tmp_path / "m.onnx")
        assert f"on test rows: {N_ROWS}" in done("fit", folder / "data.csv", "-t", "left", *options).stdout

    def test_an_edited_schema_is_used(self, folder: Path, tmp_path: Path) -> None:
        place, model = tmp_path / "s.json", tmp_path / "m.onnx"
        done("schema", folder / "data.csv", "-o", place)
        document = json.loads(place.read_text(encoding="utf-8"))
        document["columns"] = [c for c in document["columns"] if c["name"] != "city"]
        document["columns"][1]["kind"] = "category"
        place.write_text(json.dumps(document), encoding="utf-8")
        done("fit", folder / "data.csv", "-t", "left", "--schema", place, "--trials", 1, "-o", model, "-q")
        assert [(c.name, c.kind) for c in mw.load(model).schema] == [("age", "category")]


class TestPredict:
    @pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
    def test_every_row_is_answered_in_order(self, folder: Path, tmp_path: Path, ending: str) -> None:
        place = tmp_path / f"out.{ending}"
        result = done("predict", folder / "left.onnx", folder / "new.csv", "-o", place, "--keep", "customer")
        assert f"Wrote {N_ROWS} rows" in result.stderr
        rows = _rows(place)
        assert [row["customer"] for row in rows] == [f"c-{i:05d}" for i in range(N_ROWS, 2 * N_ROWS)]
        model = mw.load(folder / "left.onnx")
        assert [row["label"] for row in rows] == model.predict(str(folder / "new.csv")).tolist()
        probabilities = model.predict_proba(str(folder / "new.csv"))
        assert [float(row["probability_yes"]) for row in rows] == probabilities[:, 1].tolist()

    def test_stdout_is_csv_in_utf_8(self, folder: Path) -> None:
        result = done("predict", folder / "left.onnx", folder / "new.csv", "--keep", "city")
        lines = list(csv.DictReader(result.stdout.splitlines()))
        assert len(lines) == N_ROWS
        assert "Köln, am Rhein" in {line["city"] for line in lines}

    def test_pieces_join_without_a_seam(self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        whole, pieces = tmp_path / "whole.csv", tmp_path / "pieces.csv"
        done("predict", folder / "left.onnx", folder / "new.csv", "-o", whole)
        monkeypatch.setattr("modelwright.cli.predict.ROWS", 7)
        done("predict", folder / "left.onnx", folder / "new.csv", "-o", pieces)
        assert pieces.read_bytes() == whole.read_bytes()

    def test_memory_does_not_grow_with_the_rows(self, folder: Path, tmp_path: Path) -> None:
        peaks = []
        for copies in (300, 2_000):
            big = tmp_path / "big.parquet"
            columns = {"age": np.tile(np.arange(18.0, 80.0), copies), "city": np.tile(["Rome", "Oslo"], 31 * copies)}
            pq.write_table(pa.table(columns), big, row_group_size=20_000)
            code = (
                "import resource, sys\n"
                "from modelwright.cli.program import program\n"
                "try: program(sys.argv[1:])\n"
                "except SystemExit: pass\n"
                "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
            )
            command = [sys.executable, "-c", code, "predict", folder / "left.onnx", big, "-o", tmp_path / "o.csv", "-q"]
            peaks.append(int(subprocess.run(command, capture_output=True, text=True, check=True).stderr.split()[-1]))
            with (tmp_path / "o.csv").open() as stream:
                assert sum(1 for _ in stream) == 62 * copies + 1
        assert peaks[1] < 1.2 * peaks[0]

    def test_json_tells_what_was_written(self, folder: Path, tmp_path: Path) -> None:
        place = tmp_path / "o.csv"
        document = json.loads(done("predict", folder / "left.onnx", folder / "new.csv", "-o", place, "--json").stdout)
        assert document["schema"] == "modelwright/predict/1"
        assert document["rows"] == N_ROWS
        assert document["columns"] == ["label", "probability_no", "probability_yes"]

    def test_compressed_and_columnar_tables_answer_alike(self, folder: Path, tmp_path: Path) -> None:
        zipped, columnar = tmp_path / "new.csv.gz", tmp_path / "new.parquet"
        zipped.write_bytes(gzip.compress((folder / "new.csv").read_bytes()))
        rows = _rows(folder / "new.csv")
        pq.write_table(pa.table({"city": [r["city"] for r in rows], "age": [int(r["age"]) for r in rows]}), columnar)
        expected = done("predict", folder / "left.onnx", folder / "new.csv").stdout
        assert done("predict", folder / "left.onnx", zipped).stdout == expected
        assert done("predict", folder / "left.onnx", columnar).stdout == expected

    def test_a_table_without_rows_gives_a_header(self, folder: Path, tmp_path: Path) -> None:
        empty = tmp_path / "empty.csv"
        empty.write_text("age,city\n")
        assert done("predict", folder / "left.onnx", empty).stdout == "label,probability_no,probability_yes\n"


class TestTheRest:
    def test_evaluate_scores_by_every_metric(self, folder: Path) -> None:
        shown = done("evaluate", folder / "left.onnx", folder / "new.csv").stdout
        for metric in ("ROC AUC", "Log loss", "Accuracy", "F1"):
            assert metric in shown
        document = json.loads(done("evaluate", folder / "left.onnx", folder / "new.csv", "--json").stdout)
        assert document["schema"] == "modelwright/evaluation/1"
        assert document["n_rows"] == N_ROWS

    def test_evaluate_ends_with_4_when_a_limit_is_not_kept(self, folder: Path) -> None:
        words = ("evaluate", folder / "left.onnx", folder / "new.csv")
        document = json.loads(done(*words, "--at-least", "roc_auc=0", "--at-most", "log_loss=99", "--json").stdout)
        auc = next(m for m in document["metrics"] if m["name"] == "roc_auc")
        limit = f"roc_auc={(auc['low'] + auc['value']) / 2}"
        assert auc["low"] < auc["value"]
        done(*words, "--at-least", limit, "--gate-by", "value")
        result = run(*words, "--at-least", limit)
        assert result.exit_code == 4
        assert "ROC AUC" in result.stdout, "the scores are shown all the same"
        assert "roc_auc ≥" in result.stderr
        assert run(*words, "--at-least", "log_loss=0.1").exit_code == 2

    def test_inspect_shows_what_the_file_holds(self, folder: Path) -> None:
        shown = done("inspect", folder / "left.onnx").stdout
        for text in ("binary classification", "no, yes", "ROC AUC", "µs per row", "sha256", "Köln", "LIN", "numpy"):
            assert text in shown
        document = json.loads(done("inspect", folder / "left.onnx", "--json").stdout)
        assert document["schema"] == "modelwright/inspect/1"
        assert document["manifest"]["target"] == "left"
        assert document["row_microseconds"] > 0
        assert [c["name"] for c in document["columns"]] == ["age", "city"]

    def test_verify_repeats_the_answers(self, folder: Path) -> None:
        result = done("verify", folder / "left.onnx", folder / "new.csv")
        assert "passed" in result.stdout
        document = json.loads(done("verify", folder / "left.onnx", folder / "new.csv", "--json").stdout)
        assert (document["schema"], document["passed"], document["n_given"]) == ("modelwright/verify/1", True, N_ROWS)

    def test_verify_ends_with_4_when_answers_differ(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("modelwright.model.verify.difference", lambda *_, **__: 0.5)
        result = run("verify", folder / "left.onnx")
        assert result.exit_code == 4
        assert "FAILED" in result.stdout
        assert "left.onnx" in result.stderr

    def test_schema_says_what_and_why(self, folder: Path) -> None:
        shown = done("schema", folder / "data.csv").stdout
        assert "customer  identifier" in shown
        assert done("schema", folder / "data.csv", "--kind", "age=category").stdout.count("set by the user") == 1
        document = json.loads(done("schema", folder / "data.csv", "--json").stdout)
        assert document["schema"] == "modelwright/schema/1"


def _rows(place: Path) -> list[dict[str, Any]]:
    if place.suffix == ".parquet":
        return list(pq.read_table(place).to_pylist())
    if place.suffix == ".jsonl":
        return [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]
    with place.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
class TestSignals:
    """A fit of ten minutes in a real process, stopped as soon as a model is ready."""

    @pytest.fixture
    def fitting(self, folder: Path, tmp_path: Path) -> Any:
        place = tmp_path / "m.onnx"
        command = [
            sys.executable,
            "-m",
            "modelwright",
            "fit",
            str(folder / "data.csv"),
            "-t",
            "left",
            "--budget",
            "10m",
        ]
        process = subprocess.Popen(
            [*command, "-o", str(place), "--events"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        yield process, place
        if process.poll() is None:
            process.kill()
        process.communicate()

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_the_first_signal_keeps_the_best_so_far(self, fitting: Any, number: signal.Signals) -> None:
        process, place = fitting
        assert "best" in _until(process, "best")
        started = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        document = json.loads(out.splitlines()[-1])
        assert process.returncode == 128 + number, err
        assert document["interrupted"] is True
        assert mw.load(place).digest == document["digest"]
        assert time.monotonic() - started < 60  # minutes of the budget were left

    def test_the_second_signal_aborts_and_leaves_nothing_half_done(self, fitting: Any) -> None:
        process, place = fitting
        _until(process, "trial")
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        # A shell calls both 130: Python dies by the signal itself when it interrupted an exec, as imports do.
        assert process.returncode in (130, -signal.SIGINT)
        assert "Traceback" not in err
        # On a quick machine the model is written between the two signals; then it is whole.
        left = list(place.parent.iterdir())
        assert left in ([], [place])
        assert all(Model.open(path).size_bytes for path in left)


def _until(process: Any, event: str) -> str:
    for line in process.stdout:
        if json.loads(line).get("event") == event:
            return str(line)
    raise AssertionError(f"it ended before '{event}': {process.stderr.read()}")
