"""From which probability on a row is best called positive: by a metric, or by what mistakes cost."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import ClassVar, final

import numpy as np

from modelwright.core.errors import DataError, SpecError, counted, listed, nearest
from modelwright.core.table import Array
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.predictions import Predictions
from modelwright.insight.ranking import LEVEL, ends, rankings
from modelwright.insight.tabulation import plain, printable
from modelwright.metrics.bootstrap import Interval

_OUTCOMES = ("tp", "fp", "fn", "tn")

_NEVER = -1e300
"""The goal where it is undefined, so that it is not chosen there."""


@final
@dataclass(frozen=True, slots=True)
class Outcomes:
    """Weight of true and false positives and negatives, arrays of one shape."""

    tp: Array
    fp: Array
    fn: Array
    tn: Array


Goal = Callable[[Outcomes], Array]
"""What is made as large as possible."""


def _f1(o: Outcomes) -> Array:
    return 2 * o.tp / (2 * o.tp + o.fp + o.fn)


def _accuracy(o: Outcomes) -> Array:
    return (o.tp + o.tn) / (o.tp + o.fp + o.fn + o.tn)


def _balanced(o: Outcomes) -> Array:
    return 0.5 * (o.tp / (o.tp + o.fn) + o.tn / (o.tn + o.fp))


def _matthews(o: Outcomes) -> Array:
    spread = (o.tp + o.fp) * (o.tp + o.fn) * (o.tn + o.fp) * (o.tn + o.fn)
    return np.where(spread > 0, (o.tp * o.tn - o.fp * o.fn) / np.sqrt(spread), 0.0)


GOALS: dict[str, tuple[str, Goal]] = {
    "f1": ("F1", _f1),
    "accuracy": ("Accuracy", _accuracy),
    "balanced_accuracy": ("Balanced accuracy", _balanced),
    "mcc": ("Matthews correlation", _matthews),
}
"""Metrics a threshold can be chosen by: title and function."""


@final
@dataclass(frozen=True, slots=True, repr=False)
class Threshold(Document):
    """The best threshold, and what every other would do.

    Attributes:
        label: The positive class.
        goal: What was aimed at, in words.
        less_is_better: Whether the goal is a cost.
        chosen: The threshold with its interval: rows with at least this probability are called positive.
        value: The goal there, less what choosing on the same rows flatters it by, with its interval.
        usual: The goal at one half.
        thresholds: From high to low; the first takes no row.
        goals: The goal at each threshold.
        low: Lower end of its pointwise interval.
        high: Upper end.
        precision: Share right among the rows taken, NaN where none is.
        recall: Share found of the positive rows.
        specificity: Share left alone of the negative rows.
        taken: Share of all rows called positive.
        n_rows: Rows.
        level: Level of the intervals.
        notes: What a reader must know.
    """

    SCHEMA: ClassVar[str] = "modelwright/threshold/1"

    label: str
    goal: str
    less_is_better: bool
    chosen: Interval
    value: Interval
    usual: float
    thresholds: tuple[float, ...]
    goals: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    specificity: tuple[float, ...]
    taken: tuple[float, ...]
    n_rows: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    def to_columns(self) -> Cells:
        """Return one row per threshold."""
        names = ("thresholds", "goals", "low", "high", "precision", "recall", "specificity", "taken")
        singular = {"thresholds": "threshold", "goals": "goal"}
        return {singular.get(name, name): list(getattr(self, name)) for name in names}

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the choice beside one half."""
        span = f"{self.level * 100:g} % interval"
        at = int(np.argmin(np.abs(np.array(self.thresholds) - self.chosen.value)))
        rows = (
            ("", "value", span),
            ("threshold", plain(self.chosen.value), reach(self.chosen)),
            (f"{self.goal} on new rows", plain(self.value.value), reach(self.value)),
            (f"{self.goal} on these rows", plain(self.goals[at]), ""),
            (f"{self.goal} at 0.5 on these rows", plain(self.usual), ""),
            ("precision", f"{self.precision[at]:.1%}", ""),
            ("recall", f"{self.recall[at]:.1%}", ""),
            ("rows taken", f"{self.taken[at]:.1%}", ""),
        )
        caption = f"'{printable(self.label)}' from {plain(self.chosen.value)} on, {counted(self.n_rows, 'row')}"
        return (Sheet(caption, rows, "<>>"),)


def threshold(
    predictions: Predictions, *, by: str = "f1", costs: str | Mapping[str, float] | None = None, seed: int = 0
) -> Threshold:
    """Return the threshold that is best for a metric or cheapest, with how sure that is.

    A threshold chosen on some rows looks better there than it is; how much is estimated by choosing again in resamples
    and is taken off the value.

    Args:
        predictions: Of two classes.
        by: Metric to make as large as possible: f1, accuracy, balanced_accuracy or mcc.
        costs: What one outcome costs, such as "fp=1,fn=5"; tp and tn default to 0. Replaces `by`.
        seed: Seed of the draws.

    Raises:
        SpecError: There are not two classes, or the goal makes no sense.
        DataError: All rows are of one class.

    Source:
        Efron (1983), doi:10.1080/01621459.1983.10477973, for the optimism. Costs alone give fp / (fp + fn) as the
        threshold of perfectly calibrated probabilities (Elkan 2001); here the rows decide.
    """
    if predictions.task.name != "binary":
        raise SpecError("A threshold is for two classes. With more, give a cost matrix to the confusion.")
    title, goal, less = _goal(by, costs)
    ranked = rankings(predictions, "A threshold")[0]
    if not (ranked.positives.any() and ranked.negatives.any()):
        raise DataError("All rows are of one class, so no threshold can be chosen. Give rows of both.")
    counted = [np.concatenate([[0.0], side]) for side in ranked.taken]
    seen = _outcomes(*counted)
    drawn = [np.vstack([np.zeros(side.shape[1]), side]) for side in ranked.draws(seed)]
    with np.errstate(all="ignore"):  # a goal that is undefined somewhere is NaN there and not chosen
        goals, draws = _known(goal(seen)), _known(goal(_outcomes(*drawn)))
        precision, everyone = seen.tp / (seen.tp + seen.fp), float(counted[0][-1] + counted[1][-1])
        recall, specificity = seen.tp / seen.tp[-1], seen.tn / seen.fp[-1]
    at, best, sign = int(goals.argmax()), draws.argmax(axis=0), -1.0 if less else 1.0
    reached = draws[best, np.arange(draws.shape[1])]
    # How far a resample's goal at its own threshold lies above what these rows say of that threshold.
    flattery = (reached - goals[best])[reached > _NEVER]
    told = sign * (float(goals[at]) - float(flattery.mean()))
    steps = np.concatenate([[np.nextafter(ranked.thresholds[0], np.inf)], ranked.thresholds])
    low, high = np.sort(sign * np.quantile(draws, [0.5 - 0.5 * LEVEL, 0.5 + 0.5 * LEVEL], axis=1), axis=0)
    place = ends(steps[best])
    return Threshold(
        label=ranked.label,
        goal=title,
        less_is_better=less,
        chosen=Interval(float(steps[at]), min(place[0], float(steps[at])), max(place[1], float(steps[at]))),
        value=_around(told, float(flattery.std()), None if less else -1.0 if by == "mcc" else 0.0),
        usual=float(sign * goals[int((steps >= 0.5).sum()) - 1 if (steps >= 0.5).any() else 0]),
        thresholds=tuple(steps.tolist()),
        goals=tuple((sign * goals).tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        precision=tuple(precision.tolist()),
        recall=tuple(recall.tolist()),
        specificity=tuple(specificity.tolist()),
        taken=tuple(((seen.tp + seen.fp) / everyone).tolist()),
        n_rows=len(predictions),
        notes=predictions.notes,
    )


def read_costs(costs: str | Mapping[str, float]) -> dict[str, float]:
    """Return what each outcome costs, from a mapping or a text such as "fp=1,fn=5".

    Raises:
        SpecError: An outcome is unknown, a cost is no finite number, or every mistake is free.
    """
    pairs = dict(part.partition("=")[::2] for part in costs.split(",")) if isinstance(costs, str) else dict(costs)
    found = dict.fromkeys(_OUTCOMES, 0.0)
    for name, text in pairs.items():
        key = name.strip().lower()
        if key not in found:
            raise SpecError(f"There is no outcome '{name}'.{nearest(key, found)} Outcomes: {', '.join(_OUTCOMES)}.")
        try:
            found[key] = float(text)
        except ValueError:
            found[key] = float("nan")
        if not np.isfinite(found[key]):
            raise SpecError(f"The cost of {key} is '{text}', not a number. Write costs as fp=1,fn=5.")
    if found["fp"] <= found["tn"] or found["fn"] <= found["tp"]:
        raise SpecError("A mistake must cost more than being right. Write costs as fp=1,fn=5.")
    return found


def _goal(by: str, costs: str | Mapping[str, float] | None) -> tuple[str, Goal, bool]:
    if costs is None:
        if by not in GOALS:
            raise SpecError(f"A threshold cannot be chosen by '{by}'.{nearest(by, GOALS)} Use: {listed(GOALS)}.")
        return (*GOALS[by], False)
    prices = read_costs(costs)

    def saved(o: Outcomes) -> Array:
        total = sum(prices[name] * getattr(o, name) for name in _OUTCOMES)
        return -total / (o.tp + o.fp + o.fn + o.tn)

    return "mean cost per row", saved, True


def _around(value: float, error: float, worst: float | None) -> Interval:
    """Return a value with its interval, symmetric on the logit scale from worst to 1, or for costs on the log scale.

    Near its bounds a goal is skewed; of four forms this held the true F1 most evenly (benchmarks/log.md).
    """
    far = NormalDist().inv_cdf(0.5 + 0.5 * LEVEL)
    if worst is None:
        if value <= 0:  # being right may pay
            return Interval(value, value - far * error, value + far * error)
        return Interval(value, value * math.exp(-far * error / value), value * math.exp(far * error / value))
    share = (value - worst) / (1.0 - worst)
    if not 0.0 < share < 1.0:
        return Interval(value, max(worst, value - far * error), min(1.0, value + far * error))
    way = far * error / (1.0 - worst) / (share * (1.0 - share))
    centre = math.log(share / (1.0 - share))
    low, high = (worst + (1.0 - worst) / (1.0 + math.exp(-(centre + side))) for side in (-way, way))
    return Interval(value, low, high)


def _outcomes(up: Array, down: Array) -> Outcomes:
    return Outcomes(up, down, up[-1] - up, down[-1] - down)


def _known(goals: Array) -> Array:
    return np.where(np.isfinite(goals), goals, _NEVER)
