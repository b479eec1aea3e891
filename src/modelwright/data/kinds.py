"""What each column means: the kind, the reason, and the cells in their final form."""

import dataclasses
import re
from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.errors import counted, listed
from modelwright.core.schema import Kind, Parsing
from modelwright.core.table import MISSING_DATE, Array, Column
from modelwright.data import clock, dates, numbers
from modelwright.data.codes import Integers, code_reason, identifier_reason
from modelwright.data.columns import date_column, number_column, string_column
from modelwright.data.raw import Raw, number_text
from modelwright.data.texts import NUMBER_MARKS, STRING_MARKS, Texts, clean, marked, sample

Remark = tuple[str, str]
"""A topic and the column, or the detail, that belongs to it; remarks of one topic become one note."""

MARKS_TOPIC = "Read as missing"
KEPT_TOPIC = "Kept as categories, not read as missing (say --missing COL=MARK where they are)"
MIXED_TOPIC = "Numbers and other texts are mixed, so read as texts"
PADDED_TOPIC = "Blanks around cells were cut in"
INFINITE_TOPIC = "Infinite values were kept in"
IMAGES_TOPIC = "Names of image files, whose pictures are not looked at (turn them into numbers yourself)"

_IMAGE = re.compile(r"\.(png|jpe?g|gif|bmp|tiff?|webp|heic|svg)$", re.IGNORECASE)
_FEW_ROWS = 20
_PAIRS = (("no", "yes"), ("n", "y"), ("f", "t"), ("off", "on"), ("nein", "ja"), ("non", "oui"))
_FEWEST_WORDS = 5.0
_TEXT_SHARE = 0.3


@final
@dataclass(frozen=True, slots=True)
class Read:
    """A column with its kind, and remarks for the notes."""

    column: Column
    remarks: tuple[Remark, ...] = ()


def infer_column(raw: Raw) -> Read:
    """Decide what a column is, from its cells and its name."""
    if raw.form == "text":
        return _infer_text(raw)
    if raw.form == "date":
        return Read(date_column(raw.name, raw.values, Parsing(), reason_dates(raw.values)), _taken(raw))
    if raw.form == "boolean":
        kind: Kind = "constant" if _is_constant(raw.values) else "flag"
        return Read(number_column(raw.name, raw.values, kind, "true and false", dtype="boolean"))
    return _infer_number(raw, Parsing(), _taken(raw))


def reconsider(read: Read) -> Read:
    """Decide again on a number beside columns of codes."""
    schema = read.column.schema
    if schema.kind != "number" or schema.dtype != "number" or schema.parsing.formats:
        return read
    distinct = np.unique(read.column.values[~read.column.missing])
    if not _are_whole(distinct):
        return read
    reason = code_reason(Integers(schema.name, read.column.values, distinct), has_zeros=False, beside_codes=True)
    if reason is None:
        return read
    column = number_column(schema.name, read.column.values, "category", reason, parsing=schema.parsing)
    return dataclasses.replace(read, column=column)


def _infer_number(raw: Raw, parsing: Parsing, remarks: tuple[Remark, ...], remark: str = "") -> Read:
    values = raw.values
    missing = np.isnan(values)
    present = values[~missing] if missing.any() else values
    distinct = np.unique(present)
    if len(distinct) and np.isinf(distinct[[0, -1]]).any():
        remarks = (*remarks, (INFINITE_TOPIC, raw.name))
    kind, reason = _number_kind(raw, distinct, len(present))
    if remark:
        reason = f"{reason}; {remark}"
    return Read(number_column(raw.name, values, kind, reason, parsing=parsing, distinct=distinct), remarks)


def _number_kind(raw: Raw, distinct: Array, n_present: int) -> tuple[Kind, str]:
    n_rows = len(raw.values)
    if not len(distinct):
        return "constant", "no value in any row"
    if len(distinct) == 1 and n_present == n_rows:
        return "constant", f"{number_text(distinct[0])} in every row"
    if raw.is_categorical:
        return ("flag" if len(distinct) == 2 else "category"), "the source declares categories"
    if len(distinct) == 2 and (n_present >= 10 or distinct.tolist() == [0.0, 1.0]):
        return "flag", f"two values: {number_text(distinct[0])} and {number_text(distinct[1])}"
    if _are_whole(distinct):
        integers = Integers(raw.name, raw.values, distinct)
        if reason := identifier_reason(integers):
            return "identifier", reason
        if reason := code_reason(integers, has_zeros=raw.has_zeros):
            return "category", reason
        return "number", f"whole numbers from {number_text(distinct[0])} to {number_text(distinct[-1])}"
    return "number", f"numbers from {distinct[0]:.6g} to {distinct[-1]:.6g}"


def _infer_text(raw: Raw) -> Read:
    texts = clean(raw.values, raw.texts().tolist(), are_clean=raw.is_trimmed)
    padded: tuple[Remark, ...] = ((PADDED_TOPIC, raw.name),) if texts.was_padded and texts.levels else ()
    is_mark = marked(texts, NUMBER_MARKS)
    valued = texts.without(is_mark)
    taken = (*_taken(raw), *_marks_remark(raw.name, texts, is_mark))
    if not raw.is_categorical:
        if truths := _truths(valued):
            parsing, found_truths = truths
            values = _spread(np.array(found_truths), valued.codes)
            kind: Kind = "constant" if _is_constant(values) else "flag"
            reason = " and ".join(reversed(parsing.truths))
            return Read(number_column(raw.name, values, kind, reason, dtype="boolean", parsing=parsing), taken)
        if found := numbers.recognise(valued.levels):
            parsing, remark = found
            numeric, _ = numbers.parse(valued.levels, parsing)
            if not _beyond_exact(numeric) or any(c in "".join(valued.levels[:50]) for c in ".eE"):
                zeros = numbers.has_leading_zeros(valued.levels)
                spread = Raw(raw.name, "number", _spread(numeric, valued.codes), has_zeros=zeros)
                return _infer_number(spread, parsing, taken, remark)
        elif found := clock.recognise(valued.levels):
            read = Read(_times(raw.name, valued, *found), taken)
            if not clock.may_be_scores(valued.levels):
                return read
            return _with_reason(read, f"if they are scores or ratios, say --kind {raw.name}=category")
        elif found := dates.recognise(valued.levels):
            parsing, remark = found
            micros, _ = dates.parse(valued.levels, parsing)
            days = np.append(micros, MISSING_DATE)[valued.codes]
            reason = reason_dates(days) + (f"; {remark}" if remark else "")
            return Read(date_column(raw.name, days, parsing, reason), taken)
    read = _as_strings(raw, texts, padded, has_marks=bool(is_mark.any()))
    if raw.is_categorical or not clock.may_be_scores(valued.levels):
        return read
    return _with_reason(read, f"scores or ratios, or else durations, which --kind {raw.name}=number reads as seconds")


def _with_reason(read: Read, more: str) -> Read:
    schema = read.column.schema
    schema = dataclasses.replace(schema, reason=f"{schema.reason}; {more}")
    return dataclasses.replace(read, column=dataclasses.replace(read.column, schema=schema))


def _times(name: str, texts: Texts, parsing: Parsing, remark: str) -> Column:
    """Return times or durations as seconds."""
    seconds = _spread(clock.parse(texts.levels, parsing)[0], texts.codes)
    kind: Kind = "constant" if _is_constant(seconds) else "number"
    reason = clock.reason(seconds, parsing) + (f"; {remark}" if remark else "")
    return number_column(name, seconds, kind, reason, parsing=parsing)


def _as_strings(raw: Raw, texts: Texts, padded: tuple[Remark, ...], *, has_marks: bool) -> Read:
    kept, remarks = texts, list(padded)
    if has_marks:
        is_mark = marked(texts, STRING_MARKS)
        kept = texts.without(is_mark)
        remarks += _marks_remark(raw.name, texts, is_mark)
        if alike := [kept.levels[i] for i in np.flatnonzero(marked(kept, NUMBER_MARKS))]:
            remarks.append((KEPT_TOPIC, f"{listed([repr(s) for s in alike], 3)} in {raw.name}"))
    kind, reason = _string_kind(raw, kept)
    if kind in ("category", "flag") and not raw.is_categorical and (mixed := _mixed(kept)):
        reason = f"{reason}; {mixed}"
        remarks.append((MIXED_TOPIC, raw.name))
    if kind != "constant" and _are_images(kept):
        reason = f"{reason}; names of image files, whose pictures are not looked at"
        remarks.append((IMAGES_TOPIC, raw.name))
    held = raw.texts() if raw.is_trimmed and kept is texts else None
    return Read(string_column(raw.name, kept, kind, reason, held=held), tuple(remarks))


def _string_kind(raw: Raw, texts: Texts) -> tuple[Kind, str]:
    n_distinct, n_present = len(texts.levels), texts.n_present
    if not n_distinct:
        return "constant", "no value in any row"
    if n_distinct == 1 and n_present == len(texts.codes):
        return "constant", "one text in every row"
    if raw.is_categorical:
        return ("flag" if n_distinct == 2 else "category"), "the source declares categories"
    if n_distinct == 2:
        return "flag", "two values: " + listed([shortened(s) for s in sorted(texts.levels)])
    share, n_words = n_distinct / n_present, words_per_text(texts.levels)
    if n_words >= _FEWEST_WORDS and share > _TEXT_SHARE:
        return "text", f"texts of {n_words:.0f} words on average, most of them different"
    if n_present >= _FEW_ROWS and share >= 0.95:
        if n_words >= 2.0:
            return "text", "nearly every row has its own text of several words"
        if share >= 0.99:
            return "identifier", "nearly every row has its own text of one word"
    are_digits = all(s.isdigit() for s in sample(texts.levels, 20))
    what = "integers too long for exact arithmetic" if are_digits else "texts"
    return "category", f"{n_distinct:,} different {what} in {n_present:,} rows"


def _are_images(texts: Texts) -> bool:
    return all(map(_IMAGE.search, sample(texts.levels, 50)))


def words_per_text(levels: list[str]) -> float:
    """Return the mean number of words; scripts without blanks count two characters as a word."""
    few = sample(levels, 1000)
    return sum(len(s.split()) + sum("\u3040" <= c <= "\u9fff" for c in s) / 2 for s in few) / max(1, len(few))


def _mixed(texts: Texts) -> str:
    few = sample(texts.levels, 200)
    good = numbers.parse(few, numbers.closest(few))[1]
    if np.count_nonzero(good) < 0.2 * len(few):
        return ""
    word = next((s for s, ok in zip(few, good, strict=True) if not ok), None)
    if word is None:
        return ""
    row = texts.first_row(texts.levels.index(word))
    return f"some cells are numbers but others are not, such as {shortened(word)} in row {row}"


def _truths(texts: Texts) -> tuple[Parsing, list[float]] | None:
    if not 1 <= len(texts.levels) <= 6:
        return None
    folded = [s.casefold() for s in texts.levels]
    if set(folded) <= {"true", "false"}:
        return Parsing(truths=("false", "true")), [float(s == "true") for s in folded]
    # In one spelling they stay the user's own two texts; in several, case is what must not count.
    for pair in _PAIRS if len(texts.levels) > 2 else ():
        if set(folded) == set(pair):
            return Parsing(truths=pair), [float(s == pair[1]) for s in folded]
    return None


def _taken(raw: Raw) -> tuple[Remark, ...]:
    named = [mark for mark, _ in raw.marks if mark]
    if not named:
        return ()
    n_cells = max(n for _, n in raw.marks)  # the reader counted marks and empty cells together
    return (
        (MARKS_TOPIC, f"{listed([repr(m) for m in named], 3)} or empty in {raw.name} ({counted(n_cells, 'cell')})"),
    )


def _marks_remark(name: str, texts: Texts, is_mark: Array) -> tuple[Remark, ...]:
    found = [(texts.levels[i], int(texts.counts[i])) for i in np.flatnonzero(is_mark)]
    return tuple((MARKS_TOPIC, f"{mark!r} in {name} ({counted(n, 'cell')})") for mark, n in found)


def _spread(values: Array, codes: Array) -> Array:
    return np.append(values.astype(np.float64), np.nan)[codes]


def _are_whole(distinct: Array) -> bool:
    return (
        bool(len(distinct))
        and bool(np.isfinite(distinct[[0, -1]]).all())
        and bool((distinct == np.rint(distinct)).all())
    )


def _beyond_exact(values: Array) -> bool:
    finite = values[np.isfinite(values)]
    return bool(len(finite)) and bool(np.abs(finite).max() > 2.0**53)


def _is_constant(values: Array) -> bool:
    """Whether no row differs from another."""
    return len(np.unique(values)) <= 1


def reason_dates(micros: Array) -> str:
    """Say from when to when dates are."""
    present = micros[micros != MISSING_DATE]
    if not len(present):
        return "no value in any row"
    low, high = (str(np.datetime64(int(v), "us"))[:10] for v in (present.min(), present.max()))
    return f"dates from {low} to {high}"


def shortened(text: str) -> str:
    """Return a cell as quoted text of at most 30 characters."""
    return repr(text if len(text) <= 30 else text[:27] + "...")
