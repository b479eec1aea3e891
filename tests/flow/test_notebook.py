"""A real kernel shows one display per fit, without being asked."""

from typing import Any

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

CELL = """
import modelwright as mw
size = [0.37 * i % 5 for i in range(60)]
rows = {"size": size, "price": [3 * s + 1 for s in size]}
model = mw.fit(rows, "price", budget=mw.Budget(trials=1))
"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_notebook_shows_progress_and_the_model() -> None:
    cells: list[Any] = [
        nbformat.v4.new_code_cell(text)
        for text in (CELL, "model", "mw.Regressor(trials=1).fit([[s] for s in size], size)")
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    (progress,) = notebook.cells[0].outputs
    assert progress.output_type == "display_data"
    assert "Done" in progress.data["text/plain"]
    assert "<script" not in progress.data["text/html"]
    assert "regression" in notebook.cells[1].outputs[0].data["text/html"]
    assert "out of fold on 60 rows" in notebook.cells[2].outputs[0].data["text/html"]
