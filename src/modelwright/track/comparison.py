"""Runs side by side: what differs between them and how good each was."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from modelwright.core.errors import SpecError
from modelwright.track.folder import Kept
from modelwright.track.record import Figure, Setting

SCHEMA = "modelwright/runs-compare/1"


@final
@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side.

    Attributes:
        ids: The runs, in the order asked.
        differing: Parameters that are not the same in all, by name; None where a run does not have one.
        figures: Every metric that a run has, by name; None where a run does not have it.
        notes: What makes the figures hard to compare, one sentence each.
    """

    ids: tuple[str, ...]
    differing: dict[str, tuple[Setting, ...]]
    figures: dict[str, tuple[Figure | None, ...]]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {
            "schema": SCHEMA,
            "runs": list(self.ids),
            "parameters": {name: list(values) for name, values in self.differing.items()},
            "metrics": {
                name: [None if f is None else {"value": f.value, "low": f.low, "high": f.high} for f in figures]
                for name, figures in self.figures.items()
            },
            "notes": list(self.notes),
        }


def compare_runs(runs: Sequence[Kept]) -> Comparison:
    """Return runs side by side.

    Raises:
        SpecError: There are fewer than two.
    """
    if len(runs) < 2:
        raise SpecError("Comparing takes two runs at least. List them with: modelwright runs list")
    parameters = dict.fromkeys(name for kept in runs for name in kept.run.parameters)
    settings = {name: tuple(kept.run.parameters.get(name) for kept in runs) for name in parameters}
    names = dict.fromkeys(figure.name for kept in runs for figure in kept.run.figures)
    return Comparison(
        ids=tuple(kept.id for kept in runs),
        differing={name: values for name, values in settings.items() if len(set(values)) > 1},
        figures={name: tuple(kept.run.figure(name) for kept in runs) for name in names},
        notes=tuple(_notes(runs)),
    )


def _notes(runs: Sequence[Kept]) -> list[str]:
    notes = [f"'{kept.id}' has no model: {kept.run.error}" for kept in runs if kept.run.status == "failed"]
    good = [kept.run for kept in runs if kept.run.status != "failed"]
    if len({run.data.get("sha256") for run in good}) > 1:
        notes.append("These runs did not learn from the same data, so their scores are of different rows.")
    if len({(run.parameters.get("task"), run.parameters.get("target")) for run in good}) > 1:
        notes.append("These runs did not predict the same thing, so their scores cannot be compared.")
    return notes
