"""Every notebook of the examples is executed, and what its cells show needs no script."""

import asyncio
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def read(path: Path) -> Any:
    """Return a notebook, checked against its form."""
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    return book


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("default")  # zmq and tornado warn of their own ways with event loops
def test_a_notebook_runs_and_shows_html_without_script(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "examples"
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("*.ipynb", "made"))
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLES.parent / "src"))
    book = read(path)
    client = nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": str(folder)}})
    asyncio.run(client.async_execute())
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "stream" and o.name == "stderr"], "a cell complains"
    shown = [output.data for output in outputs if "data" in output]
    pages = [data["text/html"] for data in shown if "text/html" in data]
    assert len(pages) >= 3
    for page in pages:
        assert not re.search(r"<script|javascript:|\son\w+=|https?://(?!www\.w3\.org)", page)
    assert all("text/plain" in data for data in shown)
    made = sorted((folder / "made").glob("*.html"))
    assert len(made) == 1
    assert "<h1" in made[0].read_text(encoding="utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs(path: Path) -> None:
    code = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert code
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


def test_there_are_three() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["churn", "fairness", "house_prices"]
