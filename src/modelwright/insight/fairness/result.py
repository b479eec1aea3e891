"""The result of a fairness audit, and how it looks."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, final

from modelwright.core.errors import counted
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.evaluation import Source
from modelwright.insight.fairness.measures import GAP_TITLES, TITLES
from modelwright.insight.tabulation import plain, printable
from modelwright.metrics.bootstrap import Interval

_MOST_LABELS_SHOWN = 6
"""With more classes only what is about all of them is shown; the JSON has everything."""

_MOST_PROXIES_SHOWN = 8
_LONGEST = 60
_SAID = frozenset({"observed_rate", "mean_probability", "calibration"})
"""Measures of what the model says; the others are of what follows from it."""

_TOO_FEW = "too few rows"


@final
@dataclass(frozen=True, slots=True)
class Figure:
    """One measure in one group.

    Attributes:
        name: The measure, a key of `modelwright.insight.fairness.measures.TITLES`.
        label: The class it is about, "" for none.
        value: The figure with its interval; NaN where no row counts.
        n_rows: Rows that count: those of the class for a true positive rate.
        kind: "share", "amount" or "signed".
    """

    name: str
    label: str
    value: Interval
    n_rows: int
    kind: str

    def __str__(self) -> str:
        if not math.isfinite(self.value.value):
            return "–"
        if self.kind == "share" or self.name in ("mean_probability", "calibration"):
            sign = "+" if self.name == "calibration" else ""
            low, high = (f"{round(100 * end) + 0.0:.0f}" for end in (self.value.low, self.value.high))
            return f"{100 * self.value.value:{sign}.1f} ({low} to {high})"
        return f"{plain(self.value.value)} ({reach(self.value)})"


@final
@dataclass(frozen=True, slots=True)
class Group:
    """Some rows that are alike in the sensitive columns.

    Attributes:
        columns: By which columns.
        name: Which rows, in words: "sex = F and race = B".
        n_rows: How many.
        is_judged: Whether they are enough to be judged.
        figures: What was measured; empty for too few rows.
    """

    columns: tuple[str, ...]
    name: str
    n_rows: int
    is_judged: bool
    figures: tuple[Figure, ...] = ()

    def figure(self, name: str, label: str | None = None) -> Figure:
        """Return one figure; without a label the first of that name. Raises KeyError when it was not taken."""
        for figure in self.figures:
            if figure.name == name and label in (None, figure.label):
                return figure
        raise KeyError(name)


@final
@dataclass(frozen=True, slots=True)
class Gap:
    """How far the groups by some columns lie apart.

    Attributes:
        columns: By which columns.
        name: The definition, a key of `modelwright.insight.fairness.measures.GAP_TITLES`.
        label: The class it is about, "" for none.
        difference: Largest value less smallest; 0 is even.
        ratio: Smallest value over largest; 1 is even. NaN where it means nothing.
        lowest: The group with the smallest value of the measure that lies farthest apart, "" where none is compared.
        highest: The group with the largest.
        n_groups: Groups that were compared.
    """

    columns: tuple[str, ...]
    name: str
    label: str
    difference: Interval
    ratio: Interval
    lowest: str
    highest: str
    n_groups: int

    @property
    def is_beyond_chance(self) -> bool:
        """Whether the interval of the difference leaves zero out."""
        return self.difference.low > 0


@final
@dataclass(frozen=True, slots=True)
class Proxy:
    """How well a feature gives a sensitive column away.

    Attributes:
        sensitive: The sensitive column.
        feature: The feature, or "" for all of them together.
        measure: What the score is: AUC, R² or share of the entropy explained.
        score: The score with its interval, cross-validated.
        power: 0 for nothing, 1 for everything: R², the share of entropy, or 2 AUC − 1.
        is_flagged: Whether it is enough to look at.
    """

    sensitive: str
    feature: str
    measure: str
    score: Interval
    power: float
    is_flagged: bool


@final
@dataclass(frozen=True, slots=True, repr=False)
class Fairness(Document):
    """How a model treats groups.

    Attributes:
        sensitive: The columns that make the groups.
        source: Which rows were looked at.
        n_rows: How many.
        min_rows: Rows of the smallest group that is judged.
        groups: Every group by each column and by columns together, also those with too few rows.
        gaps: How far they lie apart.
        proxies: How well the features give the sensitive columns away, the best first.
        level: Level of the intervals.
        notes: What a reader must know.
    """

    SCHEMA: ClassVar[str] = "modelwright/fairness/1"

    sensitive: tuple[str, ...]
    source: Source
    n_rows: int
    min_rows: int
    groups: tuple[Group, ...]
    gaps: tuple[Gap, ...]
    proxies: tuple[Proxy, ...]
    level: float
    notes: tuple[str, ...] = ()

    @property
    def flagged(self) -> tuple[Proxy, ...]:
        """The proxies that are enough to look at."""
        return tuple(p for p in self.proxies if p.is_flagged)

    def gap(self, name: str, columns: Iterable[str] | str, label: str | None = None) -> Gap:
        """Return one gap by its definition and the columns that make the groups.

        Raises:
            KeyError: There is none.
        """
        by = (columns,) if isinstance(columns, str) else tuple(columns)
        for gap in self.gaps:
            if gap.name == name and gap.columns == by and label in (None, gap.label):
                return gap
        raise KeyError(name)

    def group(self, name: str) -> Group:
        """Return one group by its words, such as "sex = F"; raises KeyError when there is none."""
        for group in self.groups:
            if group.name == name:
                return group
        raise KeyError(name)

    def to_columns(self) -> Cells:
        """Return one row per figure of each group; a group of too few rows has one row without a figure."""
        rows = [(g, f) for g in self.groups for f in (g.figures or (None,))]
        return {
            "by": [" × ".join(g.columns) for g, _ in rows],
            "group": [g.name for g, _ in rows],
            "group_rows": [g.n_rows for g, _ in rows],
            "is_judged": [g.is_judged for g, _ in rows],
            "measure": ["" if f is None else f.name for _, f in rows],
            "label": ["" if f is None else f.label for _, f in rows],
            "value": [math.nan if f is None else f.value.value for _, f in rows],
            "low": [math.nan if f is None else f.value.low for _, f in rows],
            "high": [math.nan if f is None else f.value.high for _, f in rows],
            "n_rows": [0 if f is None else f.n_rows for _, f in rows],
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the gaps, the groups by each of the columns, and the proxies."""
        by = dict.fromkeys(g.columns for g in self.groups)
        groups = (self._group_sheet(columns, part) for columns in by for part in self._parts(columns))
        return (self._gap_sheet(), *groups, *self._proxy_sheets())

    def _gap_sheet(self) -> Sheet:
        span = f"{self.level * 100:g} % interval"
        head = ("by", "gap", "of", "difference", span, "ratio", span, "lowest", "highest")
        shown = self._shown({g.label for g in self.gaps})
        rows = tuple(
            (
                printable(" × ".join(g.columns), _LONGEST),
                GAP_TITLES[g.name],
                printable(g.label),
                plain(g.difference.value),
                reach(g.difference, ".3g"),
                plain(g.ratio.value),
                reach(g.ratio, ".3g"),
                _within(g.lowest, g.columns) or "–",
                _within(g.highest, g.columns) or "–",
            )
            for g in self.gaps
            if g.label in shown
        )
        of = "of the training table, out of fold" if self.source == "out-of-fold" else "looked at"
        caption = f"How far the groups lie apart, on {counted(self.n_rows, 'row')} {of}"
        return Sheet(caption, (head, *rows), "<<<>>>><<")

    def _parts(self, columns: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
        """Return the measures of the groups by some columns, a tuple per table: what is decided, what is said."""
        names = tuple(dict.fromkeys(f.name for g in self.groups if g.columns == columns for f in g.figures))
        if {"true_positive_rate", "false_negative_rate"} <= set(names):
            # What is missed is the rest of what is found, and is in the JSON all the same.
            names = tuple(name for name in names if name != "false_negative_rate")
        said = tuple(name for name in names if name in _SAID)
        decided = tuple(name for name in names if name not in _SAID)
        return (decided, said) if said and decided else (names,)

    def _group_sheet(self, columns: tuple[str, ...], measures: tuple[str, ...]) -> Sheet:
        """Return some measures of the groups by some columns, one line per group and class."""
        groups = [g for g in self.groups if g.columns == columns]
        shown = self._shown({f.label for g in groups for f in g.figures})
        figures = [f for g in groups for f in g.figures if f.label in shown and f.name in measures]
        names = list(dict.fromkeys(f.name for f in figures))
        labels = [label for label in dict.fromkeys(f.label for f in figures) if label] or [""]
        titles = [TITLES[name] for name in names] or [""]  # one column at least, to say that no group is judged
        head = (printable(" × ".join(columns), _LONGEST), "rows", "class", *titles)
        rows = [head]
        for g in groups:
            for label in labels if g.is_judged else [""]:
                known = {f.name: str(f) for f in g.figures if f.label in ("", label)}
                cells = [known.get(name, "–") for name in names] if g.is_judged else [_TOO_FEW] + [""] * len(titles[1:])
                rows.append((_within(g.name, columns), f"{g.n_rows:,}", printable(label), *cells))
        if len(labels) == 1:
            rows = [(*row[:2], *row[3:]) for row in rows]
        in_percent = " (shares in percent)" if any(f.kind == "share" for f in figures) else ""
        what = "Probabilities" if set(measures) <= _SAID and measures else "Groups"
        caption = f"{what} by {printable(' × '.join(columns), _LONGEST)}{in_percent}"
        return Sheet(caption, tuple(rows), ("<><" if len(labels) > 1 else "<>") + ">" * len(titles))

    def _proxy_sheets(self) -> tuple[Sheet, ...]:
        head = ("sensitive column", "told by", "measure", "score", f"{self.level * 100:g} % interval", "")
        rows: list[tuple[str, ...]] = []
        for name in self.sensitive:
            rows += [
                (
                    printable(p.sensitive),
                    printable(p.feature, _LONGEST) or "all features together",
                    p.measure,
                    plain(p.score.value),
                    reach(p.score, ".3g"),
                    "look" if p.is_flagged else "",
                )
                for p in [p for p in self.proxies if p.sensitive == name][:_MOST_PROXIES_SHOWN]
            ]
        sheet = Sheet("What gives the sensitive columns away", (head, *rows), "<<<>><")
        return (sheet,) if rows else ()

    def _shown(self, labels: set[str]) -> set[str]:
        return labels if len(labels - {""}) <= _MOST_LABELS_SHOWN else {""}


def _within(name: str, columns: tuple[str, ...]) -> str:
    """Return the name of a group where its columns are known: "F, B" for "sex = F and race = B"."""
    short = name.removeprefix(f"{columns[0]} = ")
    for column in columns[1:]:
        short = short.replace(f" and {column} = ", ", ", 1)
    return printable(short, _LONGEST)
