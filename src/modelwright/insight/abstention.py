"""From which probability on an answer may stand by itself, and which rows are better left to a person."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from modelwright.core.errors import SpecError, counted
from modelwright.core.table import Array
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.predictions import Predictions, predictions_of
from modelwright.insight.ranking import LEVEL
from modelwright.insight.tabulation import plain
from modelwright.metrics.bootstrap import Interval
from modelwright.metrics.proportion import rows_that_count, share_held

if TYPE_CHECKING:
    from modelwright.model.model import Model

_PARTS = 20
"""Shares of the rows that are tried: 5 %, 10 % and so on to all."""

_STARTS = (0.0, 0.2, 0.35, 0.5)
"""Where the tests begin, as a share of the thresholds: the strictest ones answer too few rows to prove anything."""


@final
@dataclass(frozen=True, slots=True)
class Stand:
    """What comes of letting answers stand from a probability on.

    Attributes:
        threshold: The least probability of the class given.
        answered: Share of the rows that are answered, with its interval.
        right: Share of these that are right, with its interval.
        is_proven: Whether the rows prove that at least as many are right as was asked, whatever else was tried.
    """

    threshold: float
    answered: Interval
    right: Interval
    is_proven: bool


@final
@dataclass(frozen=True, slots=True, repr=False)
class Abstention(Document):
    """Rows that may be answered, so that enough answers are right, and what every other threshold would bring.

    Attributes:
        asked: Share of the answers that must be right.
        chosen: The threshold that answers most rows of those proven; None where none is.
        stands: Every threshold tried, the strictest first; the last answers every row.
        n_rows: Rows.
        level: How sure it is that the promise of the chosen threshold holds, and level of the intervals.
        notes: What a reader must know.
    """

    SCHEMA: ClassVar[str] = "modelwright/abstention/1"

    asked: float
    chosen: Stand | None
    stands: tuple[Stand, ...]
    n_rows: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    @property
    def threshold(self) -> float:
        """The probability from which on an answer may stand, above 1 where none may."""
        return math.inf if self.chosen is None else self.chosen.threshold

    def to_columns(self) -> Cells:
        """Return one row per threshold."""
        return {
            "threshold": [s.threshold for s in self.stands],
            "answered": [s.answered.value for s in self.stands],
            "answered_low": [s.answered.low for s in self.stands],
            "answered_high": [s.answered.high for s in self.stands],
            "right": [s.right.value for s in self.stands],
            "right_low": [s.right.low for s in self.stands],
            "right_high": [s.right.high for s in self.stands],
            "is_proven": [s.is_proven for s in self.stands],
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """Return every threshold tried, the one chosen marked."""
        span = f"{self.level * 100:g} % interval"
        head = ("answered from", "rows answered", span, "of these right", span, "")
        rows = tuple(
            (
                plain(s.threshold),
                f"{s.answered.value:.1%}",
                reach(s.answered, ".1%"),
                f"{s.right.value:.1%}",
                reach(s.right, ".1%"),
                "chosen" if s == self.chosen else "proven" if s.is_proven else "",
            )
            for s in self.stands
        )
        return (Sheet(self._about(), (head, *rows), ">>>>><"),)

    def _about(self) -> str:
        asked, of = f"at least {self.asked:.1%} of the answers", counted(self.n_rows, "row")
        if self.chosen is None:
            return f"No threshold is proven to have {asked} right, {of}"
        return f"{asked.capitalize()} are right where only a probability of {plain(self.threshold)} answers, {of}"


def abstention(
    model: "Model",
    source: Any,
    *,
    right: float = 0.95,
    target: str | None = None,
    weight: str | None = None,
    groups: str | None = None,
    lenient: bool = False,
) -> Abstention:
    """Return from which probability on the answers of a model may stand, on rows it has not learned from.

    Args:
        model: The model.
        source: A labelled table, or anything `modelwright.data.read` reads.
        right: Share of the answers that stand which must be right.
        target: Column of the true answers; None takes the name it had in training.
        weight: Column of row weights.
        groups: Column whose equal values come together; None takes that of the fit where the table has it.
        lenient: Read cells of a wrong kind as missing instead of raising.

    Raises:
        SchemaError: A column is absent or a cell is of a wrong kind.
        DataError: No row has an answer, a class is unknown to the model, or a weight is missing or negative.
        SpecError: Numbers were predicted, or the share is not between 0 and 1.
    """
    found = predictions_of(model, source, target=target, weight=weight, groups=groups, lenient=lenient)
    return abstention_of(found, right=right)


def abstention_of(predictions: Predictions, *, right: float = 0.95) -> Abstention:
    """Return from which probability on answers may stand.

    Twenty thresholds are tried, which answer the surest 5 %, 10 % and so on of the rows. From each of four places on
    they are loosened as long as an exact binomial test is passed at a quarter of the error that is allowed. So the
    promise of the one chosen holds for new rows of the same kind, although it was chosen on these; with few rows, or a
    share that is hard to reach, none is proven.

    Args:
        predictions: Of classes.
        right: Share of the answers that stand which must be right.

    Raises:
        SpecError: Numbers were predicted, or the share is not between 0 and 1.

    Source:
        Geifman, El-Yaniv (2017), arXiv:1705.08500, for the selective risk; Angelopoulos and others (2021),
        arXiv:2110.01052, section 3, for the tests in a fixed order from several places.
    """
    predictions.need_classes("A threshold of abstention")
    if not 0.0 < right < 1.0:
        raise SpecError(f"The share of right answers is between 0 and 1, not {right:g}. Write 95 % as right=0.95.")
    sure = predictions.answers[np.arange(len(predictions)), predictions.labels]
    best_first = -np.sort(-sure[predictions.weights > 0])
    places = np.ceil(np.arange(1, _PARTS + 1) / _PARTS * len(best_first)).astype(np.int64) - 1
    thresholds = np.unique(best_first[places])[::-1]
    tried = [_stand(predictions, sure, float(t), right) for t in thresholds]
    walks = [_passed([passes for _, passes in tried], int(start * len(tried))) for start in _STARTS]
    proven_at = {i for walk in walks for i in walk}
    stands = tuple(replace(stand, is_proven=i in proven_at) for i, (stand, _) in enumerate(tried))
    proven = [s for s in stands if s.is_proven]
    return Abstention(right, proven[-1] if proven else None, stands, len(predictions), notes=predictions.notes)


def _passed(passes: list[bool], start: int) -> range:
    """Return the places from a start on up to the first that fails its test."""
    end = next((i for i in range(start, len(passes)) if not passes[i]), len(passes))
    return range(start, end)


def _stand(predictions: Predictions, sure: Array, threshold: float, asked: float) -> tuple[Stand, bool]:
    """Return what comes of a threshold, and whether it passes its own test."""
    among = sure >= threshold
    weights, groups = predictions.weights, predictions.groups
    held = (predictions.labels == predictions.truth)[among]
    together = None if groups is None else groups[among]
    answered = share_held(among, weights, groups, level=LEVEL)
    correct = share_held(held, weights[among], together, level=LEVEL)
    # Rows with weights or in groups tell as much as fewer rows apart; both are rounded to the careful side.
    n_rows = math.floor(rows_that_count(weights[among], held, together) + 1e-9)
    n_wrong = min(n_rows, math.ceil((1.0 - correct.value) * n_rows - 1e-9))
    passes = _chance(n_wrong, n_rows, 1.0 - asked) <= (1.0 - LEVEL) / len(_STARTS)
    return Stand(threshold, answered, correct, is_proven=False), passes


def _chance(n_wrong: int, n_rows: int, share: float) -> float:
    """Return how likely so few or fewer are wrong where a share of all is: the lower tail of the binomial."""
    if n_wrong >= share * n_rows:  # not fewer than expected: no need to sum a long tail
        return 1.0
    steps = np.arange(1, n_wrong + 1)
    ratios = np.log((n_rows - steps + 1) / steps) + math.log(share / (1.0 - share))
    logs = n_rows * math.log1p(-share) + np.concatenate([[0.0], np.cumsum(ratios)])
    return float(np.exp(logs - logs.max()).sum() * math.exp(logs.max()))
