"""The door: run every detector and return what was found, the gravest first."""

from modelwright.core.catalog import load
from modelwright.core.spec import FitSpec
from modelwright.core.table import Table
from modelwright.core.task import Task
from modelwright.suspicion.case import Case, make_case
from modelwright.suspicion.catalog import DETECTORS, FOLLOWERS, LEAKS
from modelwright.suspicion.finding import SEVERITIES, Finding, Findings
from modelwright.suspicion.grading import graded
from modelwright.suspicion.suspects import Suspects

_BETTER_TOLD_BY = ("encoding", "arithmetic", "missingness")
"""Kinds that say why a column decides the answer; the plain "it does" is left out where one of them speaks."""


def suspect(
    table: Table,
    target: str,
    spec: FitSpec | None = None,
    *,
    task: Task | None = None,
    test: Table | None = None,
    test_as_read: Table | None = None,
    seed: int = 0,
) -> Findings:
    """Look for leaks, identifiers, copies, drift and the like before anything is learned.

    Quick: below two seconds on 50,000 rows of 50 columns. On larger tables the costly checks look at 50,000 rows
    chosen at random; the cheap ones look at all.

    Args:
        table: The rows, the target among the columns.
        target: The column to predict; rows without a value are left aside.
        spec: Roles of columns and what the user leaves out, which is not looked at.
        task: What the fit decided, or None to decide by the same rule.
        test: Rows to be scored on, read like the training rows; the target may be absent.
        test_as_read: The same rows with the kinds that they would have by themselves.
        seed: Seed of the rows that are looked at and of the folds.

    Raises:
        DataError: The target cannot be learned from.
        SchemaError: A named column is not in the table.

    Example:
        >>> from modelwright.data import read
        >>> rows = {"size": list(range(100)), "twice": [2 * i for i in range(100)], "hot": [i > 60 for i in range(100)]}
        >>> suspect(read(rows), "hot").worst
        'stop'
    """
    case = make_case(table, target, spec or FitSpec(), task=task, test=test, test_as_read=test_as_read, seed=seed)
    return look(case)


def look(case: Case) -> Findings:
    """Run every detector of the catalog over a case, then those that follow up what was found."""
    found: list[Finding] = []
    for name in DETECTORS:
        found += load(DETECTORS, name, "detector")(case)
    found = graded(case, _without_repeats(found), LEAKS)
    for name in FOLLOWERS:
        found += load(FOLLOWERS, name, "detector")(case, Suspects.of(found, LEAKS))
    rank = {severity: -i for i, severity in enumerate(SEVERITIES)}
    kept = sorted(found, key=lambda f: rank[f.severity])
    return Findings(case.answers.name, case.table.n_rows, len(case.rows), tuple(kept), case.task)


def _without_repeats(found: list[Finding]) -> list[Finding]:
    explained = {column for f in found if f.name in _BETTER_TOLD_BY and f.severity == "stop" for column in f.columns}
    strong = {column for f in found if f.name == "leak" for column in f.columns}
    besides = {"leak": explained, "flag": explained | strong}
    return [f for f in found if not set(f.columns) & besides.get(f.name, set())]
