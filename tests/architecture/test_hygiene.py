"""What must not stand in a committed file."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = sorted((ROOT / "src").rglob("*.py"))
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__"}
# Written in pieces, so that this file does not hold what it looks for.
PRIVATE = re.compile("|".join(["/wor" + "k/", "/ro" + "ot/", "/tm" + "p/", "/ho" + "me/[a-z]", r"\bfile:/" + "/"]))
REGISTRY = re.compile(
    "|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "--(extra-)?index-" + "url", "find-" + "links"])
)
SILENCED = re.compile(r"#\s*(noqa(?!: ?[A-Z]+\d+)|type:\s*ignore(?!\[[a-z-]+))")


def tracked() -> list[Path]:
    """Return the committed text files, or all that git would not ignore; none of them is written by a machine."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("this copy is not a git repository")
    skipped = {".csv", ".onnx", ".parquet", ".gz", ".zst", ".xlsx", ".png", ".bin"}
    return [p for name in listed.stdout.splitlines() if (p := ROOT / name).suffix not in skipped and p.is_file()]


def lines_with(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """Return "file:line" of every line that matches."""
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_path_of_a_machine_is_committed() -> None:
    assert lines_with(PRIVATE, tracked()) == []


def test_no_address_of_a_registry_is_committed() -> None:
    assert lines_with(REGISTRY, tracked()) == []


def test_every_silenced_rule_is_named() -> None:
    assert lines_with(SILENCED, [path for path in tracked() if path.suffix in (".py", ".pyi")]) == []


@pytest.mark.parametrize("path", SOURCE, ids=lambda path: path.relative_to(ROOT / "src").as_posix())
def test_nothing_in_the_source_can_run_foreign_code(path: Path) -> None:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] in UNSAFE_MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in UNSAFE_MODULES:
            found.append(node.module or "")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in UNSAFE_CALLS:
            found.append(node.func.id)
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found += [] if isinstance(node.value, ast.Constant) and node.value.value is False else ["allow_pickle"]
    assert found == []
