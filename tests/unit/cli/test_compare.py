"""The command that compares, end to end on small models."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import modelwright as mw
from modelwright.cli import program as top
from modelwright.cli.compare import compare
from modelwright.core.errors import SpecError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models of one question, one of another, and new rows."""
    place = tmp_path_factory.mktemp("compare")
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 240))
    sold = np.where(a + 0.2 * b + 0.5 * rng.normal(size=240) > 0, "yes", "no")
    rows = {"a": a.tolist(), "b": b.tolist(), "sold": sold.tolist()}
    train = {name: cells[:120] for name, cells in rows.items()}
    mw.fit(train, target="sold", budget=mw.Budget(trials=1), out=place / "good.onnx")
    mw.fit({k: train[k] for k in ("b", "sold")}, target="sold", budget=mw.Budget(trials=1), out=place / "poor.onnx")
    mw.fit({k: train[k] for k in ("a", "b")}, target="a", budget=mw.Budget(trials=1), out=place / "other.onnx")
    lines = ["a,b,sold", *(f"{x},{y},{z}" for x, y, z in zip(a[120:], b[120:], sold[120:], strict=True))]
    (place / "new.csv").write_text("\n".join(lines))
    return place


def asked(folder: Path, *arguments: str) -> str:
    done = CliRunner().invoke(compare, [str(folder / a) if "." in a else a for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_better_model_is_named_with_its_margin(folder: Path) -> None:
    text = asked(folder, "poor.onnx", "good.onnx", "new.csv")
    assert text.startswith("good is better than poor: ROC AUC +0.")
    assert "DeLong" in text and "McNemar" in text
    assert "left out" not in text  # 'a' is left out by one of them only


def test_the_document_holds_the_verdict_and_every_metric(folder: Path) -> None:
    document = json.loads(asked(folder, "good.onnx", "poor.onnx", "new.csv", "--json", "--metric", "log_loss"))
    assert document["schema"] == "modelwright/comparison/1"
    assert document["metric"] == "log_loss" == document["differences"][0]["name"]
    assert document["verdict"].startswith("good is better than poor")
    assert document["n_rows"] == 120


def test_a_model_does_not_differ_from_itself(folder: Path) -> None:
    assert asked(folder, "good.onnx", "good.onnx", "new.csv").startswith("Neither is better")


def test_models_of_different_questions_are_refused(folder: Path) -> None:
    with pytest.raises(SpecError, match="different questions"):
        asked(folder, "good.onnx", "other.onnx", "new.csv")
    assert "compare" in top.COMMANDS
