"""Checks every public tabular set and counts what was found, missed and suspected in vain.

    python benchmarks/suspicions.py [--only titanic adult …]

Found: a listed identifier that `check` calls one, a listed leakage column that is named in a leak of any severity, or
that reading leaves out as a constant; how many of them at "warn" or above is counted too. In vain: another column that
is called so at "warn" or above; those at "info" stand in brackets.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from typing import Any, Self, final

from cases import data_folder
from modelwright.data import read
from modelwright.suspicion.catalog import LEAKS
from modelwright.suspicion.finding import Findings
from modelwright.suspicion.suspect import suspect


@final
@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the listed columns of one set."""

    found: tuple[str, ...]
    loud: tuple[str, ...]
    missed: tuple[str, ...]
    in_vain: tuple[str, ...]
    mentioned: tuple[str, ...]

    @classmethod
    def of(cls, findings: Findings, kinds: frozenset[str], listed: set[str], also: frozenset[str]) -> Self:
        """Compare the findings of the given kinds with a list of columns; those of `also` count as found only."""
        grave = {c for f in findings if f.name in kinds and f.severity != "info" for c in f.columns}
        light = {c for f in findings if f.name in kinds and f.severity == "info" for c in f.columns} - grave
        told = grave | light | {c for f in findings if f.name in also for c in f.columns}
        return cls(
            found=tuple(sorted(listed & told)),
            loud=tuple(sorted(listed & told - light)),
            missed=tuple(sorted(listed - told)),
            in_vain=tuple(sorted(grave - listed)),
            mentioned=tuple(sorted(light - listed)),
        )

    def counted(self) -> tuple[tuple[str, ...], ...]:
        """Return what is added up over the sets, in the order of the totals."""
        return self.found, self.loud, self.missed, self.in_vain, self.mentioned


def main() -> None:
    """Check the sets and print the table."""
    parser = argparse.ArgumentParser(description="Count what the suspicions find on the public sets.")
    parser.add_argument("--only", nargs="*", default=[])
    asked = parser.parse_args()
    folder = data_folder()
    sets = json.loads((folder / "datasets.json").read_text(encoding="utf-8"))["datasets"]
    lines, totals = [], {"identifier": [0, 0, 0, 0, 0], "leak": [0, 0, 0, 0, 0]}
    for entry in sets:
        if entry["group"] != "tabular" or (asked.only and entry["name"] not in asked.only):
            continue
        table = read(folder / entry["file"])
        started = time.process_time()
        findings = suspect(table, entry["target"])
        seconds = time.process_time() - started
        known = set(table.names)  # reading leaves out columns without a name and a value
        names = Tally.of(findings, frozenset({"identifier"}), set(entry.get("id_columns", ())) & known, frozenset())
        given = set(entry.get("leakage_columns", ())) & known
        leaks = Tally.of(findings, LEAKS, given, frozenset({"constant"}))
        for kind, tally in (("identifier", names), ("leak", leaks)):
            for i, columns in enumerate(tally.counted()):
                totals[kind][i] += len(columns)
        lines.append(cells(entry, names, leaks, findings, seconds))
        print(entry["name"], f"{seconds:.2f} s", file=sys.stderr, flush=True)
    print(table_of(lines))
    for kind, (found, loud, missed, vain, mentioned) in totals.items():
        listed = f"{found} of {found + missed} listed columns found, {loud} of them at warn or above"
        print(f"\n{kind}: {listed}; {vain} suspected in vain, {mentioned} more mentioned at info.")


def cells(entry: dict[str, Any], names: Tally, leaks: Tally, findings: Findings, seconds: float) -> list[str]:
    """Return one row of the table."""
    others = [f"{f.name}" + (f" {', '.join(f.columns[:2])}" if f.name in ("order", "group") else "") for f in findings]
    told = [o for o in dict.fromkeys(others) if o not in LEAKS | {"identifier"}]
    in_vain = [*names.in_vain, *leaks.in_vain, *(f"({c})" for c in (*names.mentioned, *leaks.mentioned))]
    return [
        entry["name"],
        share(names),
        ", ".join(names.missed),
        share(leaks),
        ", ".join(leaks.missed),
        ", ".join(in_vain),
        ", ".join(told),
        f"{seconds:.2f}",
    ]


def share(tally: Tally) -> str:
    """Return found of listed, empty where nothing is listed."""
    listed = len(tally.found) + len(tally.missed)
    return f"{len(tally.found)} of {listed}" if listed else ""


def table_of(lines: list[list[str]]) -> str:
    """Return the lines as a Markdown table."""
    head = ["set", "identifiers", "missed", "leaks", "missed", "in vain", "also told", "CPU s"]
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    main()
