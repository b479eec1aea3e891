"""PostgreSQL, through SQLAlchemy and psycopg, in a transaction that only reads."""

from typing import Any

import psycopg  # the driver SQLAlchemy would load: imported here so that its absence is told as a missing extra
import sqlalchemy

from modelwright.core.errors import DataError
from modelwright.data.address import shown, split, table_of
from modelwright.data.raw import EVERYTHING, RawTable, Selection

_BATCH = 50_000


def read(address: str, selection: Selection = EVERYTHING) -> RawTable:
    """Return the answer of the query in ``postgresql://user@host/db?query=SELECT ...``.

    Raises:
        DataError: The server cannot be reached, or the query fails.
    """
    base, query = split(address)
    origin = f"{shown(base)} (query)"
    try:
        url = sqlalchemy.make_url(base).set(drivername="postgresql+psycopg")
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
        with engine.connect().execution_options(
            postgresql_readonly=True, isolation_level="REPEATABLE READ", stream_results=True, yield_per=_BATCH
        ) as connection:
            answer = connection.exec_driver_sql(query)
            if not answer.returns_rows:
                raise DataError(f"The query on {shown(base)} gives no rows. Write a SELECT.")
            names = list(answer.keys())
            rows: list[Any] = [row for part in answer.partitions() for row in part]
    except (sqlalchemy.exc.SQLAlchemyError, psycopg.Error) as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DataError(
            f"The query on {shown(base)} failed: {cause[:300]}. Check the address and the names."
        ) from error
    return table_of(names, rows, origin, selection)
