"""Dates written as text: which formats fit a column, and reading by them."""

import functools
import re
from itertools import product

import numpy as np

from modelwright.core.schema import Parsing
from modelwright.core.table import MISSING_DATE, Array
from modelwright.data.texts import sample

_ISO = re.compile(
    r"(?P<Y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"
    r"(?:[T ](?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?\s?(?P<z>Z|UTC|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_DAYS = (
    *("%Y/%m/%d", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %y"),
    *("%b %d, %Y", "%b %d %Y", "%d. %b %Y", "%d/%b/%Y", "%a, %d %b %Y"),
)
_TIMES = (
    *("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S %z", ", %H:%M"),
    ":%H:%M:%S %z",
)
FORMATS = tuple(day + time for time, day in product(_TIMES, _DAYS))
"""strptime formats beside ISO 8601, in order of preference; among equals, slashes are month-first, dots day-first."""
DIGITS = "%Y%m%d"
_FORCED = (DIGITS, "%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%Y")
"""Formats tried only when the user says that the column holds dates."""

_OF_MONTHS = ("%Y-%m", "%Y/%m", "%b %Y")
_FEWEST_MONTHS = 24
"""So many different months, as 2011-12, are no seasons or codes; fewer might be."""

_FEWEST_DAYS = 20
"""Of numbers between two such days one in 27 is a day, so that twenty of them are no accident."""

_MONTHS = {
    m: i for i, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_DIRECTIVES = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{2})",
    "S": r"(?P<S>\d{2})",
    "f": r"(?P<f>\d{1,9})",
    "p": r"(?P<p>[AaPp]\.?[Mm]\.?)",
    "b": r"(?P<b>[A-Za-z]{3})[A-Za-z]*\.?",
    "B": r"(?P<b>[A-Za-z]{3})[A-Za-z]*\.?",
    "a": r"[A-Za-z]{2,9}",
    "A": r"[A-Za-z]{2,9}",
    "z": r"(?P<z>Z|UTC|[+-]\d{2}:?\d{2})",
    "%": "%",
}
_MOST_FORMATS = 4
_SAMPLE = 200


def recognise(levels: list[str], *, forced: bool = False) -> tuple[Parsing, str] | None:
    """Return the formats by which every text is a date, with a remark on ambiguity, or None when there are none.

    Args:
        levels: Distinct texts, blanks cut.
        forced: Whether the user said so; then bare years, months and YYYYMMDD count as well.
    """
    if not levels:
        return None
    few = sample(levels, _SAMPLE)
    if not forced and not all(6 <= len(s) <= 40 and any(c.isdigit() for c in s) for s in few):
        return None
    chosen, remark = _cover(few, FORMATS + _FORCED if forced else FORMATS)
    if chosen is None and len(levels) >= _FEWEST_MONTHS and parse(levels, Parsing(formats=_OF_MONTHS))[1].all():
        chosen, remark = _cover(few, _OF_MONTHS)
    if chosen is None:
        return None
    if len(few) < len(levels) and not parse(levels, Parsing(formats=chosen))[1].all():
        rest = [s for s, ok in zip(levels, parse(levels, Parsing(formats=()))[1], strict=True) if not ok]
        chosen, remark = _cover(rest, FORMATS + _FORCED if forced else FORMATS)
    return None if chosen is None else (Parsing(formats=chosen), remark)


def may_be_days(low: float | None, high: float | None, n_distinct: int) -> bool:
    """Whether numbers with such bounds are worth reading as days of four, two and two digits."""
    if low is None or high is None or n_distinct < _FEWEST_DAYS:
        return False
    return low >= 19_000_101 and high <= 21_001_231


def parse(levels: list[str], parsing: Parsing) -> tuple[Array, Array]:
    """Read texts (blanks cut) as ISO 8601 first, then by the formats in order.

    Returns:
        Epoch microseconds UTC, `MISSING_DATE` where a text is no date, and a boolean array that tells which are.
    """
    micros = np.full(len(levels), MISSING_DATE, dtype=np.int64)
    left = np.arange(len(levels))
    for pattern in (_ISO, *(_compiled(f) for f in parsing.formats)):
        matches = [pattern.fullmatch(levels[i]) for i in left.tolist()]
        hit = np.array([m is not None for m in matches], dtype=np.bool_)
        if hit.any():
            micros[left[hit]] = _micros(pattern, [m for m in matches if m is not None])
            left = left[micros[left] == MISSING_DATE]
        if not len(left):
            break
    return micros, micros != MISSING_DATE


def _cover(levels: list[str], formats: tuple[str, ...]) -> tuple[tuple[str, ...] | None, str]:
    """Choose few formats that together read every text, the widest first; (None, "") when none do."""
    chosen: list[str] = []
    remark = ""
    left = [s for s, ok in zip(levels, parse(levels, Parsing())[1], strict=True) if not ok]
    while left and len(chosen) < _MOST_FORMATS:
        usable = [f for f in formats if f not in chosen and not any(_contradict(f, c) for c in chosen)]
        usable = [f for f in usable if any(_compiled(f).fullmatch(s) for s in left[:20])]
        read = {f: _reads(left, f) for f in usable}
        if not read or not max(map(np.count_nonzero, read.values())):
            return None, ""
        best = max(usable, key=lambda f: np.count_nonzero(read[f]))
        for other in usable:
            if _contradict(best, other):
                tied = np.count_nonzero(read[other]) == np.count_nonzero(read[best])
                order = "day first" if best.index("%d") < best.index("%m") else "month first"
                remark = (
                    f"{order}, though the other order fits as well" if tied else f"{order}, the only order that fits"
                )
        chosen.append(best)
        left = [s for s, ok in zip(left, read[best], strict=True) if not ok]
    return (None, "") if left else (tuple(chosen), remark)


def _reads(levels: list[str], strptime: str) -> Array:
    pattern = _compiled(strptime)
    matches = [pattern.fullmatch(s) for s in levels]
    read = np.array([m is not None for m in matches], dtype=np.bool_)
    if read.any():
        read[read] = _micros(pattern, [m for m in matches if m is not None]) != MISSING_DATE
    return read


def _contradict(one: str, other: str) -> bool:
    """Whether two formats read day and month in opposite orders."""
    swapped = other.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
    return one != other and (one == swapped or ("%m" in one and _order(one) * _order(other) < 0 and one[2] == other[2]))


def _order(strptime: str) -> int:
    """1 where the day comes first, -1 where the month does, 0 where the order cannot be mistaken."""
    if "%m" not in strptime or strptime.lower().startswith("%y") or "%d" not in strptime:
        return 0
    return 1 if strptime.index("%d") < strptime.index("%m") else -1


@functools.lru_cache(maxsize=512)
def _compiled(strptime: str) -> re.Pattern[str]:
    parts = re.split(r"%(.)", strptime)
    text = "".join(_DIRECTIVES.get(p, re.escape(p)) if i % 2 else re.escape(p) for i, p in enumerate(parts))
    return re.compile(text.replace(r"\ ", r"\s+"), re.ASCII)


def _micros(pattern: re.Pattern[str], matches: list[re.Match[str]]) -> Array:
    """Turn matched parts into epoch microseconds, `MISSING_DATE` where the calendar has no such day or time."""
    columns = list(zip(*(match.groups() for match in matches), strict=True))
    texts = {key: columns[place - 1] for key, place in pattern.groupindex.items()}
    whole = {key: _integers(texts.get(key), len(matches)) for key in "YymdHIMS"}
    year = whole["Y"] if "Y" in texts else whole["y"] + np.where(whole["y"] < 69, 2000, 1900)  # POSIX strptime
    month = whole["m"]
    if "b" in texts:
        month = np.array([_MONTHS.get((text or "").lower(), 0) for text in texts["b"]], dtype=np.int64)
    month, day = (np.where(part == _ABSENT, 1, part) for part in (month, whole["d"]))
    hour = whole["H"]
    if "p" in texts:
        late = np.array([(text or "a")[0] in "pP" for text in texts["p"]])
        hour = np.where((whole["I"] >= 1) & (whole["I"] <= 12), whole["I"] % 12 + 12 * late, 99)
    hour, minute, second = (np.where(part == _ABSENT, 0, part) for part in (hour, whole["M"], whole["S"]))
    good = (month >= 1) & (month <= 12) & (day >= 1) & (year >= 1) & (hour < 24) & (minute < 60) & (second < 60)
    months = (year - 1970) * 12 + np.where(good, month, 1) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    days = first + day - 1
    good &= days < (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    micros = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000
    if "f" in texts:
        micros += np.array([int((text or "0").ljust(6, "0")[:6]) for text in texts["f"]], dtype=np.int64)
    if "z" in texts:
        micros -= np.array([_offset(text) for text in texts["z"]], dtype=np.int64) * 60_000_000
    return np.where(good, micros, MISSING_DATE)


_ABSENT = -1


def _integers(texts: tuple[str | None, ...] | None, n: int) -> Array:
    if texts is None:
        return np.full(n, _ABSENT, dtype=np.int64)
    return np.array([text or str(_ABSENT) for text in texts]).astype(np.int64)


def _offset(zone: str | None) -> int:
    """Minutes east of UTC."""
    if zone is None or zone in ("Z", "UTC"):
        return 0
    digits = zone[1:].replace(":", "")
    return (int(digits[:2]) * 60 + int(digits[2:])) * (-1 if zone[0] == "-" else 1)
