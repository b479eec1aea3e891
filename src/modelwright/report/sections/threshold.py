"""From which probability on to act."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, final

import numpy as np

from modelwright.insight.document import reach
from modelwright.insight.ranking import LEVEL
from modelwright.insight.threshold import Threshold, threshold
from modelwright.metrics.proportion import rows_that_count, share_interval
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Code, Grid, Text
from modelwright.report.drawing import chart, grids, notes
from modelwright.report.wording import NEEDS_ROWS


@final
class ThresholdSection(Section[Threshold]):
    """The threshold that is best for F1, beside one half, and what every other would do."""

    title: ClassVar[str] = "From which probability on to act"
    chapter: ClassVar[str] = "quality"
    applies: ClassVar[tuple[str, ...]] = ("binary",)

    def look(self, case: Case) -> Threshold:
        """Choose on the labelled rows."""
        if case.rows is None:
            raise NotHere("It is chosen on labelled rows.", NEEDS_ROWS)
        found = threshold(case.rows.predictions, costs=_costs(case) or None)
        case.kept["threshold"] = found
        return found

    def command(self, case: Case) -> str:
        """Return the line of Python that draws it again."""
        costs = _costs(case)
        return case.display("ThresholdDisplay", f"costs={_spelled(costs)!r}" if costs else "")

    def blocks(self, result: Threshold, case: Case) -> Sequence[Block]:
        """Return the choice and the picture."""
        best = f"best for {result.goal}"
        if costs := _costs(case):
            best = f"cheapest at the costs given at the fit ({_spelled(costs)})"
        text = f"In the file {case.model.task.rule}. Below: from which probability on answers are {best} on these rows."
        shown = (
            Text(text),
            *_with_intervals(grids(result), case),
            chart("ThresholdDisplay", result, "threshold"),
            *notes(result.notes),
        )
        if costs:
            return shown
        by_cost = case.display("ThresholdDisplay", "costs='fn=5, fp=1'").replace("; ", "\n")
        return (*shown, Code("What a wrong answer costs is not in the data; where you know it, choose by it", by_cost))


def _with_intervals(tables: tuple[Grid, ...], case: Case) -> tuple[Grid, ...]:
    """Return the table with intervals of the shares at the threshold chosen, which only the rows can tell."""
    assert case.rows is not None, "look() has refused a case without rows"
    found, p = case.kept["threshold"], case.rows.predictions
    at = int(np.argmin(np.abs(np.array(found.thresholds) - found.chosen.value)))
    n_rows = rows_that_count(p.weights)
    positives = float(p.weights[p.truth == 1].sum() / p.weights.sum())
    taken = found.taken[at]
    shares = {
        "precision": (found.precision[at], n_rows * taken),
        "recall": (found.recall[at], n_rows * positives),
        "rows taken": (taken, n_rows),
    }
    return tuple(
        replace(
            grid,
            rows=tuple(
                (*row[:2], reach(share_interval(*shares[row[0]], LEVEL), ".1%")) if row[0] in shares else row
                for row in grid.rows
            ),
        )
        for grid in tables
    )


def _costs(case: Case) -> dict[str, float]:
    """Return what each outcome costs by the file's own decision, nothing where it knows of no costs."""
    decision = case.model.task.decision
    if decision is None or not decision.costs:
        return {}
    (tn, fp), (fn, tp) = decision.costs
    return {name: cost for name, cost in {"fp": fp, "fn": fn, "tp": tp, "tn": tn}.items() if cost}


def _spelled(costs: dict[str, float]) -> str:
    return ", ".join(f"{name}={cost:g}" for name, cost in costs.items())
