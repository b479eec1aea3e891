"""SQLite databases, through the standard library, opened for reading only."""

import sqlite3
from contextlib import closing
from pathlib import Path

from modelwright.core.errors import DataError
from modelwright.data.address import path_of, split, table_of
from modelwright.data.raw import EVERYTHING, RawTable, Selection


def read(address: str, selection: Selection = EVERYTHING) -> RawTable:
    """Return the answer of the query in ``sqlite:///file.db?query=SELECT ...``.

    Raises:
        DataError: There is no such file, or the query fails.
    """
    base, query = split(address)
    location = Path(path_of(base))
    origin = f"{location.name} (query)"
    if not location.is_file():
        raise DataError(
            f"Database '{location}' does not exist. Three slashes begin a relative path, four an absolute one."
        )
    try:
        with closing(sqlite3.connect(f"{location.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            cursor = connection.execute(query)
            if cursor.description is None:
                raise DataError(f"The query on '{location}' gives no rows. Write a SELECT.")
            return table_of([d[0] for d in cursor.description], cursor.fetchall(), origin, selection)
    except sqlite3.Error as error:
        raise DataError(f"The query on '{location}' failed: {error}. Check the names in it.") from error
