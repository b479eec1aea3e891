"""What the name of a column says: weak evidence, never enough by itself."""

import re

from modelwright.core.schema import words

_PLURAL_OF = 3

_LATE = frozenset(
    (
        *("outcome", "result", "paid", "refund", "refunded", "recovered", "closed", "ended", "final", "actual"),
        *("settled", "settlement", "cancelled", "canceled", "resolved", "resolution", "discharge", "discharged"),
        *("delay", "delayed", "arrival", "arrived", "elapsed", "afterwards", "after"),
    )
)
"""Words of things that are there only once the answer is."""

_PERHAPS_LATE = frozenset(("duration", "recovery", "end", "future", "next", "post", "closing", "cancel", "resolve"))
"""Words of things that may also be planned: they count beside strong evidence only."""

_FORETOLD = frozenset(("score", "decile", "predicted", "prediction", "probability", "forecast", "likelihood"))
"""Words of somebody else's prediction."""

_OPPOSITES = (("start", "end"), ("begin", "end"), ("from", "to"), ("in", "out"), ("first", "last"), ("open", "close"))


def is_late(name: str) -> bool:
    """Say whether a name speaks of something that is known only once the answer is."""
    return bool(_singular(name) & _LATE)


def may_be_late(name: str) -> bool:
    """Say whether a name speaks of something that is, or may be, known only once the answer is."""
    return bool(_singular(name) & (_LATE | _PERHAPS_LATE))


def is_foretold(name: str) -> bool:
    """Say whether a name speaks of somebody else's prediction."""
    return bool(_singular(name) & _FORETOLD)


def are_siblings(first: str, second: str) -> bool:
    """Say whether two names differ in a number only, as 'lesion_1' and 'lesion_2', or in start and end, in and out."""
    if _without_number(first) == _without_number(second):
        return True
    mine, other = words(first), words(second)
    apart = (mine - other, other - mine)
    return any(set().union(*apart) == {*pair} and len(apart[0]) == len(apart[1]) == 1 for pair in _OPPOSITES)


def speaking_words(name: str) -> frozenset[str]:
    """Return the words of a name that may say what it is about: those of three letters or more."""
    return frozenset(w for w in words(name) if len(w) >= _PLURAL_OF and not w.isdigit())


def _without_number(name: str) -> str:
    return re.sub(r"[^0-9A-Za-z]*\d+$", "", name).casefold()


def _singular(name: str) -> frozenset[str]:
    return frozenset(w[:-1] if w.endswith("s") and len(w) > _PLURAL_OF else w for w in words(name))
