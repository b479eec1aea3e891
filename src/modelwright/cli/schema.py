"""``modelwright schema``: what each column is taken for, and why; edited and passed back to ``fit``."""

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from modelwright.cli.output import grid, note, printable, show
from modelwright.core.destination import check_writable, whole_file
from modelwright.core.errors import DataError, SpecError
from modelwright.core.schema import ColumnSchema, Dtype, Schema
from modelwright.progress.events import json_text

missing_option = click.option(
    "--missing", multiple=True, metavar="MARK", help="What stands for no value, -999 or COL=-999; may be repeated."
)
"""What the commands that read a table for the first time take."""


@click.command("schema", short_help="Show what each column of a table is taken for, and why.")
@click.argument("data")
@click.option("--kind", "kinds", multiple=True, metavar="COL=KIND", help="Say what a column is; may be repeated.")
@missing_option
@click.option(
    "-o", "--output", metavar="FILE", help="Write the schema as JSON, to be edited and passed to fit --schema."
)
@click.option("--json", "as_json", is_flag=True, help="Print the schema as JSON.")
def schema(data: str, *, kinds: tuple[str, ...], missing: tuple[str, ...], output: str | None, as_json: bool) -> None:
    """Show what each column of DATA is taken for, and why."""
    place = None if output is None else check_writable(output, (data,))
    from modelwright.data import read  # loads numpy, which help must not

    table = read(data, kinds=parsed_kinds(kinds) or None, missing=missing)
    found = table.schema
    for text in table.notes:
        note(text)
    if place is not None:
        with whole_file(place) as file:
            file.write_text(json_text(found.to_json(), 2) + "\n", encoding="utf-8")
        note(f"Wrote {place}. Edit the kinds in it and pass it on: modelwright fit {data} --schema {place}")
    if place is None or as_json:
        show(schema_text(found), found.to_json(), as_json=as_json)


def parsed_kinds(options: tuple[str, ...]) -> dict[str, str]:
    """Return kinds by column from texts like ``age=number``; a column's name may itself hold "=".

    Raises:
        SpecError: A text is not of that form.
    """
    kinds = {}
    for option in options:
        name, equals, kind = option.rpartition("=")
        if not equals or not name or not kind:
            raise SpecError(f"--kind '{option}' is not of the form COL=KIND, such as --kind zip=category.")
        kinds[name] = kind.strip()
    return kinds


def read_schema_file(path: str, kinds: Mapping[str, str], missing: Sequence[str] = ()) -> Schema:
    """Return the schema in a JSON file, with `kinds` and marks set on top; storage follows a kind changed by hand.

    Raises:
        DataError: There is no such file, or it is no schema.
        SchemaError: A kind or a mark is set for a column that is not in it.
        SpecError: A kind is unknown.
    """
    try:
        found = Schema.from_json(json.loads(Path(path).read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise DataError(
            f"There is no schema file '{path}'. Make one with: modelwright schema DATA -o {path}"
        ) from error
    except (OSError, ValueError) as error:
        raise DataError(f"The schema file '{path}' cannot be read: {error}") from error
    columns = [_stored(column) for column in found.with_kinds(kinds)]
    if not missing:
        return Schema(tuple(columns))
    from modelwright.data.marks import marks_by_column, with_marks  # loads numpy, which help must not

    marks = marks_by_column(missing, found.names, f"the schema file '{path}'")
    return Schema(tuple(with_marks(column, marks.get(column.name, ())) for column in columns))


def _stored(column: ColumnSchema) -> ColumnSchema:
    needed: dict[str, Dtype] = {"number": "number", "date": "date", "text": "string"}
    dtype = needed.get(column.kind, "string" if column.kind in ("category", "flag") else column.dtype)
    if column.dtype == dtype or (column.kind in ("category", "flag") and column.dtype != "date"):
        return column
    return replace(column, dtype=dtype)


def schema_text(found: Schema) -> str:
    """Return a schema as a table for reading."""
    # Cut at the edge of a terminal only; a file or a pipe takes the whole sentence.
    width = max(80, shutil.get_terminal_size().columns) if sys.stdout.isatty() else None
    head = ("column", "kind", "missing", "distinct", "values", "why")
    rows = [_cells(column) for column in found]
    return grid([head, *rows], right=frozenset({2, 3}), width=width)


def _cells(column: ColumnSchema) -> tuple[str, ...]:
    missing = f"{column.missing_share:.1%}" if column.missing_share else "0"
    reason = printable(column.reason, 200)
    return printable(column.name, 30), column.kind, missing, f"{column.n_distinct:,}", _values(column), reason


def _values(column: ColumnSchema) -> str:
    if column.dtype == "string":
        return printable(", ".join(column.levels[:3]), 30)
    if column.low is None or column.high is None:
        return ""
    if column.dtype == "date":
        return f"{_day(column.low)} to {_day(column.high)}"
    return f"{column.low:.6g} to {column.high:.6g}"


def _day(micros: float) -> str:
    import numpy as np  # the command has loaded it to read the table; its help has not

    return str(np.datetime64(int(micros), "us").astype("datetime64[D]"))
