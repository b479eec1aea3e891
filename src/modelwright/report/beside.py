"""The report that a fit leaves beside its model."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from modelwright.core.errors import MissingExtraError
from modelwright.report.report import is_report, report

if TYPE_CHECKING:
    from modelwright.model.model import Model

LEAST_SECONDS = 2.0
"""With less time left than this none is begun: so long it may take from the file alone, with drawing to be loaded."""


def beside(
    path: str | os.PathLike[str], *, seconds: float = LEAST_SECONDS, model: "Model | None" = None
) -> tuple[Path, ...]:
    """Write the report on a model file beside it, from what the file alone says.

    Args:
        path: The model file; ``churn.onnx`` gives ``churn.html`` and ``churn.json``.
        seconds: Time there is; no section is begun after it.
        model: The model itself, where it is one of several in a file and `path` only names the page.

    Returns:
        The files written; none when there is no time, when the extra that draws is not installed, or when files of
        those names are there that no report of ours wrote.

    Raises:
        OutputError: A file cannot be written.
        FileRefusedError: The model file is refused.
    """
    if seconds < LEAST_SECONDS:
        return ()
    page = Path(path).with_suffix(".html")
    files = (page, page.with_suffix(".json"))
    if in_the_way(path) is not None:
        return ()
    try:
        report(path if model is None else model, page, seconds=seconds)
    except MissingExtraError:
        return ()
    return files


def in_the_way(path: str | os.PathLike[str]) -> Path | None:
    """Return the file of another origin that has a name of the report's, None where there is none."""
    page = Path(path).with_suffix(".html")
    return next((file for file in (page, page.with_suffix(".json")) if not is_report(file)), None)
