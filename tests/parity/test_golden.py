"""Every format ever released opens for ever, and answers as it did.

A golden file is never made anew: when the format changes, a file of the new format is added beside the old ones by
running this module (``python tests/parity/test_golden.py``), which refuses to overwrite.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Table
from modelwright.data import read
from modelwright.model.hostile import hostile_rows
from modelwright.model.joint import JointModel
from modelwright.model.model import Model
from modelwright.model.verify import verify
from modelwright.modelfile.manifest import FORMAT, JOINT_FORMAT

FOLDER = Path(__file__).parent / "golden"
TASKS = ("binary", "multiclass", "regression")


def table(task: str) -> Table:
    """Rows of every kind of column with an answer of the task."""
    rng = np.random.default_rng(11)
    size, colour = rng.normal(50, 20, 240), rng.choice(["red", "green", "blue", ""], 240)
    words = np.array(["good", "bad", "fast", "slow", "large", "small", "cheap", "dear"])
    value = size / 20 + (colour == "red") * 2 + rng.normal(0, 0.5, 240)
    answers: dict[str, Any] = {
        "binary": np.where(value > 3, "yes", "no"),
        "multiclass": np.digitize(value, [2.0, 3.5, 5.0]),
        "regression": value,
    }
    return read(
        {
            "size": np.where(rng.random(240) < 0.1, np.nan, size),
            "colour": colour.tolist(),
            "member": (rng.random(240) < 0.5).tolist(),
            "day": (np.datetime64("2021-03-01") + rng.integers(0, 700, 240)).astype(str).tolist(),
            "note": [" ".join(rng.choice(words, 6)) + f" {i}" for i in range(240)],
            "answer": answers[task].tolist(),
        },
        kinds={"colour": "category", "note": "text"},
    )


def answers(model: Model) -> np.ndarray:
    rows = hostile_rows(model.schema, 100, 3)
    return model.predict_proba(rows) if model.task.is_classification else model.predict(rows)


def several() -> tuple[Table, list[str]]:
    """The same rows with the answers of every task."""
    columns = {column.name: column for column in table("binary").drop(["answer"]).columns}
    for task in TASKS:
        answer = table(task).column("answer")
        columns[task] = replace(answer, schema=replace(answer.schema, name=task))
    return Table(tuple(columns.values()), 240), list(TASKS)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("format-1-*.onnx")), ids=lambda p: p.stem)
def test_a_file_of_every_format_answers_as_it_did(path: Path) -> None:
    model = Model.open(path)
    assert verify(model).passed
    expected = json.loads(path.with_suffix(".json").read_text())
    assert model.manifest.format == expected["format"]
    scale = np.maximum(1.0, np.abs(expected["answers"]))
    assert np.max(np.abs(answers(model) - np.array(expected["answers"])) / scale) <= 1e-6


@pytest.mark.parametrize("task", TASKS)
def test_the_format_written_today_has_its_golden_file(task: str) -> None:
    assert (FOLDER / f"format-{FORMAT}-{task}.onnx").exists()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("format-2-*.onnx")), ids=lambda p: p.stem)
def test_a_file_of_several_targets_answers_as_it_did(path: Path) -> None:
    model = JointModel.open(path)
    expected = json.loads(path.with_suffix(".json").read_text())
    assert list(model) == list(expected["answers"])
    for target, part in model.items():
        assert verify(part).passed
        wanted = np.array(expected["answers"][target])
        assert np.max(np.abs(answers(part) - wanted) / np.maximum(1.0, np.abs(wanted))) <= 1e-6


def test_the_format_of_several_targets_has_its_golden_file() -> None:
    assert (FOLDER / f"format-{JOINT_FORMAT}-targets.onnx").exists()


def make_joint() -> None:
    """Add the golden file of several targets of the format written today."""
    from modelwright.search.fit_targets import fit_targets

    path = FOLDER / f"format-{JOINT_FORMAT}-targets.onnx"
    if path.exists():
        raise SystemExit(f"{path.name} is there and stays as it is.")
    rows, targets = several()
    model = JointModel.open(fit_targets(rows, targets, Budget(trials=6), FitSpec(), seed=1))
    model.save(path)
    told = {target: answers(part).tolist() for target, part in model.items()}
    path.with_suffix(".json").write_text(json.dumps({"format": JOINT_FORMAT, "answers": told}))


def make() -> None:
    """Add golden files of the format written today."""
    from modelwright.search.fit import fit_table

    for task in TASKS:
        path = FOLDER / f"format-{FORMAT}-{task}.onnx"
        if path.exists():
            raise SystemExit(f"{path.name} is there and stays as it is.")
        model = Model.open(fit_table(table(task), "answer", Budget(trials=3), FitSpec(), seed=1))
        model.save(path)
        path.with_suffix(".json").write_text(json.dumps({"format": FORMAT, "answers": answers(model).tolist()}))


if __name__ == "__main__":
    make_joint()
    make()
