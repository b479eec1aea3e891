"""Every block of the pages a user starts with is run, in order, one folder per page, with small budgets."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "docs/start.md",
    "docs/evaluate.md",
    "docs/explain.md",
    "docs/fairness.md",
    "docs/learners.md",
    "docs/plots.md",
    "docs/track.md",
    "docs/uncertainty.md",
    "docs/decide.md",
    "docs/report.md",
    "docs/resume.md",
    "docs/targets.md",
)
BLOCK = re.compile(r"(?P<mark><!-- not run: [^>]+ -->\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.M | re.S)
BUDGET = re.compile(r"(?<=budget[ =])(\"?)\d+[smh](\"?)")
LANGUAGES = {"bash", "python", "text", "json"}


def blocks(page: str) -> list[tuple[str, str]]:
    """Return (language, code) of each block that is to be run, with every budget made small."""
    found = BLOCK.finditer((ROOT / page).read_text(encoding="utf-8"))
    marked = [(m["language"], BUDGET.sub(r"\g<1>15s\g<2>", m["code"])) for m in found if not m["mark"]]
    assert {language for language, _ in marked} <= LANGUAGES
    return [(language, code) for language, code in marked if language in ("bash", "python")]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_runs(page: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "src")}
    taken = blocks(page)
    assert taken, f"{page} shows nothing to run"
    for language, code in taken:
        command = ["bash", "-euo", "pipefail", "-c", code] if language == "bash" else [sys.executable, "-c", code]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, f"{page}:\n{code}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def test_budgets_in_blocks_are_made_small() -> None:
    assert BUDGET.sub(r"\g<1>15s\g<2>", "--budget 60s") == "--budget 15s"
    assert BUDGET.sub(r"\g<1>15s\g<2>", 'budget="5m"') == 'budget="15s"'
