"""A suspicion and a list of them: what, where, the evidence, what was done, how to override it."""

import dataclasses
import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, final, get_args

from modelwright.core.errors import DataError, listed, one_line

SCHEMA = "modelwright/findings/1"

Severity = Literal["info", "warn", "stop"]
"""Good to know; look at it before you trust a score; do not trust any score before you have looked at it."""

Action = Literal["kept", "dropped", "warned"]
"""The column is learned from as it is; it is left out; nothing is changed, the warning is all."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)

_HEAD = ("", "what", "columns", "evidence", "done", "override")
_MARKS = {"info": "·", "warn": "!", "stop": "‼"}
_LONGEST_NAME = 40


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """One suspicion.

    Attributes:
        name: Kind of finding, an entry of the catalog.
        severity: How much it matters.
        columns: Columns it is about; empty for one about rows.
        what: What is suspected, in a sentence.
        where: Rows or columns where it shows, in words.
        evidence: The figure that speaks for it, in words, with its interval where it has one.
        figure: The figure alone.
        action: What a fit does about it.
        override: The flag that changes that.
    """

    name: str
    severity: Severity
    columns: tuple[str, ...]
    what: str
    where: str
    evidence: str
    figure: float
    action: Action
    override: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.what} {self.evidence} Where: {self.where}. {_done(self)}"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` reverses it."""
        return {**dataclasses.asdict(self), "columns": list(self.columns)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build a finding from `to_json` output.

        Raises:
            DataError: It is not such a document.
        """
        try:
            found = cls(**{**value, "columns": tuple(value["columns"])})
        except (KeyError, TypeError) as error:
            raise DataError(f"A finding cannot be understood: {error!r}.") from error
        if found.severity not in SEVERITIES or found.action not in get_args(Action):
            raise DataError(f"A finding cannot be '{found.severity}' and '{found.action}'.")
        return found


@final
@dataclass(frozen=True, slots=True, repr=False)
class Findings:
    """Every suspicion about one table, the gravest first.

    Attributes:
        target: The column to predict.
        n_rows: Rows with a known answer.
        n_looked_at: Rows that the costly checks looked at; fewer than `n_rows` on large tables.
        found: The suspicions.
        task: Which kind of prediction a fit would choose, why, and how to ask for another, in a sentence; "" where the
            user chose.
    """

    target: str
    n_rows: int
    n_looked_at: int
    found: tuple[Finding, ...]
    task: str = ""

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    @property
    def worst(self) -> Severity | None:
        """The gravest severity, None when nothing was found."""
        return self.found[0].severity if self.found else None

    def about(self, column: str) -> tuple[Finding, ...]:
        """Return the findings about one column."""
        return tuple(f for f in self.found if column in f.columns)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` reverses it."""
        return {
            "schema": SCHEMA,
            "target": self.target,
            "n_rows": self.n_rows,
            "n_looked_at": self.n_looked_at,
            "task": self.task,
            "findings": [f.to_json() for f in self.found],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build findings from `to_json` output.

        Raises:
            DataError: It is not such a document.
        """
        try:
            if value["schema"] != SCHEMA:
                raise DataError(f"These are not findings of the form {SCHEMA} but '{value['schema']}'.")
            found = tuple(Finding.from_json(f) for f in value["findings"])
            return cls(value["target"], value["n_rows"], value["n_looked_at"], found, value.get("task", ""))
        except (KeyError, TypeError) as error:
            raise DataError(f"Findings cannot be understood: {error!r}.") from error

    def __repr__(self) -> str:
        return f"<Findings {self._about()}>"

    def __str__(self) -> str:
        blocks = ["\n".join(filter(None, (self._about(), self.task)))]
        for finding in self.found:
            mark = _MARKS[finding.severity]
            lines = [f"{mark} {finding.severity}: {finding.what}", f"    {finding.evidence} Where: {finding.where}."]
            blocks.append("\n".join([*lines, f"    {_done(finding)}"]))
        return "\n\n".join(blocks)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        head = "".join(f'<th scope="col">{title or "severity"}</th>' for title in _HEAD)
        body = "".join(_line(finding) for finding in self.found)
        table = f"<table><caption>{html.escape(self._about())}</caption><tr>{head}</tr>{body}</table>"
        return {"text/plain": str(self), "text/html": table if self.found else f"<p>{html.escape(self._about())}</p>"}

    def _about(self) -> str:
        counts = {s: sum(f.severity == s for f in self.found) for s in reversed(SEVERITIES)}
        told = ", ".join(f"{n} {severity}" for severity, n in counts.items() if n) or "nothing suspicious"
        part = "" if self.n_looked_at == self.n_rows else f"; the costly checks looked at {self.n_looked_at:,} of them"
        return f"Predicting '{shown(self.target)}' from {self.n_rows:,} rows: {told}{part}."


def shown(name: str) -> str:
    """Return a name from data as one short printable text."""
    return one_line(name, _LONGEST_NAME)


def named(columns: tuple[str, ...], most: int = 8) -> str:
    """Return quoted column names as one text."""
    return listed([f"'{shown(c)}'" for c in columns], most)


def _done(finding: Finding) -> str:
    return f"Done: {finding.action}. To override: {finding.override}"


def _line(finding: Finding) -> str:
    severity = f"{_MARKS[finding.severity]} {finding.severity}"
    columns = listed(map(shown, finding.columns), 8)
    cells = (finding.what, columns, f"{finding.evidence} Where: {finding.where}.", finding.action, finding.override)
    rest = "".join(f'<td style="text-align:left">{html.escape(cell)}</td>' for cell in cells)
    return f'<tr><th scope="row" style="text-align:left;white-space:nowrap">{severity}</th>{rest}</tr>'
