"""The laws about who may import whom; the contracts themselves stand in pyproject.toml."""

import ast
import sys
import tomllib
from pathlib import Path

import pytest
from importlinter.application.use_cases import lint_imports
from importlinter.configuration import configure

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "modelwright"
USING = {"display", "model", "modelfile", "insight", "report", "track", "serve", "deploy", "spark"}


def imported(path: Path) -> set[str]:
    """Return every module name that a file imports, also inside functions and under TYPE_CHECKING."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} line {node.lineno}: imports are absolute"
            names.add(node.module or "")
    return names


def test_the_import_contracts_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    configure()
    assert lint_imports(cache_dir=None, is_debug_mode=True), "run lint-imports to see which import breaks which law"


def test_every_package_has_its_place_in_the_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract["type"] == "layers")
    places = {name.strip() for layer in layers["layers"] for name in layer.replace(":", "|").split("|")}
    there = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    there |= {path.stem for path in SOURCE.glob("*.py") if path.stem not in ("__init__", "__main__")}
    # A place in brackets is kept for a module that need not be there yet.
    assert {name for name in places if not name.startswith("(")} <= there <= {name.strip("()") for name in places}


def test_every_package_that_uses_files_is_kept_from_making_them() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    forbidden = next(contract for contract in contracts if contract["type"] == "forbidden")
    there = {f"modelwright.{path.parent.name}" for path in SOURCE.glob("*/__init__.py") if path.parent.name in USING}
    assert there <= set(forbidden["source_modules"])


@pytest.mark.parametrize("path", sorted((SOURCE / "core").rglob("*.py")), ids=lambda path: path.stem)
def test_core_stands_on_numpy_and_the_standard_library(path: Path) -> None:
    allowed = sys.stdlib_module_names | {"numpy"}
    foreign = {n for n in imported(path) if n.split(".")[0] not in allowed and not n.startswith("modelwright.core")}
    assert not foreign
