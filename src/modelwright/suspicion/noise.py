"""Rows that are alike in everything but the answer: no model can be right about all of them."""

import numpy as np

from modelwright.core.errors import counted
from modelwright.core.table import Array
from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding
from modelwright.suspicion.fingerprints import fingerprints

MANY = 0.02


def noise(case: Case) -> list[Finding]:
    """Measure how much the answers of identical rows differ."""
    names = [f.name for f in case.features]
    if not names:
        return []
    prints = fingerprints(case.table.select(names).columns, case.table.n_rows)
    _, group = np.unique(prints, return_inverse=True)
    judge = _spread if case.answers.is_quantity else _contradictions
    return judge(group, case.answers.values)


def _contradictions(group: Array, truth: Array) -> list[Finding]:
    pairs, counts = np.unique(group * (truth.max() + 1) + truth, return_counts=True)
    owner = pairs // (truth.max() + 1)
    best = np.zeros(group.max() + 1, dtype=np.int64)
    np.maximum.at(best, owner, counts)
    answers = np.bincount(owner)
    n_rows = int(np.bincount(group)[answers > 1].sum())
    if not n_rows:
        return []
    lost = 1 - best.sum() / len(truth)
    evidence = f"No model can be right about more than {int(best.sum()):,} of all {len(truth):,}."
    return _told(n_rows, len(truth), evidence, float(lost))


def _spread(group: Array, truth: Array) -> list[Finding]:
    sizes = np.bincount(group)
    alike = sizes[group] > 1
    if not alike.any() or not truth.var():
        return []
    means = np.bincount(group, truth) / sizes
    residue = (truth - means[group])[alike]
    differing = np.zeros(len(sizes), dtype=bool)
    differing[group[alike][np.abs(residue) > 1e-9 * np.abs(truth).max()]] = True
    n_rows = int(sizes[differing].sum())
    if not n_rows:
        return []
    freedom = alike.sum() - (sizes > 1).sum()
    share = float((residue**2).sum() / freedom / truth.var())
    evidence = f"The answers of identical rows vary by {share:.1%} of the overall variance"
    lost = share * n_rows / len(truth)
    return _told(n_rows, len(truth), f"{evidence}, which no model can explain.", lost)


def _told(n_rows: int, of: int, evidence: str, lost: float) -> list[Finding]:
    return [
        Finding(
            name="noise",
            severity="warn" if lost >= MANY else "info",
            columns=(),
            what="Rows that are equal in every column have different answers: wrong labels, or a column is missing.",
            where=counted(n_rows, "row"),
            evidence=f"{n_rows:,} of {of:,} rows contradict an equal row. {evidence}",
            figure=lost,
            action="kept",
            override="correct the answers, or add the column that tells the rows apart",
        )
    ]
