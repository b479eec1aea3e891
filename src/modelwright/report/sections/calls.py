"""How to ask the model."""

import shlex
from collections.abc import Sequence
from typing import Any, ClassVar, final

from modelwright.core.errors import counted
from modelwright.model.naming import safe_name
from modelwright.report.base import Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Code
from modelwright.report.sections.time import typical

_MOST_COLUMNS = 12


@final
class CallsSection(Section[dict[str, Any]]):
    """Lines to copy: command line, Python, HTTP, and ONNX Runtime without us."""

    title: ClassVar[str] = "How to ask it"
    chapter: ClassVar[str] = "file"

    def look(self, case: Case) -> dict[str, Any]:
        """Return the outputs' names."""
        return {"outputs": list(case.model.task.outputs(case.model.schema.names))}

    def document(self, result: dict[str, Any]) -> dict[str, Any]:
        """Return the same."""
        return result

    def blocks(self, result: dict[str, Any], case: Case) -> Sequence[Block]:
        """Return the lines."""
        columns = list(case.model.schema)
        row = {c.name: typical(c) for c in columns[:_MOST_COLUMNS]}
        cells = [f"    {name!r}: {_tidy(cell)!r}," for name, cell in row.items()]
        if len(columns) > _MOST_COLUMNS:
            cells.append(f"    # and {counted(len(columns) - _MOST_COLUMNS, 'more column')}")
        shown = "\n".join(["{", *cells, "}"])
        python = f"import modelwright as mw\n\nmodel = {case.loading}\nmodel.predict({shown})"
        # Outputs have other names in a file of several targets.
        alone = case.name if case.model.within is None else f"{safe_name(case.model.manifest.target)}.onnx"
        apart = "" if alone == case.name else f"# {case.loading}.save({alone!r})\n"
        bare = (
            f"import onnxruntime\n\n{apart}"
            f"session = onnxruntime.InferenceSession({alone!r})\n"
            f"session.run({result['outputs']!r}, inputs)  # a column each, of shape (rows, 1): double, string or int64"
        )
        return (
            Code("On the command line", case.line("predict", "NEW.csv", "-o", "answers.csv")),
            Code("In Python", python),
            Code("Over HTTP", f"modelwright serve {shlex.quote(case.name)}"),
            Code("Without modelwright, wherever ONNX Runtime runs", bare),
        )


def _tidy(cell: Any) -> Any:
    """Return a whole number without its point."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
