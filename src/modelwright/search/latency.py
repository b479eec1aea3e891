"""A limit on the time of one row, kept by measuring files: the best rung of the ladder that is fast enough ships."""

from collections.abc import Callable
from statistics import median

from modelwright.core.errors import GateError
from modelwright.model.model import Model
from modelwright.model.speed import row_microseconds
from modelwright.search.draft import draft
from modelwright.search.run import Run
from modelwright.search.tiers import Ladder, Rung

ROUNDS = 3
"""Measurements that the median is taken of, each itself the median of many answers."""

Measure = Callable[[Model], float]
"""Tells how many microseconds a row takes."""


def measured(model: Model) -> float:
    """Return the microseconds that one row takes here."""
    return median(row_microseconds(model) for _ in range(ROUNDS))


def shipped_within(
    run: Run, ladder: Ladder, seconds: float, make: Callable[[Ladder], bytes], *, measure: Measure = measured
) -> bytes:
    """Return the file of the first rung that answers a row in time.

    The chosen rung comes first, then the smaller ones from the most accurate on. Each is measured as its first fold
    left it, which costs no fit, and once more as the sealed file, which is what counts.

    Args:
        run: The run.
        ladder: What could ship.
        seconds: Most time of one row.
        make: Refits and seals what is chosen on a ladder.
        measure: Tells the microseconds of a row.

    Raises:
        GateError: No rung is fast enough.
    """
    limit, took, question = seconds * 1e6, {}, run.question
    for rung in candidates(ladder):
        drafted = draft(run.store, rung.found.blend, question.features.schema, question.target.task)
        took[rung.name] = measure(drafted)
        if took[rung.name] <= limit:
            data = make(ladder.with_chosen(rung))
            took[rung.name] = measure(Model.open(data))
            if took[rung.name] <= limit:
                run.watch.tell("note", text=f"Ships '{rung.name}': a row takes {took[rung.name]:.0f} µs here.")
                return data
        told = f"'{rung.name}' does not ship: a row takes {took[rung.name]:.0f} µs here, more than {limit:g}."
        run.watch.tell("note", text=told)
    raise _too_slow(took, limit)


def check_latency(data: bytes, seconds: float | None, measure: Measure = measured) -> None:
    """Measure a sealed file.

    Raises:
        GateError: A row takes longer than `seconds`.
    """
    if seconds is not None and (micros := measure(Model.open(data))) > seconds * 1e6:
        raise _too_slow({"the model": micros}, seconds * 1e6)


def candidates(ladder: Ladder) -> list[Rung]:
    """Return what may ship: the chosen rung, then the smaller ones from the least loss on."""
    chosen = ladder.chosen
    smaller = [rung for rung in ladder.rungs if rung is not chosen and rung.megabytes < chosen.megabytes]
    return [chosen, *sorted(smaller, key=lambda rung: rung.loss)]


def _too_slow(took: dict[str, float], limit: float) -> GateError:
    fastest = min(took, key=lambda name: took[name])
    return GateError(
        f"No model answers a row within {limit:g} µs here: the fastest, {fastest}, takes {took[fastest]:.0f} µs."
        " Nothing was written. Allow more with --latency, or measure on a machine that is not busy."
    )
