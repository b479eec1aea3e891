"""Bodies that are no JSON object: CSV, JSON Lines, Arrow, Parquet, and compressed ones."""

import csv
import importlib
import io
import zlib
from collections.abc import Callable
from typing import Any

from modelwright.core.errors import MissingExtraError, ModelwrightError
from modelwright.core.schema import Schema
from modelwright.serve import strict_json
from modelwright.serve.exchange import ARROW, CSV, PARQUET, Request
from modelwright.serve.given import Given, from_matrix, from_raws, from_records
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.settings import Limits

JSON_TYPES = frozenset({"", "application/json", "text/json"})
JSON_LINES_TYPES = frozenset(
    {"application/jsonlines", "application/x-jsonlines", "application/jsonl", "application/x-ndjson"}
)
CSV_TYPES = frozenset({CSV, "application/csv"})
ARROW_TYPES = frozenset({ARROW, "application/vnd.apache.arrow.file"})
PARQUET_TYPES = frozenset({PARQUET, "application/x-parquet", "application/parquet"})

_LONGEST_CELL = 1024 * 1024


def decompressed(body: bytes, encoding: str, most: int) -> bytes:
    """Return the body without its Content-Encoding, never making more than `most` bytes of it.

    Raises:
        RefusedRequestError: The encoding is unknown, the bytes are damaged, or they unpack to more.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise RefusedRequestError(415, "The content encoding is unknown. Send gzip, deflate or none.")
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16 if "gzip" in encoding else zlib.MAX_WBITS)
    try:
        plain = reader.decompress(body, most + 1)
    except zlib.error:
        raise RefusedRequestError(400, "The body is not what its content encoding says.") from None
    if len(plain) > most or reader.unconsumed_tail:
        raise RefusedRequestError(413, f"The body unpacks to more than {most:,} bytes. Send fewer rows.")
    if not reader.eof or reader.unused_data:
        raise RefusedRequestError(400, "The compressed body is cut off, or more than one piece.")
    return plain


def read_other(request: Request, schema: Schema, limits: Limits) -> Given:
    """Return the rows of a body by its content type.

    Raises:
        RefusedRequestError: The type is unknown, or the body does not hold what it says.
    """
    kind = request.media_type
    readers: tuple[tuple[frozenset[str], Callable[[Request, Schema, Limits], Given]], ...] = (
        (CSV_TYPES, read_csv),
        (JSON_LINES_TYPES, read_json_lines),
        (ARROW_TYPES, read_arrow),
        (PARQUET_TYPES, read_parquet),
    )
    for kinds, reader in readers:
        if kind in kinds:
            return reader(request, schema, limits)
    raise RefusedRequestError(
        415, f"The content type is unknown. Send application/json, {CSV}, application/jsonlines, {ARROW} or {PARQUET}."
    )


def read_csv(request: Request, schema: Schema, limits: Limits) -> Given:
    """Return the rows of CSV, with a header line or, where every line has one cell per column, without.

    Raises:
        RefusedRequestError: It is no CSV, ragged, or lacks a column.
    """
    rows = _csv_rows(request.body, limits, keeps_blank=len(schema) == 1)
    if not rows:
        raise RefusedRequestError(400, "The body is empty. Send a line per row.")
    first = [(name or "").strip() for name in rows[0]]
    if _has_header(request, first, schema):
        return from_matrix(first, rows[1:], schema, limits.rows)
    if len(first) != len(schema):
        raise RefusedRequestError(
            400, f"The first line is no header with every column, and has {len(first)} cells for {len(schema)} columns."
        )
    return from_matrix(None, rows, schema, limits.rows)


def read_json_lines(request: Request, schema: Schema, limits: Limits) -> Given:
    """Return the rows of JSON Lines: an object, or a list of cells, per line.

    Raises:
        RefusedRequestError: A line is no strict JSON, or lacks a column.
    """
    lines = [line for line in request.body.splitlines() if line.strip()]
    if len(lines) > limits.rows:
        raise RefusedRequestError(413, f"The request has {len(lines):,} rows; at most {limits.rows:,} are answered.")
    values = []
    for row, line in enumerate(lines, 1):
        try:
            values.append(strict_json.read(line, limits))
        except RefusedRequestError as error:
            raise RefusedRequestError(error.status, f"Line {row}: {error}", row=row) from None
    if values and all(type(value) is list for value in values):
        return from_matrix(None, values, schema, limits.rows)
    return from_records(values, schema, limits.rows)


def read_arrow(request: Request, schema: Schema, limits: Limits) -> Given:
    """Return the rows of an Arrow IPC stream or file.

    Raises:
        RefusedRequestError: It is damaged or too large, or pyarrow is not installed.
    """
    return _given(columnar("arrow").read_arrow, request, schema, limits)


def read_parquet(request: Request, schema: Schema, limits: Limits) -> Given:
    """Return the rows of a Parquet file.

    Raises:
        RefusedRequestError: It is damaged or too large, or pyarrow is not installed.
    """
    return _given(columnar("Parquet").read_parquet, request, schema, limits)


def _given(read: Callable[..., Any], request: Request, schema: Schema, limits: Limits) -> Given:
    try:
        raws, n_rows = read(request.body, frozenset(schema.names), limits)
    except RefusedRequestError:
        raise
    except ModelwrightError as error:
        raise RefusedRequestError(
            400, "The body is damaged, or holds columns of a type that cannot be read."
        ) from error
    return from_raws(raws, n_rows, schema, limits.rows)


def columnar(what: str) -> Any:
    """Import and return the module that reads and writes Arrow.

    Raises:
        RefusedRequestError: pyarrow is not installed.
    """
    try:
        return importlib.import_module("modelwright.serve.columnar")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("modelwright"):
            raise
        raise RefusedRequestError(501, str(MissingExtraError(f"Taking or giving {what}", "read"))) from error


def _csv_rows(body: bytes, limits: Limits, *, keeps_blank: bool) -> list[list[Any]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RefusedRequestError(400, "The body is not UTF-8. Send CSV in UTF-8.") from None
    rows: list[list[Any]] = []
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            if cells or keeps_blank:  # in a table of one column a blank line is a missing cell
                rows.append([cell or None for cell in cells] or [None])
            if len(rows) > limits.rows + 1:
                raise RefusedRequestError(413, f"The request has more than {limits.rows:,} rows. Send fewer.")
    except csv.Error:
        raise RefusedRequestError(400, f"Line {reader.line_num} is no CSV: a quote is open or misplaced.") from None
    return rows


def _has_header(request: Request, first: list[str], schema: Schema) -> bool:
    parameters = request.headers.get("content-type", "").lower().replace(" ", "").split(";")[1:]
    if "header=absent" in parameters:  # RFC 4180, section 3
        return False
    return "header=present" in parameters or set(schema.names) <= set(first)
