"""``modelwright predict``: answer every row of a table, in constant memory and in order."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

import modelwright
from modelwright.cli.output import note, show
from modelwright.core.destination import check_writable, whole_file
from modelwright.core.errors import SpecError
from modelwright.core.schema import ColumnSchema, Schema

if TYPE_CHECKING:
    from modelwright.core.table import Table
    from modelwright.model.model import Model

ROWS = 16_384
"""Rows that are read, answered and written at once."""

MOST_NOTES = 12
"""Notes shown at most; every piece of a long file may have one of its own."""

FORMS = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
"""Endings of output files and the forms they mean."""


@click.command("predict", short_help="Answer every row of a table with a model file.")
@click.argument("model")
@click.argument("data")
@click.option("-o", "--output", default="-", metavar="FILE", help="FILE.csv, .parquet or .jsonl; - is CSV on stdout.")
@click.option("--keep", multiple=True, metavar="COL", help="Copy a column of DATA to the answers; may be repeated.")
@click.option("--interval", type=float, metavar="LEVEL", help="Add lower and upper, or set: with 0.9 right in 90 %.")
@click.option("--lenient", is_flag=True, help="Read cells of a wrong kind as missing instead of stopping.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as one JSON document; needs -o FILE.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing on stderr.")
def predict(
    model: str,
    data: str,
    output: str,
    keep: tuple[str, ...],
    *,
    interval: float | None,
    lenient: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Answer every row of DATA with the model file MODEL.

    Rows keep their number and order. Columns are found by name; others are ignored. The answers are a column
    "prediction" for numbers (with "q0.1", "q0.9" and so on where the model predicts quantiles), or "label" and one
    "probability_CLASS" per class. With --interval 0.9 there are also the ends "lower" and "upper", between which the
    truth lies in 90 % of rows, or the classes "set" among which it is.
    """
    if as_json and output == "-":
        raise SpecError("--json prints a document to stdout, so the answers need a file: add -o FILE.")
    form = _form(output)
    place = None if output == "-" else check_writable(output)
    opened = modelwright.load(model)
    from modelwright.cli.answers import Answers, writer  # loads numpy, which help must not

    answers = Answers(opened, keep, interval=interval is not None)
    _check_level(opened, interval)
    n_rows = 0
    notes: dict[str, None] = {}  # in order, each once
    with _opened(place) as where, writer(form, where, answers) as write:
        for table in _tables(opened, data, keep, lenient=lenient):
            write(answers.of(table))
            n_rows += table.n_rows
            notes |= dict.fromkeys(table.notes)
    for text in list(notes)[:MOST_NOTES]:
        note(text, quiet=quiet)
    if len(notes) > MOST_NOTES:
        note(f"And {len(notes) - MOST_NOTES} more notes of this kind.", quiet=quiet)
    if as_json:
        document = {"schema": "modelwright/predict/1", "output": output, "rows": n_rows, "columns": answers.names}
        show("", document | {"notes": list(notes)}, as_json=True)
    elif place is not None:
        note(f"Wrote {n_rows:,} rows to {place}.", quiet=quiet)


def _check_level(model: "Model", level: float | None) -> None:
    """Refuse a level that the file was not made for: its intervals are calibrated for one."""
    if level is not None and model.interval is not None and abs(model.interval["level"] - level) > 1e-9:
        raise SpecError(
            f"The intervals of this model file are of level {model.interval['level']:g}, not {level:g}."
            f" Ask for --interval {model.interval['level']:g}, or fit with FitSpec(interval={level:g})."
        )


def _opened(place: Path | None) -> AbstractContextManager[Path | BinaryIO]:
    """Return the file that appears when all is written, or stdout."""
    return nullcontext(sys.stdout.buffer) if place is None else whole_file(place)


def _form(output: str) -> str:
    if output == "-":
        return "csv"
    ending = output[output.rfind(".") :].lower() if "." in output else ""
    if ending not in FORMS:
        raise SpecError(
            f"'{output}' does not say its form. End it in .csv, .parquet or .jsonl, or write CSV to stdout with -o -"
        )
    return FORMS[ending]


def _tables(model: "Model", data: str, keep: tuple[str, ...], *, lenient: bool) -> Iterator["Table"]:
    from modelwright.data import scan

    known = model.schema.names
    # A column that the model does not know is copied as the text it is.
    others = tuple(ColumnSchema(name, "text", "string") for name in dict.fromkeys(keep) if name not in known)
    yield from scan(data, Schema((*model.schema, *others)), rows=ROWS, lenient=lenient)
