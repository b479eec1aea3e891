"""Who used how much: energy parted by processor time."""

from collections.abc import Mapping

from modelwright.core.errors import SpecError
from modelwright.energy.energy import NOTHING, Energy


def shared(used: Energy, cpu_seconds: Mapping[str, float], rest: str | None = "rest") -> dict[str, Energy]:
    """Part energy among trials, or anything else with a name, by their processor time.

    Args:
        used: Energy of all of them together.
        cpu_seconds: Processor seconds of each.
        rest: Name of what is left when they sum to less than ``used.cpu_seconds``; None gives them all of it.

    Returns:
        The energy of each; the sum is `used`.

    Raises:
        SpecError: A time is negative.
    """
    if any(seconds < 0 for seconds in cpu_seconds.values()):
        raise SpecError("Processor time cannot be negative.")
    given = sum(cpu_seconds.values())
    whole = given if rest is None else max(given, used.cpu_seconds)
    if not whole:
        return dict.fromkeys(cpu_seconds, NOTHING) | ({} if rest is None else {rest: used})
    parts = {name: used.times(seconds / whole) for name, seconds in cpu_seconds.items()}
    return parts if rest is None else parts | {rest: used.times(1 - given / whole)}
