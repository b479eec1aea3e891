"""A CSV file in, the same rows with answers at the end of each out."""

import csv
import io
from typing import Any

from modelwright.serve.bodies import read_csv
from modelwright.serve.exchange import CSV, Reply, Request
from modelwright.serve.forms import csv_bytes
from modelwright.serve.given import Given
from modelwright.serve.scoring import Answers, JointAnswers
from modelwright.serve.settings import Limits
from modelwright.serve.shelf import Asked


def read_table(asked: Asked, file: bytes, limits: Limits) -> Given:
    """Return the rows of a CSV file.

    Raises:
        RefusedRequestError: It is no CSV, ragged, too long, or lacks a column.
    """
    return read_csv(Request("POST", "/", {"content-type": CSV}, body=file), asked.model.schema, limits)


def with_answers(asked: Asked, file: bytes, answers: Answers | JointAnswers) -> Reply:
    """Return the file with the answers as further columns; a name that is taken gets a mark.

    Args:
        asked: The model.
        file: As `read_table` read it.
        answers: One per row.
    """
    text = file.decode("utf-8-sig")
    keeps_blank = len(asked.model.schema) == 1
    rows: list[list[Any]] = [row or [""] for row in csv.reader(io.StringIO(text, newline="")) if row or keeps_blank]
    columns = answers.columns()
    has_header = len(rows) == len(answers) + 1
    header = rows.pop(0) if has_header else list(asked.model.schema.names)
    named = [*header, *(f"{name} (predicted)" if name in header else name for name in columns)]
    body = csv_bytes([named, *([*row, *more] for row, *more in zip(rows, *columns.values(), strict=True))])
    disposition = ("content-disposition", 'attachment; filename="predictions.csv"')
    return Reply(body, f"{CSV}; charset=utf-8; header=present", headers=(disposition,))
