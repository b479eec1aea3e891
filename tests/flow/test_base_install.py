"""A model file answers where only numpy, onnxruntime and click are installed, and loads nothing more than it needs."""

import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OFFLINE = (
    "NewConnectionError",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "ConnectTimeoutError",
)

USE = """
import sys

FORBIDDEN = set("sklearn scipy lightgbm catboost pandas pyarrow polars onnx torch click rich".split())


class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FORBIDDEN:
            raise ImportError(f"{name} was imported, but using a model must not need it")


if sys.argv[2] == "walled":
    sys.meta_path.insert(0, Wall())

import modelwright

assert "numpy" not in sys.modules, "importing modelwright loaded numpy"
model = modelwright.Model.open(sys.argv[1])
row = {"age": 44, "member": True, "city": "Rome", "since": "2020-05-01"}
assert model.predict(row) == "yes", model.predict(row)
assert not FORBIDDEN & sys.modules.keys(), FORBIDDEN & sys.modules.keys()
assert "modelwright.data" not in sys.modules, "a well-formed row loaded the readers"
shares = model.predict_proba(row)
assert list(shares) == ["no", "yes"] and abs(sum(shares.values()) - 1) < 1e-12

import numpy as np

records = [row, {**row, "age": "44", "since": None}, {**row, "city": "Köln"}]
columns = {name: [record[name] for record in records] for name in row}
matrix = np.array([list(record.values()) for record in records], dtype=object)
for form in (records, columns, matrix):
    answers = model.predict_proba(form)
    assert answers.shape == (3, 2)
    assert np.allclose(answers[0], list(shares.values()), atol=1e-12)
assert model.predict(records).tolist()[0] == "yes"
model.save(sys.argv[1] + ".copy")
assert modelwright.Model.open(sys.argv[1] + ".copy").digest == model.digest
assert not FORBIDDEN & sys.modules.keys(), FORBIDDEN & sys.modules.keys()
print("ok", sys.version_info[:2], np.__version__)
"""


def use(python: Path, file: Path, how: str, source: Path | None) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LC_"))}
    environment |= {"LANG": "C", "LC_ALL": "C"}
    if source is not None:
        environment["PYTHONPATH"] = str(source)
    script = file.with_name("use.py")
    script.write_text(USE, encoding="utf-8")
    return subprocess.run(
        [python, script, file, how], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def model_file(small_file: Callable[..., bytes], tmp_path: Path) -> Path:
    place = tmp_path / "answer.onnx"
    place.write_bytes(small_file("binary"))
    return place


def test_using_a_model_imports_no_training_library(model_file: Path) -> None:
    done = use(Path(sys.executable), model_file, "walled", ROOT / "src")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ok")


@pytest.mark.slow
def test_base_install_opens_and_predicts(model_file: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    installed = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ROOT],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if any(sign in installed.stderr for sign in OFFLINE):
        pytest.skip("the package index is out of reach")
    assert installed.returncode == 0, installed.stderr
    listed = subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout.lower()
    assert "onnxruntime" in listed
    assert not [name for name in ("scikit-learn", "pandas", "pyarrow", "lightgbm", "catboost") if name in listed]
    done = use(python, model_file, "open", None)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ok")
