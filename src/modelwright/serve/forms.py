"""Answers written in the form a caller wants."""

import csv
import io
import json
from typing import Any

from modelwright.serve import bodies, strict_json
from modelwright.serve.exchange import ARROW, CSV, JSON, JSON_LINES, Reply, Request
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.scoring import Answers, JointAnswers


def accepted(request: Request, *offered: str) -> str:
    """Return the media type to answer in.

    Raises:
        RefusedRequestError: The caller accepts none that is offered.
    """
    kind = request.accepts(*offered)
    if kind is None:
        raise RefusedRequestError(406, f"No form of the answer is acceptable. Offered: {', '.join(offered)}.")
    return kind


def lines_reply(values: list[Any], kind: str) -> Reply:
    """Return CSV or JSON Lines of as many lines as there are values, without a header."""
    if kind == JSON_LINES:
        return Reply(b"".join(strict_json.write(value) + b"\n" for value in values), JSON_LINES)
    return Reply(csv_bytes([_flat(value) for value in values]), CSV)


def _flat(value: Any) -> list[Any]:
    """Return the cells of one line: of objects within objects their values, in order."""
    return [cell for inner in value.values() for cell in _flat(inner)] if isinstance(value, dict) else [value]


def table_reply(answers: Answers | JointAnswers, kind: str, *, by_column: bool) -> Reply:
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
    return lines_reply(answers.records(), JSON_LINES)


def csv_bytes(rows: list[Any]) -> bytes:
    """Return rows as CSV; numbers that are not finite become empty cells."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows([[_cell(c) for c in row] for row in rows])
    return stream.getvalue().encode()


def _cell(cell: Any) -> Any:
    if isinstance(cell, float):
        return "" if cell - cell != 0 else json.dumps(cell)  # neither infinite nor NaN
    return cell
