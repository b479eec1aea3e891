"""The same row again, in the table and in the test rows."""

import numpy as np

from modelwright.core.schema import Schema
from modelwright.core.table import Table
from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding
from modelwright.suspicion.fingerprints import fingerprints

MANY = 0.01
"""Share of copies from which random folds score a model on rows that it has learned."""


def duplicates(case: Case) -> list[Finding]:
    """Count rows that equal an earlier one in every column and in the answer; identifiers are left aside."""
    columns = [c for c in case.table.columns if c.schema.is_feature]
    prints = fingerprints(columns, case.table.n_rows) ^ case.answers.values.view(np.uint64)
    n_copies = len(prints) - len(np.unique(prints))
    if not columns or not n_copies:
        return []
    share = n_copies / len(prints)
    first = int(np.setdiff1d(np.arange(len(prints)), np.unique(prints, return_index=True)[1])[0])
    return [
        Finding(
            name="duplicate",
            severity="warn" if share >= MANY else "info",
            columns=(),
            what="Some rows are copies of others, so folds share them and scores flatter the model.",
            where=f"row {first + 1} is the first copy, counting rows with a known answer",
            evidence=f"{n_copies:,} of {len(prints):,} rows ({share:.1%}) equal an earlier row in every column.",
            figure=share,
            action="kept",
            override="remove the copies from the data, or keep them in one fold with --groups",
        )
    ]


def overlap(case: Case) -> list[Finding]:
    """Count test rows that are also training rows."""
    if case.test is None or not case.test.n_rows:
        return []
    there = set(case.test.names)
    names = [c.name for c in case.table.columns if c.schema.is_feature and c.name in there]
    if not names:
        return []
    trained = fingerprints(case.table.select(names).columns, case.table.n_rows)
    tested = fingerprints(_like(case.table.schema, case.test, names).columns, case.test.n_rows)
    share = float(np.isin(tested, trained).mean())
    if not share:
        return []
    return [
        Finding(
            name="overlap",
            severity="stop" if share >= 0.1 else "warn" if share >= MANY else "info",
            columns=(),
            what="Some test rows were also learned from, so the test flatters the model.",
            where=f"test row {int(np.isin(tested, trained).argmax()) + 1} is the first",
            evidence=f"{share:.1%} of {len(tested):,} test rows equal a training row in all {len(names)} columns.",
            figure=share,
            action="kept",
            override="remove those rows from the test table",
        )
    ]


def _like(schema: Schema, test: Table, names: list[str]) -> Table:
    """Return the named test columns; a column stored otherwise than in training never equals it, and is left so."""
    return test.select(n for n in names if schema.column(n).dtype == test.column(n).schema.dtype)
