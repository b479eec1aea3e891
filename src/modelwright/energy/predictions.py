"""What answering costs: energy per 1,000 predictions."""

from collections.abc import Callable
from typing import Any

from modelwright.core.errors import SpecError
from modelwright.energy.energy import Energy
from modelwright.energy.meter import Meter

LEAST_CPU_SECONDS = 0.2
"""Processor time to gather: clocks of running processes tick in hundredths."""

MOST_REPEATS = 1_000


def per_thousand(predict: Callable[[], Any], n_rows: int, meter: Meter | None = None) -> Energy:
    """Return the energy of 1,000 predictions, from repeating a call until its processor time can be told.

    Args:
        predict: Answers `n_rows` rows; called once before anything is counted.
        n_rows: Rows answered by one call.
        meter: Counts; None makes one of the sensors there are.

    Raises:
        SpecError: There are no rows.
    """
    if n_rows < 1:
        raise SpecError(f"At least one row is needed to measure predictions, not {n_rows}.")
    predict()
    repeats = 0
    with meter or Meter() as counting:
        while repeats < MOST_REPEATS and counting.read().cpu_seconds < LEAST_CPU_SECONDS:
            for _ in range(max(1, repeats)):  # twice as many each time, so that the meter itself is not counted much
                predict()
            repeats += max(1, repeats)
    return counting.total.times(1000.0 / (n_rows * repeats))
