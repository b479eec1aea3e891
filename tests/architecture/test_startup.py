"""Importing is free: what is loaded is looked up in sys.modules of a new process, not timed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "modelwright"
TRAINING = frozenset({"catboost", "fairlearn", "lightgbm", "onnx", "pandas", "scipy", "sklearn", "torch"})
HEAVY = TRAINING | {"click", "duckdb", "matplotlib", "mlflow", "numpy", "onnxruntime", "openpyxl", "polars", "psycopg"}
HEAVY |= {"pyarrow", "rich", "sqlalchemy", "starlette", "threadpoolctl", "uvicorn"}
CATALOGS = sorted(f"modelwright.{p.parent.relative_to(SOURCE).as_posix()}.catalog" for p in SOURCE.glob("*/catalog.py"))


def loaded_by(code: str) -> set[str]:
    """Return the heavy top-level modules loaded after `code` ran in a new process."""
    tail = "\nimport sys, json\nprint('\\n' + json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", code + tail],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE.parent)},
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1])) & HEAVY


def test_importing_the_package_loads_nothing() -> None:
    assert loaded_by("import modelwright") == set()


def test_help_loads_only_click() -> None:
    help_of_the_program = "import modelwright.cli as cli, sys\nsys.argv = ['modelwright', '--help']\n"
    assert loaded_by(help_of_the_program + "try:\n    cli.main()\nexcept SystemExit:\n    pass") == {"click"}


@pytest.mark.parametrize("catalog", CATALOGS)
def test_a_catalog_loads_nothing(catalog: str) -> None:
    # core.catalog is the reader of catalogs, not one of them, and just as light.
    assert loaded_by(f"import {catalog}") == set()


@pytest.mark.parametrize("package", ["model", "modelfile", "insight"])
def test_using_a_file_loads_no_training_library(package: str) -> None:
    modules = [
        ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted((SOURCE / package).rglob("*.py"))
    ]
    assert not loaded_by("\n".join(f"import {name}" for name in modules)) & TRAINING
