"""Options of a fit that speak of numbers: quantiles, and columns with a direction."""

from modelwright.core.errors import SpecError

_DIRECTIONS = {"1": 1, "+1": 1, "-1": -1}


def parsed_quantiles(options: tuple[str, ...]) -> tuple[float, ...]:
    """Return quantiles from texts like ``0.9`` or ``0.1,0.9``.

    Raises:
        SpecError: A text is no number.
    """
    found = []
    for word in (word for option in options for word in option.split(",") if word.strip()):
        try:
            found.append(float(word))
        except ValueError as error:
            raise SpecError(f"--quantiles takes shares between 0 and 1, such as 0.1 0.5 0.9, not '{word}'.") from error
    return tuple(found)


def parsed_directions(options: tuple[str, ...]) -> dict[str, int]:
    """Return directions by column from texts like ``price=-1``; a column's name may itself hold "=".

    Raises:
        SpecError: A text is not of that form.
    """
    found = {}
    for option in options:
        name, _, direction = option.rpartition("=")
        if not name or direction.strip() not in _DIRECTIONS:
            raise SpecError(f"--monotone '{option}' is not of the form COL=1 or COL=-1, such as --monotone price=-1.")
        found[name] = _DIRECTIONS[direction.strip()]
    return found
