"""``modelwright predict``: answer every row of a table, in constant memory and in order."""

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, final

import click

from modelwright.cli.output import note, show
from modelwright.cli.targets import either, for_target
from modelwright.core.destination import check_writable, whole_file
from modelwright.core.errors import SpecError, counted
from modelwright.core.schema import ColumnSchema, Schema

if TYPE_CHECKING:
    from modelwright.cli.answers import Answering
    from modelwright.core.table import Table
    from modelwright.model.joint import JointModel
    from modelwright.model.model import Model

ROWS = 16_384
"""Rows that are read, answered and written at once."""

MOST_NOTES = 12
"""Notes shown at most; every piece of a long file may have one of its own."""

FORMS = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
"""Endings of output files and the forms they mean."""


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, one field each."""

    model: str
    data: str
    output: str
    chosen: str | None
    keep: tuple[str, ...]
    interval: float | None
    partition_rows: int | None
    partition_by: str | None
    resume: bool
    lenient: bool
    as_json: bool
    quiet: bool


@click.command("predict", short_help="Answer every row of a table with a model file.")
@click.argument("model")
@click.argument("data")
@click.option(
    "-o", "--output", default="-", metavar="FILE", help="FILE.csv, .parquet, .jsonl or FOLDER/; - is CSV on stdout."
)
@for_target
@click.option("--keep", multiple=True, metavar="COL", help="Copy a column of DATA to the answers; may be repeated.")
@click.option("--interval", type=float, metavar="LEVEL", help="Add lower and upper, or set: with 0.9 right in 90 %.")
@click.option(
    "--partition-rows", type=click.IntRange(1), metavar="N", help="Rows of a Parquet file in FOLDER/; 1,000,000."
)
@click.option("--partition-by", metavar="COL", help="Split them by a column of DATA or of the answers: COL=VALUE/.")
@click.option("--resume", is_flag=True, help="Go on in a FOLDER/ that an earlier run left unfinished.")
@click.option("--lenient", is_flag=True, help="Read cells of a wrong kind as missing instead of stopping.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as one JSON document; needs -o FILE.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing on stderr.")
def predict(**options: Any) -> None:  # click hands over options by name
    """Answer every row of DATA with the model file MODEL.

    Rows keep their number and order. Columns are found by name; others are ignored. The answers are a column
    "prediction" for numbers (with "q0.1", "q0.9" and so on where the model predicts quantiles), or "label" and one
    "probability_CLASS" per class. With --interval 0.9 there are also the ends "lower" and "upper", between which the
    truth lies in 90 % of rows, or the classes "set" among which it is. Of a file of several targets every column also
    names its target: "prediction_price", "label_churned", "probability_churned_yes".

    With -o FOLDER/ the answers become Parquet files of a million rows each, and --resume goes on after the last whole
    one where a run was cut off.
    """
    asked = Asked(**options)
    if asked.as_json and asked.output == "-":
        raise SpecError("--json prints a document to stdout, so the answers need a file: add -o FILE.")
    notes: dict[str, None] = {}  # in order, each once
    document = (_to_folder if _is_folder(asked) else _to_file)(asked, notes)
    for text in list(notes)[:MOST_NOTES]:
        note(text, quiet=asked.quiet)
    if len(notes) > MOST_NOTES:
        note(f"And {len(notes) - MOST_NOTES} more notes of this kind.", quiet=asked.quiet)
    if asked.as_json:
        show("", {"schema": "modelwright/predict/1", **document, "notes": list(notes)}, as_json=True)
    elif asked.output != "-":
        before = f", {document['resumed']:,} of them by an earlier run" if document.get("resumed") else ""
        note(f"Wrote {counted(document['rows'], 'row')} to {asked.output}{before}.", quiet=asked.quiet)


def _is_folder(asked: Asked) -> bool:
    """Return whether the answers go to a folder.

    Raises:
        SpecError: An option for folders stands beside a file.
    """
    place = Path(asked.output)
    # A folder called like a file is a mistake: it is refused where files are.
    is_folder = asked.output.endswith(("/", os.sep)) or (asked.output != "-" and place.is_dir() and not place.suffix)
    given = {"--partition-rows": asked.partition_rows, "--partition-by": asked.partition_by, "--resume": asked.resume}
    if not is_folder and (option := next((name for name, value in given.items() if value), None)):
        raise SpecError(f"{option} is for answers in a folder, whose name ends in '/': -o answers/")
    return is_folder


def _to_file(asked: Asked, notes: dict[str, None]) -> dict[str, Any]:
    form = _form(asked.output)
    place = None if asked.output == "-" else check_writable(asked.output, (asked.data, asked.model))
    opened = either(asked.model, asked.chosen)
    from modelwright.cli.answers import writer  # loads numpy, which help must not

    answers = _answers(opened, asked)
    n_rows = 0
    tables = _tables(opened, asked, notes)
    first = list(islice(tables, 1))  # before the head is written: a table that cannot be read leaves nothing behind
    with _opened(place) as where, writer(form, where, answers) as write:
        for table in chain(first, tables):
            write(answers.of(table))
            n_rows += table.n_rows
    return {"output": asked.output, "rows": n_rows, "columns": answers.names}


def _to_folder(asked: Asked, notes: dict[str, None]) -> dict[str, Any]:
    opened = either(asked.model, asked.chosen)
    from modelwright.cli import partitions  # loads numpy, which help must not

    answers = _answers(opened, asked)
    if asked.partition_by is not None and asked.partition_by not in answers.names:
        asked = replace(asked, keep=(*asked.keep, asked.partition_by))
        answers = _answers(opened, asked)
    given = partitions.fingerprint(asked.data)
    if asked.resume and given is None:
        raise SpecError(f"--resume needs a file, which can be told from another; '{asked.data}' is none.")
    bound = {"model": opened.digest, "input": given, "columns": answers.names, "lenient": asked.lenient}
    folder, rows = Path(asked.output), asked.partition_rows or partitions.ROWS
    plan = partitions.Plan(folder, rows, asked.partition_by, bound, asked.resume)
    filled = partitions.fill(plan, answers, _tables(opened, asked, notes))
    told = {"output": asked.output, "rows": filled.rows, "columns": answers.names}
    return told | {"parts": filled.parts, "resumed": filled.resumed}


def _answers(model: "Model | JointModel", asked: Asked) -> "Answering":
    """Return what turns tables into answers, once the wish for intervals suits the file."""
    from modelwright.cli.answers import Answers
    from modelwright.cli.joint_answers import JointAnswers
    from modelwright.model.joint import JointModel

    interval = asked.interval is not None
    if not isinstance(model, JointModel):
        single = Answers(model, asked.keep, interval=interval)
        _check_level(model, asked.interval)
        return single
    joint = JointAnswers(model, asked.keep, interval=interval)
    for part in model.models:
        _check_level(part, asked.interval)
    return joint


def _check_level(model: "Model", level: float | None) -> None:
    """Refuse a level that the file was not made for: its intervals are calibrated for one."""
    if level is not None and not 0.0 < level < 1.0:
        raise SpecError(f"An interval of level {level:g} makes no sense. Give a share such as 0.9.")
    if level is not None and model.interval is not None and abs(model.interval["level"] - level) > 1e-9:
        raise SpecError(
            f"The intervals of this model file are of level {model.interval['level']:g}, not {level:g}."
            f" Ask for --interval {model.interval['level']:g}, or fit with --interval {level:g}."
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


def _tables(model: "Model | JointModel", asked: Asked, notes: dict[str, None]) -> Iterator["Table"]:
    from modelwright.data import scan

    known = model.schema.names
    # A column that the model does not know is copied as the text it is.
    others = tuple(ColumnSchema(name, "text", "string") for name in dict.fromkeys(asked.keep) if name not in known)
    for table in scan(asked.data, Schema((*model.schema, *others)), rows=ROWS, lenient=asked.lenient):
        notes |= dict.fromkeys(table.notes)
        yield table
