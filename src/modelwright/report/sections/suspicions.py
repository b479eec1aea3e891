"""What looks wrong about the data."""

import shlex
from collections.abc import Sequence
from typing import Any, ClassVar, final

from modelwright.core.errors import counted, listed
from modelwright.insight.check import check
from modelwright.insight.tabulation import printable
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Grid, Level, Light, Text
from modelwright.report.wording import NEEDS_ROWS
from modelwright.suspicion.finding import Finding, Findings

_PROMISE = "Nothing suspicious in the data"
_LEVELS: dict[str | None, Level] = {None: "good", "info": "good", "warn": "look", "stop": "stop"}


@final
class SuspicionsSection(Section[tuple[Findings | None, Findings | None]]):
    """Leaks, identifiers, copies, drift and the like: in training, as the file tells, and in the labelled rows."""

    title: ClassVar[str] = "What looks wrong"
    chapter: ClassVar[str] = "suspicions"

    def look(self, case: Case) -> tuple[Findings | None, Findings | None]:
        """Return what the fit found, and what is found in the rows as they were given."""
        told = case.model.documents.get("suspicions")
        before = None if told is None else Findings.from_json(told)
        here = None if case.rows is None else check(case.rows.source, case.model.manifest.target)
        if before is None and here is None:
            raise NotHere("The file tells of none, and there are no rows to look at.", NEEDS_ROWS)
        return before, here

    def document(self, result: tuple[Findings | None, Findings | None]) -> dict[str, Any]:
        """Return both."""
        before, here = result
        named = {"training": before, "rows": here}
        return {name: None if found is None else found.to_json() for name, found in named.items()}

    def command(self, case: Case) -> str:
        """Return the command that checks again."""
        data = case.rows.name if case.rows else "TRAINING_DATA"
        return shlex.join(["modelwright", "check", data, "--target", case.model.manifest.target])

    def blocks(self, result: tuple[Findings | None, Findings | None], case: Case) -> Sequence[Block]:
        """Return one table for training and one for the rows."""
        before, here = result
        blocks = [] if before is None else _told(before, before.found, "the training table")
        if here is not None:
            known = {_kind(f) for f in before or ()}
            fresh = tuple(f for f in here if _kind(f) not in known)
            blocks += _told(here, fresh, "the rows given", repeated=len(here) - len(fresh))
        return blocks

    def lights(self, result: tuple[Findings | None, Findings | None], case: Case) -> Sequence[Light]:
        """Say how grave the gravest finding is."""
        reads = set(case.model.schema.names)
        found = [f for part in result if part is not None for f in part]
        # What is wrong with a column that the model does not read is no reason to distrust it.
        relevant = [f for f in found if not f.columns or reads & set(f.columns)]
        worst = max(relevant, key=_gravity, default=None)
        grave = worst is not None and worst.severity != "info"
        text = f"{worst.what} {worst.evidence}" if worst is not None and grave else "Nothing grave was found."
        more = len({(f.name, f.columns) for f in relevant if f.severity != "info"}) - 1
        text += f" And {more} more." if more > 0 else ""
        said = worst.what if worst is not None and grave else "Nothing grave was found in the data."
        level = _LEVELS[worst.severity if worst else None]
        return (Light(_PROMISE, level, text, "suspicions", "belief", said),)


def _gravity(finding: Finding) -> int:
    return ("info", "warn", "stop").index(finding.severity)


def _kind(finding: Finding) -> tuple[str, tuple[str, ...]]:
    """Return what makes two findings the same suspicion, whatever their figures."""
    return finding.name, finding.columns


def _told(all_found: Findings, shown: Sequence[Finding], where: str, *, repeated: int = 0) -> list[Block]:
    some = f"{all_found.n_looked_at:,} of " if all_found.n_looked_at < all_found.n_rows else "all "
    about = f"In {where}, {some}{counted(all_found.n_rows, 'row')} were looked at."
    if repeated:
        how_many = "One of the suspicions above is" if repeated == 1 else f"{repeated} of the suspicions above are"
        about += f" {how_many} found there too."
    if not shown:
        return [Text(f"{about} Nothing {'else ' if repeated else ''}suspicious was found.")]
    head = ("severity", "columns", "what is suspected", "evidence", "done", "to override")
    rows = [
        (
            f.severity,
            listed([printable(c) for c in f.columns], 8) or "rows",
            f.what,
            f"{f.evidence} Where: {f.where}.",
            f.action,
            f.override,
        )
        for f in shown
    ]
    return [Text(about), Grid(f"Findings in {where}, the gravest first", (head, *rows), "<<<<<<")]
