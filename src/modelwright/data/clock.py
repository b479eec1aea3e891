"""Times of day and durations written as text: which forms fit a column, and reading them as seconds.

A time of day is the seconds since midnight, so that a model learns that 08:59 lies beside 09:00. The model file takes
the seconds; whatever reads texts for it (`predict`, `serve`, Python) does so by the forms that the schema keeps.
"""

import re
from collections.abc import Callable

import numpy as np

from modelwright.core.schema import Parsing
from modelwright.core.table import Array
from modelwright.data.texts import sample

DAY = 86_400.0
HOURS, MINUTES, _TWELVE = "%H:%M:%S", "%M:%S", "%I:%M:%S %p"
"""Two parts are hours and minutes by the first, minutes and seconds by the second; three parts are the same in both."""

_NUMBER = r"\d+(?:[.,]\d+)?"
_COLONS = r"(?P<sign>[+-])?(?P<a>\d{1,4}):(?P<b>[0-5]\d)(?::(?P<c>[0-5]\d)(?P<f>[.,]\d{1,9})?)?"
_UNITS: dict[str, float] = {
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "std"), 3600.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek"), 1.0),
    **dict.fromkeys(("ms", "msec"), 0.001),
}
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_AMOUNT = re.compile(rf"({_NUMBER})\s*({_UNIT})(?![A-Za-z])\.?", re.ASCII | re.IGNORECASE)
_SAMPLE = 200
_PADDED = re.compile(r"(?<!\d)0\d", re.ASCII)
"""A part of two digits that begins with 0: nobody writes so in a score or a ratio."""


def _of_colons(match: re.Match[str]) -> float:
    part = match.groupdict()
    seconds = int(part["a"]) * 3600.0 + int(part["b"]) * 60.0 + int(part["c"] or 0) + _fraction(part["f"])
    return -seconds if part["sign"] == "-" else seconds


def _of_minutes(match: re.Match[str]) -> float:
    return _of_colons(match) / (1.0 if match["c"] else 60.0)


def _of_twelve(match: re.Match[str]) -> float:
    hour, is_late = int(match["a"]) % 12, match["p"] in "pP"
    return (hour + 12 * is_late) * 3600.0 + int(match["b"] or 0) * 60.0 + int(match["c"] or 0)


def _of_iso(match: re.Match[str]) -> float:
    week, day, hour, minute, second = (float((text or "0").replace(",", ".")) for text in match.group(*"wdhms"))
    seconds = (7 * week + day) * DAY + hour * 3600.0 + minute * 60.0 + second
    return -seconds if match["sign"] == "-" else seconds


def _of_days(match: re.Match[str]) -> float:
    return int(match["d"]) * DAY + _of_colons(match)


def _of_units(match: re.Match[str]) -> float:
    found = _AMOUNT.findall(match[0])
    seconds = sum(float(number.replace(",", ".")) * _UNITS[unit.lower()] for number, unit in found)
    return -seconds if match[0].startswith("-") else seconds


def _fraction(text: str | None) -> float:
    return float(f"0.{text[1:]}") if text else 0.0


_FORMS: dict[str, tuple[str, Callable[[re.Match[str]], float]]] = {
    HOURS: (_COLONS, _of_colons),
    MINUTES: (_COLONS, _of_minutes),
    _TWELVE: (
        r"(?P<a>0?[1-9]|1[0-2])(?::(?P<b>[0-5]\d)(?::(?P<c>[0-5]\d))?)?\s?(?P<p>[AaPp])\.?[Mm]\.?",
        _of_twelve,
    ),
    "P1DT1H1M1S": (
        rf"(?P<sign>[+-])?P(?=[\dT])(?:(?P<w>{_NUMBER})W)?(?:(?P<d>{_NUMBER})D)?"
        rf"(?:T(?=\d)(?:(?P<h>{_NUMBER})H)?(?:(?P<m>{_NUMBER})M)?(?:(?P<s>{_NUMBER})S)?)?",
        _of_iso,
    ),
    "%d days %H:%M:%S": (rf"(?P<d>-?\d{{1,7}}) days?,? (?:{_COLONS})", _of_days),
    "1h 1min 1s": (
        rf"[+-]?\s?{_NUMBER}\s*(?:{_UNIT})(?![A-Za-z])\.?(?:[ ,]*{_NUMBER}\s*(?:{_UNIT})(?![A-Za-z])\.?)*",
        _of_units,
    ),
}
_COMPILED = {
    name: (re.compile(text, re.ASCII | (re.IGNORECASE if name[0] == "1" else 0)), read)
    for name, (text, read) in _FORMS.items()
}
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def recognise(levels: list[str], *, forced: bool = False) -> tuple[Parsing, str] | None:
    """Return the forms by which every text is a time or a duration, with a remark on how it was read, or None.

    Args:
        levels: Distinct texts, blanks cut.
        forced: Whether the user said that the column holds numbers; then a single letter is a unit too, as in "30s".
    """
    few = sample(levels, _SAMPLE)
    chosen = _cover(few)
    if chosen is None or not (forced or any(map(_is_clear, few))):
        return None
    parsing = Parsing(formats=_with_minutes(levels, chosen) if HOURS in chosen else chosen)
    seconds, good = parse(levels, parsing, plain=False)
    if not good.all():
        return None
    is_of_day = seconds.min() >= 0 and seconds.max() < DAY
    is_mixed = _TWELVE in chosen and not (is_of_day and set(chosen) <= {HOURS, _TWELVE})
    if not forced and (is_mixed or (not is_of_day and may_be_scores(levels))):
        return None
    return parsing, "two parts are read as minutes and seconds" if MINUTES in parsing.formats else ""


def may_be_scores(levels: list[str]) -> bool:
    """Return whether texts such as 25:23 may be scores or ratios as well as durations: nothing speaks against it."""
    matches = (_COMPILED[HOURS][0].fullmatch(level) for level in levels)
    return bool(levels) and not any(
        match is None or match["c"] or match["sign"] or _PADDED.search(match[0]) for match in matches
    )


def parse(levels: list[str], parsing: Parsing, *, plain: bool = True) -> tuple[Array, Array]:
    """Read texts (blanks cut) by the forms in order.

    Args:
        levels: The texts.
        parsing: Names the forms.
        plain: Whether a plain number is a number of seconds.

    Returns:
        Seconds, NaN where a text is neither, and a boolean array that tells which are.
    """
    forms = [_COMPILED[name] for name in parsing.formats if name in _COMPILED]
    seconds = np.full(len(levels), np.nan)
    for i, level in enumerate(levels):
        for pattern, read in forms:
            if match := pattern.fullmatch(level):
                seconds[i] = read(match)
                break
        else:
            if plain and _PLAIN.fullmatch(level):
                seconds[i] = float(level)
    return seconds, ~np.isnan(seconds)


def reason(seconds: Array, parsing: Parsing) -> str:
    """Say from when to when times are, or from how long to how long durations."""
    present = seconds[~np.isnan(seconds)]
    low, high = float(present.min()), float(present.max())
    if low >= 0 and high < DAY and set(parsing.formats) <= {HOURS, _TWELVE}:
        return f"times from {_shown(low)} to {_shown(high)}, in seconds since midnight"
    return f"durations from {_shown(low)} to {_shown(high)}, in seconds"


def _cover(levels: list[str]) -> tuple[str, ...] | None:
    """Return the forms that together read every text, or None."""
    chosen: list[str] = []
    for level in levels:
        if any(_COMPILED[name][0].fullmatch(level) for name in chosen):
            continue
        found = next((name for name, (pattern, _) in _COMPILED.items() if pattern.fullmatch(level)), None)
        if found is None:
            return None
        chosen.append(found)
    return tuple(chosen) or None


def _is_clear(level: str) -> bool:
    """Whether a text is a time or a duration beyond doubt: 30s may be an age, 5m a length."""
    amounts = _AMOUNT.findall(level)
    return not amounts or "P" in level or len(amounts) > 1 or len(amounts[0][1]) > 1


def _with_minutes(levels: list[str], chosen: tuple[str, ...]) -> tuple[str, ...]:
    """Take two parts for minutes and seconds where beside three parts they reach beyond a day, as 58:30 by 1:02:10."""
    matches = [match for level in levels if (match := _COMPILED[HOURS][0].fullmatch(level))]
    two = [int(match["a"]) for match in matches if match["c"] is None]
    if two and len(two) < len(matches) and max(two) >= 24:
        return tuple(MINUTES if name == HOURS else name for name in chosen)
    return chosen


def _shown(seconds: float) -> str:
    whole = round(abs(seconds))
    sign, rest = ("-" if seconds < 0 else ""), whole % 60
    return f"{sign}{whole // 3600:02d}:{whole // 60 % 60:02d}" + (f":{rest:02d}" if rest else "")
