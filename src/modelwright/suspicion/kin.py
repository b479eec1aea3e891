"""Columns tied to a suspected one: what is late for the one is likely late for the other."""

from collections.abc import Iterator

import numpy as np

from modelwright.core.table import Array
from modelwright.suspicion.arithmetic import sum_of
from modelwright.suspicion.case import Case, Feature
from modelwright.suspicion.finding import Finding, named, shown
from modelwright.suspicion.names import are_siblings, speaking_words
from modelwright.suspicion.scores import one_column
from modelwright.suspicion.suspects import Suspects

MOST_ROWS = 1_000
MOST_SUMS = 8
"""Suspected columns of which it is asked whether they are a sum of others; that bounds the time."""

SUMS_EACH = 2
"""Sums looked for of each: the second without the parts of the first."""

ADDING_UP = 0.99
"""Share of the rows in which a sum must be right: a few corrected rows do not hide it."""

RIGHT = 1e-4
"""Part of the standard deviation by which a sum may be off and still be right: cents are rounded."""

ROWS_PER_VALUE = 20
"""Mean rows with one value from which a value that always meets the same other value is more than chance."""

MOST_VALUES = 256
BEST = 0.25
"""Part of the columns, the best tellers first, among which one that shares a word must be."""

_FEWEST_ROWS = 100
_LEAST_POWER = 0.1


def kin(case: Case, suspects: Suspects) -> list[Finding]:
    """Find unsuspected columns that are tied to a suspected one.

    Tied are: a sum and its parts; a column each value of which follows from the other's; names that differ in a number
    only, or in start and end; and a word of the name that nobody else shares, where the column tells much.

    Args:
        case: What is looked at.
        suspects: What is suspected so far.
    """
    told: dict[str, Finding] = {}
    for this, other, why, evidence in _ties(case, suspects.leads, suspects.grave):
        if this not in suspects.columns and this not in told:
            told[this] = _told(this, other, why, evidence)
    return list(told.values())


def _ties(case: Case, suspected: frozenset[str], grave: frozenset[str]) -> Iterator[tuple[str, str, str, str]]:
    rest = [f for f in case.features if f.name not in suspected]
    theirs = [f for f in case.features if f.name in suspected]
    if not rest or len(case.rows) < _FEWEST_ROWS:
        return
    yield from _sums(case, theirs)
    yield from _consequences(case, theirs, rest)
    yield from _siblings(suspected, rest)
    yield from _of_one_word(case, grave, rest)


def _sums(case: Case, theirs: list[Feature]) -> Iterator[tuple[str, str, str, str]]:
    """Give the parts of a suspected whole; of a whole and a part that go with a suspected part, the better teller."""
    rows = np.arange(0, len(case.rows), max(1, len(case.rows) // MOST_ROWS))
    numbers = {f.name: f for f in case.features if f.column.schema.dtype == "number"}
    table = np.column_stack([f.column.values[rows] for f in numbers.values()]) if numbers else np.empty((0, 0))
    for whole in [f.name for f in theirs if f.name in numbers][:MOST_SUMS]:
        at = list(numbers).index(whole)
        complete = np.isfinite(table[:, at])
        usable = np.isfinite(table[complete]).mean(axis=0) >= ADDING_UP
        usable[at] = False
        complete &= np.isfinite(table[:, usable]).all(axis=1)
        if complete.sum() < _FEWEST_ROWS:
            continue
        others = table[complete][:, usable] - table[complete][:, usable].mean(axis=0)
        varied = others.std(axis=0) > 0
        names = [n for n, kept in zip(numbers, usable, strict=True) if kept]
        names = [n for n, kept in zip(names, varied, strict=True) if kept]
        used: set[str] = set()
        for _ in range(SUMS_EACH):
            kept = [j for j, name in zip(np.flatnonzero(varied), names, strict=True) if name not in used]
            left = [n for n in names if n not in used]
            parts, ties = _parts(case, numbers, whole, values=table[complete, at], others=(left, others[:, kept]))
            yield from ties
            used.update(parts)


def _parts(
    case: Case, numbers: dict[str, Feature], whole: str, *, values: Array, others: tuple[list[str], Array]
) -> tuple[list[str], list[tuple[str, str, str, str]]]:
    """Return the columns that add up to another, and those of them that are tied to it."""
    names, columns = others
    centred = values - values.mean()
    if len(names) < 2 or not centred.any() or (terms := sum_of(columns, centred)) is None:
        return [], []
    chosen, signs, _ = terms
    off = centred - (columns[:, chosen] * signs).sum(axis=1)
    share = float(np.mean(np.abs(off - np.median(off)) <= RIGHT * centred.std()))
    if share < ADDING_UP:
        return [], []
    parts = [names[j] for j in chosen]
    told = " ".join(f"{'+' if s > 0 else '−'} '{shown(p)}'" for p, s in zip(parts, signs, strict=True))
    evidence = f"'{shown(whole)}' = {told} in {share:.1%} of the rows."
    tied = parts
    if (signs < 0).any():  # one of these is as late as the part they leave; the better teller is the likelier one
        power = {p: one_column(case, numbers[p].codes, numbers[p].n_codes).power for p in parts}
        tied = [max(parts, key=lambda p: power[p])]
    return parts, [(part, whole, "adds up with", evidence) for part in tied]


def _consequences(case: Case, theirs: list[Feature], rest: list[Feature]) -> Iterator[tuple[str, str, str, str]]:
    for other in theirs:
        if other.n_codes - 1 > min(MOST_VALUES, len(case.rows) / ROWS_PER_VALUE) or not _is_exact(other):
            continue
        for this in rest:
            if this.n_codes < 2 or not _is_exact(this):
                continue
            pairs = np.unique(other.codes * this.n_codes + this.codes)
            values = len(np.unique(this.codes))
            if values > 1 and len(pairs) == len(np.unique(other.codes)) > values:
                yield (
                    this.name,
                    other.name,
                    "follows from",
                    f"Each of the {len(pairs)} values of '{shown(other.name)}' meets one of its {values} values.",
                )


def _is_exact(feature: Feature) -> bool:
    """Say whether every value has a bin of its own."""
    column = feature.column
    known = column.values[~column.missing]
    return len(known) > 0 and len(np.unique(known)) == feature.n_codes - 1


def _siblings(suspected: frozenset[str], rest: list[Feature]) -> Iterator[tuple[str, str, str, str]]:
    for this in rest:
        for other in sorted(suspected):
            if are_siblings(this.name, other):
                yield this.name, other, "is named as a counterpart of", "The names differ in that only."


def _of_one_word(case: Case, grave: frozenset[str], rest: list[Feature]) -> Iterator[tuple[str, str, str, str]]:
    """Give columns that share a word with a grave leak, or the answer, which no other column has."""
    owners: dict[str, list[str]] = {}
    for name in {case.truth.name, *(f.name for f in case.features)}:
        for word in speaking_words(name):
            owners.setdefault(word, []).append(name)
    sharing = {}
    for feature in rest:
        for word in sorted(speaking_words(feature.name)):
            others = [n for n in owners[word] if n != feature.name and n in grave | {case.truth.name}]
            if len(others) == 1 and len(owners[word]) == 2:
                sharing[feature.name] = (word, others[0])
    if not sharing:
        return
    power = {f.name: one_column(case, f.codes, f.n_codes).power for f in rest}
    best = sorted(power, key=lambda n: -power[n])[: max(1, int(BEST * len(rest)))]
    for name, (word, other) in sharing.items():
        if name in best and power[name] >= _LEAST_POWER:
            rank = best.index(name) + 1
            evidence = (
                f"No other column has the word '{word}', and of {len(rest)} unsuspected ones it is number {rank}."
            )
            yield name, other, "shares a word with", evidence


def _told(this: str, other: str, why: str, evidence: str) -> Finding:
    return Finding(
        name="kin",
        severity="info",
        columns=(this,),
        what=f"Column {named((this,))} {why} {named((other,))}: if that is known only afterwards, this may be too.",
        where="all rows that were looked at",
        evidence=evidence,
        figure=1.0,
        action="warned",
        override=f"--drop {shown(this)}",
    )
