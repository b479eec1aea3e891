"""One display of every kind, from arrays or results, so that the contract is tested on all of them."""

import dataclasses
from typing import Any

import numpy as np
import pytest

import modelwright.display
from modelwright.core.table import Array
from modelwright.core.task import Task
from modelwright.data import read
from modelwright.display.base import Display
from modelwright.display.catalog import DISPLAYS
from modelwright.insight.curve import Dependence, Point
from modelwright.insight.energy_curve import EnergyCurve, Stop
from modelwright.insight.fairness.thresholds import tradeoff
from modelwright.insight.importance import Drop, Importance
from modelwright.insight.predictions import of_classes
from modelwright.insight.shapes import Pair
from modelwright.insight.slices import slices_by
from modelwright.metrics.bootstrap import Interval

CLASSES = (
    "RocDisplay",
    "PrecisionRecallDisplay",
    "CalibrationDisplay",
    "GainDisplay",
    "LiftDisplay",
    "ConfusionDisplay",
    "ThresholdDisplay",
)
NUMBERS = ("ResidualDisplay", "PredictionDisplay")


def two_classes(n_rows: int = 120) -> tuple[Array, Array]:
    rng = np.random.default_rng(2)
    score = 1.5 * rng.normal(size=n_rows)
    truth = np.where(rng.random(n_rows) < 1 / (1 + np.exp(-score)), "costs $5 & $6", "<free>")
    # The class with the sign stands second, so that it is the positive one.
    return np.where(truth == "<free>", "a<free>", "b $5 & $6"), 1 / (1 + np.exp(-score))


def _importance() -> Importance:
    drops = (Drop(("size",), 0.2, 0.1, 0.3, (0.2,)), Drop(("$x_1$",), 0.0, -0.1, 0.1, (0.0,)))
    return Importance("roc_auc", "ROC AUC", 0.8, drops, (Drop(("size", "$x_1$"), 0.3, 0.2, 0.4, (0.3,)),), 100)


def _dependence() -> Dependence:
    points = tuple(Point(str(i), float(i), i / 10, i / 10 - 0.1, i / 10 + 0.1, 9) for i in range(4))
    missing = Point("missing", None, 0.2, 0.1, 0.3, 4)
    return Dependence("size", "yes", "partial", "probability", (*points, missing), 40)


def _pair() -> Pair:
    places = (("missing", "up to 3", "above 3"), ("<free>", "$5 & $6"))
    return Pair(("$x_1$", "<kind>"), 0.2, places, ((0.0, 0.1), (-0.3, 0.2), (0.4, -0.1)))


def _energy_curve() -> EnergyCurve:
    none = Interval(float("nan"), float("nan"), float("nan"))
    stops = [Stop(0.1, Interval(0.1, 0.0, 0.2), 0, 0, none, none)]
    for share in (0.5, 1.0):
        score = Interval(0.8 + share / 10, 0.8, 0.95)
        stops.append(Stop(share, Interval(share, share / 2, share * 2), 3, 2, score, Interval(0.0, -0.1, 0.1)))
    return EnergyCurve("roc_auc", "ROC $AUC$", True, tuple(stops), 120, "DeLong", "a test")


def made(name: str) -> Display[Any]:
    """Return a display of that name, its texts full of signs that mean something elsewhere."""
    kind = getattr(modelwright.display, name)
    truth, said = two_classes()
    if name in CLASSES:
        return kind.from_predictions(truth, said)
    if name in NUMBERS:
        rng = np.random.default_rng(3)
        values = rng.normal(size=120)
        return kind.from_predictions(values + rng.normal(size=120), values)
    if name == "EnergyCurveDisplay":
        return kind(_energy_curve())
    if name == "LearningCurveDisplay":
        scores = {50: [0.7, 0.72], 100: [0.75, 0.74], 200: [0.78, 0.79], 400: [0.8, 0.81]}
        return kind.from_scores(scores, "roc_auc", Task("binary", (0, 1)))
    if name == "SliceDisplay":
        table = read({"$x_1$": list(range(120)), "kind": ["$a$", "b"] * 60})
        return kind(slices_by(dataclasses.replace(of_classes(truth, said), table=table), ["kind"]))
    if name == "TradeoffDisplay":
        return kind(tradeoff(of_classes(truth, said), read({"sex": ["$f$", "m"] * 60}), min_rows=10))
    return kind({"ImportanceDisplay": _importance, "DependenceDisplay": _dependence, "PairDisplay": _pair}[name]())


@pytest.fixture(scope="session")
def displays() -> dict[str, Display[Any]]:
    """Every display of the catalog."""
    return {name: made(name) for name in DISPLAYS}
