"""From conformity scores to the limits that a share of new rows will keep, and how often they do."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from modelwright.core.spec import FitSpec
from modelwright.core.table import Array
from modelwright.metrics.proportion import rows_that_count, share_interval
from modelwright.pipeline.interval import Limits
from modelwright.search.question import Question
from modelwright.transform.lookup import Lookup

FEWEST_IN_GROUP = 40
"""Rows below which a group has the limit of all rows: with fewer its own would be one of a few extreme rows."""


@final
@dataclass(frozen=True, slots=True)
class Scored:
    """How far the truth was from the answer, row by row; a row occurs once per repeat of the folds.

    Attributes:
        scores: Small where the truth agrees with the answer, (n,).
        rows: Positions of the rows.
        folds: The fold that each answer is from.
        codes: The group of each row.
        weight: Weights with mean one over the different rows.
        level: Share of rows to keep.
        groups: Which answers are to rows that come together, or None for rows apart.
    """

    scores: Array
    rows: Array
    folds: Array
    codes: Array
    weight: Array
    level: float
    groups: Array | None = None

    def take(self, kept: Array) -> "Scored":
        """Return some of the scores."""
        parts = (self.scores, self.rows, self.folds, self.codes, self.weight)
        scores, rows, folds, codes, weight = (part[kept] for part in parts)
        groups = None if self.groups is None else self.groups[kept]
        return Scored(scores, rows, folds, codes, weight, self.level, groups)

    def share(self, inside: Array) -> dict[str, Any]:
        """Return the share of rows, as a JSON-able interval."""
        # Repeats tell of the same rows again: they count once.
        of_rows = np.bincount(self.rows, weights=self.weight)
        n_rows = rows_that_count(of_rows) if self.groups is None else rows_that_count(self.weight, inside, self.groups)
        found = share_interval(float(np.average(inside, weights=self.weight)), n_rows)
        return {"value": found.value, "low": found.low, "high": found.high}


def groups_of(question: Question, rows: Array, spec: FitSpec) -> tuple[Limits, Array]:
    """Return limits without values yet, one place per group, and the group of each of the rows."""
    name = spec.interval_groups
    if name is None or name not in question.features.names:
        return Limits(np.zeros((1, 1))), np.zeros(len(rows), dtype=np.int64)
    column = question.features.column(name)
    found = Lookup.fit(column)
    # Levels too rare for a limit of their own are one group, together with what was never seen.
    kept = found.counts[1:-1] >= FEWEST_IN_GROUP
    others = found.counts[1:-1][~kept].sum() + found.counts[-1]
    counts = np.concatenate([found.counts[:1], found.counts[1:-1][kept], [others]])
    lookup = Lookup(found.levels[kept], counts)
    return Limits(np.zeros((lookup.unseen + 1, 1)), name, lookup), lookup.codes(column)[rows]


def calibrated(scored: Scored, n_groups: int) -> Array:
    """Return the limit of every group, (n_groups,): its own where it has enough rows, else that of all."""
    everywhere = limit(scored.scores, scored.weight, scored.level)
    limits = np.full(n_groups, everywhere)
    for code in range(n_groups if n_groups > 1 else 0):
        mine = scored.codes == code
        if len(np.unique(scored.rows[mine])) >= FEWEST_IN_GROUP:
            limits[code] = limit(scored.scores[mine], scored.weight[mine], scored.level)
    return limits


def told(scored: Scored, inside: Array, names: tuple[str, ...], limits: Array) -> list[dict[str, Any]]:
    """Return what the file tells of each group: name, limit, rows and the share of them that was covered."""
    entries: list[dict[str, Any]] = []
    for code, name in enumerate(names):
        mine = scored.codes == code
        rows = len(np.unique(scored.rows[mine]))
        entry = {"group": name, "limit": float(limits[code]), "rows": rows}
        entries.append(entry | ({"coverage": scored.take(mine).share(inside[mine])} if rows else {}))
    return entries


def limit(scores: Array, weight: Array, level: float) -> float:
    """Return the smallest score that at least the share `level` of the weight keeps, one new row counted as a miss.

    With equal weights it is the ceil((n + 1) level)-th smallest of n scores, which a new row keeps with at least that
    probability. With too few rows for the level it is the largest score, which promises less.

    Source:
        Vovk, Gammerman and Shafer (2005); Lei et al. (2018), arXiv:1604.04173.
    """
    order = np.argsort(scores, kind="stable")
    kept = np.cumsum(weight[order])
    needed = level * (kept[-1] + 1.0) * (1.0 - 1e-12)
    return float(scores[order[min(int(np.searchsorted(kept, needed)), len(order) - 1)]])


def covered(scored: Scored) -> Array:
    """Return which rows keep a limit that was calibrated on other folds; after one holdout, on its other half."""
    inside = np.zeros(len(scored.scores), dtype=np.bool_)
    parts = scored.folds if len(np.unique(scored.folds)) > 1 else np.arange(len(scored.scores)) % 2
    n_groups = int(scored.codes.max(initial=0)) + 1
    for part in np.unique(parts):
        mine = parts == part
        # Another repeat may hold the same rows.
        others = ~np.isin(scored.rows, scored.rows[mine])
        if not others.any():
            others = mine
        found = calibrated(scored.take(others), n_groups)
        inside[mine] = scored.scores[mine] <= found[scored.codes[mine]]
    return inside
