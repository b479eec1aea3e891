"""Columns that hold other things in one table than in the other, or two kinds of things in one."""

import re

import numpy as np

from modelwright.core.errors import listed
from modelwright.core.table import Column
from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding, Severity, named, shown

MANY = 0.1
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def mismatches(case: Case) -> list[Finding]:
    """Find numbers kept as texts because of a few other texts, and test columns of another kind than in training."""
    found = [f for column in case.table.columns if (f := _mixed(column)) is not None]
    read = case.test_as_read or case.test
    if read is None:
        return found
    there = {c.name: c for c in read.columns}
    lacking = tuple(f.name for f in case.features if f.name not in there)
    if lacking:
        evidence = f"{len(lacking)} of {len(case.features)} columns are not there."
        found.append(
            _told(lacking, "stop", f"Columns {named(lacking)} are not in the test table.", evidence, figure=1.0)
        )
    for feature in case.features:
        if feature.name in there:
            found += _compared(feature.column, there[feature.name])
    return found


def _mixed(column: Column) -> Finding | None:
    if column.levels is None or column.schema.kind not in ("category", "text") or not len(column):
        return None
    numeric = np.array([_NUMBER.fullmatch(level) is not None for level in column.levels.tolist()])
    n_levels = np.bincount(column.values[column.values >= 0], minlength=len(numeric))
    total = int(n_levels.sum())
    share = float(n_levels[numeric].sum() / total) if total else 0.0
    if not 0.8 <= share < 1 or numeric.sum() < 10:
        return None
    others = listed([repr(shown(str(level))) for level in column.levels[~numeric & (n_levels > 0)]], 4)
    name = column.name
    return Finding(
        name="mismatch",
        severity="warn",
        columns=(name,),
        what=f"Column {named((name,))} holds numbers written as texts, so their order is lost.",
        where=f"cells with {others}",
        evidence=f"{share:.1%} of the cells are numbers.",
        figure=share,
        action="kept",
        override="correct or empty those cells, and the column is read as numbers",
    )


def _compared(trained: Column, tested: Column) -> list[Finding]:
    name = trained.name
    if trained.schema.dtype != tested.schema.dtype:
        if not tested.schema.n_distinct or {trained.schema.dtype, tested.schema.dtype} == {"number", "boolean"}:
            return []
        what = f"Column {named((name,))} holds {trained.schema.dtype}s in training and {tested.schema.dtype}s in test."
        evidence = f"In training: {trained.schema.reason or trained.schema.kind}; in test: "
        return [_told((name,), "stop", what, f"{evidence}{tested.schema.reason or tested.schema.kind}.", figure=1.0)]
    if trained.levels is None or tested.levels is None or trained.schema.kind in ("text", "identifier"):
        return []
    known = set(trained.levels.tolist())
    new = np.array([level not in known for level in tested.levels.tolist()], dtype=bool)
    cells = tested.values[tested.values >= 0]
    share = float(new[cells].mean()) if len(cells) else 0.0
    if share < MANY:
        return []
    examples = listed([repr(shown(str(level))) for level in tested.levels[new]], 4)
    what = f"Column {named((name,))} often holds values in test that training never showed."
    return [_told((name,), "warn", what, f"{share:.1%} of the test cells, such as {examples}.", figure=share)]


def _told(columns: tuple[str, ...], severity: Severity, what: str, evidence: str, *, figure: float) -> Finding:
    return Finding(
        name="mismatch",
        severity=severity,
        columns=columns,
        what=what,
        where="training against test rows",
        evidence=evidence,
        figure=figure,
        action="warned",
        override=f"write both tables alike, or say --kind {shown(columns[0])}=KIND",
    )
