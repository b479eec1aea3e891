"""Addresses of database queries, such as ``sqlite:///file.db?query=SELECT ...``."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, unquote_plus

from modelwright.core.errors import DataError
from modelwright.data.cells import from_cells
from modelwright.data.names import checked
from modelwright.data.raw import RawTable, Selection


def split(address: str) -> tuple[str, str]:
    """Return the database's part of an address and the query.

    A query that holds a blank is taken as it stands; one without is taken as percent-encoded. ``table=name`` asks for
    all rows of a table.

    Raises:
        DataError: There is no query.
    """
    base, _, rest = address.partition("?")
    for key in ("query", "table"):
        before, found, value = f"&{rest}".partition(f"&{key}=")
        if found and value:
            parameters = before.strip("&")
            base = f"{base}?{parameters}" if parameters else base
            text = value if " " in value else unquote_plus(value)
            return base, text if key == "query" else f'SELECT * FROM "{text.replace(chr(34), chr(34) * 2)}"'
    raise DataError(f"The address '{shown(base)}' has no query. Write {shown(base)}?query=SELECT ... FROM ...")


def shown(address: str) -> str:
    """Return an address fit for messages: without a password."""
    scheme, mark, rest = address.partition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}{mark}{user.split(':', 1)[0]}{at}{host}"


def path_of(address: str) -> str:
    """Return the file path of a ``sqlite:///`` address; four slashes make it absolute."""
    rest = address.split("://", 1)[1]
    return unquote(rest.removeprefix("/")) or ":memory:"


def table_of(names: Sequence[str], rows: list[Sequence[Any]], origin: str, selection: Selection) -> RawTable:
    """Return the answer of a query as raw columns."""
    checked_names, notes = checked(names, origin)
    columns = tuple(
        from_cells(name, [row[i] for row in rows]) for i, name in enumerate(checked_names) if name in selection
    )
    return RawTable(columns, len(rows), origin, tuple(checked_names), tuple(notes))
