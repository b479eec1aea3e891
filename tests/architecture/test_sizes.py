"""The limits of CONTRIBUTING.md on files, functions and classes, read from the syntax tree."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = sorted(p for folder in ("src", "tests", "benchmarks") for p in (ROOT / folder).rglob("*.py"))
SOURCE = [path for path in PYTHON if path.is_relative_to(ROOT / "src")]
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def short(path: Path) -> str:
    """Return the path as a test id."""
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[Function]:
    """Yield every function of a file, methods and inner ones too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def is_property(function: Function) -> bool:
    """Return whether a function is read like a field."""
    return any(isinstance(d, ast.Name) and d.id == "property" for d in function.decorator_list)


def n_statements(function: Function) -> int:
    """Count the statements inside a function, its docstring not among them."""
    inside = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
    return inside - (ast.get_docstring(function) is not None)


@pytest.mark.parametrize("path", PYTHON, ids=short)
def test_a_file_has_at_most_500_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


@pytest.mark.parametrize("path", PYTHON, ids=short)
def test_a_module_is_named_by_what_it_holds(path: Path) -> None:
    assert not {part.lower() for part in (*path.relative_to(ROOT).parts[:-1], path.stem)} & FORBIDDEN_NAMES


@pytest.mark.parametrize("path", PYTHON, ids=short)
def test_a_function_has_at_most_40_statements(path: Path) -> None:
    assert [f"line {f.lineno}: {f.name}" for f in functions(path) if n_statements(f) > 40] == []


@pytest.mark.parametrize("path", SOURCE, ids=short)
def test_a_function_takes_at_most_8_parameters_and_4_by_position(path: Path) -> None:
    crowded = []
    for function in functions(path):
        given = function.args
        positional = [a.arg for a in (*given.posonlyargs, *given.args) if a.arg not in ("self", "cls")]
        if len(positional) > 4 or len(positional) + len(given.kwonlyargs) > 8:
            crowded.append(f"line {function.lineno}: {function.name}")
    assert crowded == []


@pytest.mark.parametrize("path", SOURCE, ids=short)
def test_a_class_has_at_most_12_public_methods(path: Path) -> None:
    crowded = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            methods = [f for f in node.body if isinstance(f, Function) and not is_property(f)]
            public = [f for f in methods if not f.name.startswith("_")]
            crowded += [f"line {node.lineno}: {node.name}"] if len(public) > 12 else []
    assert crowded == []
