"""Numbers written as text: which rule fits a column, and reading by that rule."""

import functools
import re

import numpy as np

from modelwright.core.errors import listed
from modelwright.core.schema import Parsing
from modelwright.core.table import Array, object_array
from modelwright.data.texts import sample

_WORDS = (
    *("USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "INR", "CNY"),
    *("BRL", "MXN", "ZAR", "TRY", "KRW", "SGD", "HKD", "Fr.", "kr", "Rs.", "Rs"),
)
_AFFIXES = ("US$", "R$", "$", "€", "£", "¥", "₹", "₽", "₩", "₺", "₪", "₫", "₴", "฿", "zł", "Kč", "%", "‰", *_WORDS)
PARENTHESES = "()"
"""Stands among the affixes where a number in parentheses is negative, as accountants write it."""

_UNIT = re.compile(
    r"[+-]?[\d.,' ]*\d\s?(?P<unit>[^\W\d_]{1,6}\.?|°\s?[CFK]?|[cmk]?m[²³23]|k?m/[hs]|mph)", re.IGNORECASE
)
_FEWEST_WITH_UNIT = 3
_RULES = ((".", ""), (".", ","), (",", "."), (",", ""), (".", " "), (",", " "), (".", "'"), (",", "'"))
"""(decimal, thousands) in the order they are tried; the plain English form wins where several fit."""
_BLANKS = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'", "\u2212": "-"})
_SAMPLE = 200
_MOST_ROUNDS = 5
"""How often texts that did not fit are added to the sample before a column is given up."""


def recognise(levels: list[str]) -> tuple[Parsing, str] | None:
    """Return the rule by which every text is a number, with a remark on ambiguity, or None when there is none."""
    few = sample(levels, _SAMPLE)
    for _ in range(_MOST_ROUNDS if levels else 0):
        parsing = _first_rule(few)
        if parsing is None:
            return None
        good = parse(levels, parsing)[1]
        if good.all():
            return parsing, _remark(levels, parsing)
        few = [*few, *sample([s for s, ok in zip(levels, good, strict=True) if not ok], _SAMPLE)]
    return None


def closest(levels: list[str]) -> Parsing:
    """Return the rule by which most of the texts are numbers, for columns that the user says are numbers."""
    affixes = _affixes(levels)
    rules = [Parsing(decimal=d, thousands=t, affixes=affixes) for d, t in _RULES]
    return max(rules, key=lambda rule: int(parse(levels, rule)[1].sum()))


def parse(levels: list[str], parsing: Parsing) -> tuple[Array, Array]:
    """Read texts (blanks cut) by a rule.

    Returns:
        The numbers as float64 with NaN where a text is none, and a boolean array that tells which are.
    """
    if parsing.decimal == "." and not parsing.thousands and not parsing.affixes:
        plain = _plain(levels)
        if plain is not None:
            return plain, np.ones(len(levels), dtype=np.bool_)
    pattern = _pattern(parsing.decimal, parsing.thousands, parsing.affixes)
    numbers = np.full(len(levels), np.nan)
    good = np.zeros(len(levels), dtype=np.bool_)
    in_parentheses = PARENTHESES in parsing.affixes
    for i, level in enumerate(levels):
        is_negative = in_parentheses and "(" in level and level.endswith(")")
        match = pattern.fullmatch((level.replace("(", "", 1)[:-1] if is_negative else level).translate(_BLANKS))
        if match and not (is_negative and (match["sign"] or match["sign2"])):
            body = match["body"].replace(parsing.thousands, "") if parsing.thousands else match["body"]
            sign = "-" if is_negative else match["sign"] or match["sign2"] or ""
            numbers[i] = float(sign + body.replace(parsing.decimal, "."))
            good[i] = True
    return numbers * parsing.scale, good


def has_leading_zeros(levels: list[str]) -> bool:
    """Return whether the texts are digits of one width, three or more, some with a leading zero."""
    few = sample(levels, _SAMPLE)
    width = len(few[0]) if few else 0
    return (
        width >= 3
        and all(len(s) == width and s.isascii() and s.isdigit() for s in few)
        and any(s[0] == "0" for s in levels)
        and all(len(s) == width and s.isascii() and s.isdigit() for s in levels)
    )


def _plain(levels: list[str]) -> Array | None:
    """Return the numbers when every text is a plain one, at the speed of C, else None."""
    joined = "".join(levels)
    if "_" in joined or not joined.isascii() or "n" in joined.lower().replace("inf", "").replace("init", ""):
        return None  # float() also takes 1_000, other scripts' digits and nan
    try:
        return object_array(levels).astype(np.float64)
    except ValueError:
        return None


@functools.lru_cache(maxsize=256)
def _pattern(decimal: str, thousands: str, affixes: tuple[str, ...]) -> re.Pattern[str]:
    cut = [re.escape(a) for a in affixes if a != PARENTHESES]
    affix = "(?:" + "|".join(cut) + ")?" if cut else ""
    dot = re.escape(decimal)
    whole = r"\d+"
    if thousands:
        whole = rf"(?:[1-9]\d{{0,2}}(?:{re.escape(thousands)}\d{{3}})+|\d+)"
    body = rf"(?:{whole}(?:{dot}\d*)?|{dot}\d+)(?:[eE][+-]?\d+)?|inf(?:inity)?"
    return re.compile(
        rf"(?P<sign>[+-])?\s?{affix}\s?(?P<sign2>(?(sign)|[+-]))?(?P<body>{body})\s?{affix}", re.ASCII | re.IGNORECASE
    )


def _first_rule(levels: list[str]) -> Parsing | None:
    affixes = _affixes(levels)
    for decimal, thousands in _RULES:
        parsing = Parsing(decimal=decimal, thousands=thousands, affixes=affixes)
        if parse(levels, parsing)[1].all():
            return parsing
    return None


def _affixes(levels: list[str]) -> tuple[str, ...]:
    joined = "\n".join(levels)
    found = [a for a in _AFFIXES if a in joined]
    for longer in ("US$", "R$"):
        if longer in found and "$" in found and "$" not in joined.replace(longer, ""):
            found.remove("$")
    n_negative = sum(s.endswith(")") and "(" in s for s in levels)
    if 0 < n_negative < len(levels):
        found.append(PARENTHESES)
    if not found and (unit := _unit(levels)):
        found.append(unit)
    return tuple(found)


def _unit(levels: list[str]) -> str:
    """Return the unit that all texts end in but bare numbers, such as "kg", or "" where there is none."""
    if len(levels) < _FEWEST_WITH_UNIT:
        return ""
    units = {match["unit"] for s in levels if (match := _UNIT.fullmatch(s.translate(_BLANKS)))}
    unit = units.pop() if len(units) == 1 else ""
    return "" if unit.lower() in ("e", "inf", "nan") else unit


def _remark(levels: list[str], parsing: Parsing) -> str:
    cut = listed([repr(a) for a in parsing.affixes if a != PARENTHESES], 4)
    told = [f"read without {cut}"] if cut else []
    told += ["numbers in parentheses are negative"] if PARENTHESES in parsing.affixes else []
    return "; ".join([*told, *filter(None, [_mark_remark(levels, parsing)])])


def _mark_remark(levels: list[str], parsing: Parsing) -> str:
    if parsing.decimal == "." and not parsing.thousands:
        return ""
    if parsing.thousands == "," and not any("." in s for s in levels):
        return "each comma is followed by three digits, so commas are read as thousands marks, not as decimal marks"
    if parsing.decimal == "," and not any(parsing.thousands in s for s in levels if parsing.thousands):
        return "read with a decimal comma"
    return f"read with '{parsing.decimal}' as decimal mark and '{parsing.thousands}' between thousands"
