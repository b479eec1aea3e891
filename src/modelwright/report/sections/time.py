"""How long an answer takes."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, final

import numpy as np

from modelwright.core.errors import counted
from modelwright.core.schema import ColumnSchema
from modelwright.report.base import Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Facts
from modelwright.report.wording import seconds_text

_REPEATS = 100
_BATCH = 1000


@final
@dataclass(frozen=True, slots=True)
class Speed:
    """Times on this machine.

    Attributes:
        row_microseconds: Median of one row asked alone.
        low: A tenth of the times are below.
        high: A tenth are above.
        batch_milliseconds: One call with `batch_rows` rows, or None where no rows were given.
        batch_rows: Rows of that call.
    """

    row_microseconds: float
    low: float
    high: float
    batch_milliseconds: float | None
    batch_rows: int


@final
class TimeSection(Section[Speed]):
    """Times of one answer and of a thousand, and what the fit spent."""

    title: ClassVar[str] = "Time"
    chapter: ClassVar[str] = "energy"

    def look(self, case: Case) -> Speed:
        """Measure on this machine."""
        row = {column.name: typical(column) for column in case.model.schema}
        times = _times(lambda: case.model.predict(row), _REPEATS)
        tenths = statistics.quantiles(times, n=10)
        batch, n_rows = None, 0
        if case.rows is not None:
            features = case.rows.table.select(case.model.schema.names)
            some = features.take(np.arange(min(_BATCH, features.n_rows)))
            batch, n_rows = 1e3 * statistics.median(_times(lambda: case.model.predict(some), 3)), some.n_rows
        return Speed(1e6 * statistics.median(times), 1e6 * tenths[0], 1e6 * tenths[-1], batch, n_rows)

    def document(self, result: Speed) -> dict[str, Any]:
        """Return the times."""
        return asdict(result)

    def command(self, case: Case) -> str:
        """Return the command that measures again."""
        return case.line("inspect")

    def blocks(self, result: Speed, case: Case) -> Sequence[Block]:
        """Return the times as facts."""
        row = f"{result.row_microseconds:,.0f} µs (eight of ten between {result.low:,.0f} and {result.high:,.0f} µs)"
        pairs = [("One row, asked alone, on this machine", row)]
        if result.batch_milliseconds is not None:
            pairs.append((f"{counted(result.batch_rows, 'row')} in one call", f"{result.batch_milliseconds:.3g} ms"))
        spent = [line["seconds"] for line in case.model.leaderboard or () if line.get("seconds")]
        if spent:
            pairs.append(("Processor time of all trials", seconds_text(sum(spent))))
        return (Facts(tuple(pairs)),)


def typical(column: ColumnSchema) -> Any:
    """Return a cell that is usual in a column, None where that is not known."""
    if column.dtype == "string":
        return column.levels[0] if column.levels else None
    return None if column.low is None or column.dtype == "date" else column.low


def _times(ask: Callable[[], Any], repeats: int) -> list[float]:
    ask()
    found = []
    for _ in range(repeats):
        started = time.perf_counter()
        ask()
        found.append(time.perf_counter() - started)
    return found
