"""Answers written in the form a caller wants."""

import csv
import io
import json
from typing import Any

from modelwright.serve import bodies, strict_json
from modelwright.serve.exchange import ARROW, CSV, JSON, JSON_LINES, Reply, Request
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.scoring import Answers

OUTPUTS = ("predictions", "probabilities", "full")
"""What a caller may ask for: labels or numbers, probabilities, or both."""


def chosen_output(value: Any, default: str) -> str:
    """Return which output is wanted.

    Raises:
        RefusedRequestError: There is no such output.
    """
    if value is None:
        return default
    if value not in OUTPUTS:
        raise RefusedRequestError(400, f"There is no such output. Outputs: {', '.join(OUTPUTS)}.")
    return str(value)


def predictions(answers: Answers, output: str) -> list[Any]:
    """Return one JSON-able value per row: the label or number, the probabilities by class, or everything."""
    if output == "predictions":
        return answers.predictions
    if output == "full":
        return answers.records()
    if not answers.classes:
        raise RefusedRequestError(400, "The model predicts numbers, which have no probabilities.")
    return [dict(zip(map(str, answers.classes), row, strict=True)) for row in answers.values]


def accepted(request: Request, *offered: str) -> str:
    """Return the media type to answer in.

    Raises:
        RefusedRequestError: The caller accepts none that is offered.
    """
    kind = request.accepts(*offered)
    if kind is None:
        raise RefusedRequestError(406, f"No form of the answer is acceptable. Offered: {', '.join(offered)}.")
    return kind


def lines_reply(answers: Answers, output: str, kind: str) -> Reply:
    """Return CSV or JSON Lines of as many lines as there are rows, without a header."""
    if kind == JSON_LINES:
        lines = [strict_json.write(value) for value in predictions(answers, output)]
        return Reply(b"".join(line + b"\n" for line in lines), JSON_LINES)
    cells: list[Any] = predictions(answers, output)
    rows = [[cell] for cell in cells] if output == "predictions" else [list(cell.values()) for cell in cells]
    return Reply(csv_bytes(rows), CSV)


def table_reply(answers: Answers, kind: str, *, by_column: bool) -> Reply:
    """Return all answers as JSON, CSV with a header, JSON Lines or an Arrow stream."""
    if kind == JSON:
        value = {"columns": answers.columns()} if by_column else {"predictions": answers.records()}
        return Reply(strict_json.write(value), JSON)
    columns = answers.columns()
    if kind == ARROW:
        return Reply(bodies.columnar("Arrow").write_arrow(columns), ARROW)
    if kind == CSV:
        return Reply(
            csv_bytes([list(columns), *zip(*columns.values(), strict=True)]), f"{CSV}; charset=utf-8; header=present"
        )
    return lines_reply(answers, "full", JSON_LINES)


def csv_bytes(rows: list[Any]) -> bytes:
    """Return rows as CSV; numbers that are not finite become empty cells."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows([[_cell(c) for c in row] for row in rows])
    return stream.getvalue().encode()


def _cell(cell: Any) -> Any:
    if isinstance(cell, float):
        return "" if cell - cell != 0 else json.dumps(cell)  # neither infinite nor NaN
    return cell
