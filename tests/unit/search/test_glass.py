from dataclasses import replace

import numpy as np
import pytest

from modelwright.api import fit
from modelwright.cli.facts import glass_text
from modelwright.cli.inspect import inspect_document
from modelwright.core.errors import DataError
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.task import Task
from modelwright.insight.glass_cost import GlassCost
from modelwright.learners.constant import Constant
from modelwright.learners.glass import Glass
from modelwright.learners.linear import Linear
from modelwright.metrics.bootstrap import Interval
from modelwright.model.model import Model
from modelwright.search.glass import with_glass_box
from modelwright.search.trials import Trial

QUICK = "glass?bags=1&most_rounds=80&learning_rate=0.1"


@pytest.fixture(scope="module")
def table() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    a, b, c = rng.normal(size=(3, 520))
    return {"a": a, "b": b, "c": c, "y": np.where(a * b * np.sign(c) + 0.3 * rng.normal(size=520) > 0, "yes", "no")}


@pytest.fixture(scope="module")
def beside(table: dict[str, np.ndarray]) -> Model:
    return fit(table, "y", budget=Budget(trials=2), spec=FitSpec(learners=(QUICK, "svm"), interval=None))


def test_the_file_tells_what_a_glass_box_would_cost(beside: Model) -> None:
    cost = GlassCost.from_json(beside.documents["glass"])
    lines = {line["id"]: line for line in beside.leaderboard or ()}
    assert lines[cost.trial]["family"] == "glass"
    assert lines[cost.trial]["folds"] == max(line["folds"] for line in lines.values())
    assert cost.metric == beside.metric
    assert cost.n_rows == 520
    assert not cost.is_shipped
    assert cost.loss.value == pytest.approx(cost.shipped - cost.glass)
    assert cost.loss.low <= cost.loss.value <= cost.loss.high
    assert "in its place" in glass_text(beside)
    assert inspect_document(beside, 1.0)["glass"] == beside.documents["glass"]


def test_a_glass_box_that_ships_costs_nothing(table: dict[str, np.ndarray]) -> None:
    learnable = {**table, "y": np.where(np.abs(table["a"]) + table["b"] > 1, "yes", "no")}
    made = fit(learnable, "y", budget=Budget(trials=1), spec=FitSpec(learners=(QUICK,), only_learners=True))
    cost = GlassCost.from_json(made.documents["glass"])
    assert cost.is_shipped
    assert cost.loss == Interval(0.0, 0.0, 0.0)
    assert "can be read whole" in cost.sentence


def test_a_glass_box_that_nobody_asked_for_comes_last() -> None:
    spec = FitSpec(learners=("tree",), interval=None)
    entries = with_glass_box((("CONST", Constant()), ("LIN", Linear())), spec, Task("regression"), 20_000)
    assert [name for name, _ in entries] == ["CONST", "LIN", "GLASS"]
    assert with_glass_box(entries[:2], spec, Task("regression"), 20_001) == entries[:2]
    assert with_glass_box(entries[:2], spec, Task("quantile", quantiles=(0.5,)), 100) == entries[:2]
    assert with_glass_box(entries[:2], replace(spec, only_learners=True), Task("regression"), 100) == entries[:2]
    assert with_glass_box((*entries[:2], ("G", Glass())), spec, Task("regression"), 100)[2:] == (("G", Glass()),)
    trials = [Trial(name, learner) for name, learner in entries]
    assert [t.is_beside for t in trials] == [False, False, True]


def test_without_a_glass_box_nothing_is_told(table: dict[str, np.ndarray]) -> None:
    made = fit(table, "y", budget=Budget(trials=1))
    assert "glass" not in made.documents
    assert "--learner glass" in glass_text(made)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.1, 0.3, "would lose 0.2 ROC AUC"), (-0.3, -0.1, "better by 0.2"), (-0.1, 0.3, "nothing beyond chance")],
)
def test_the_sentence_says_which_is_better_only_beyond_chance(low: float, high: float, words: str) -> None:
    cost = GlassCost(
        "GLASS", "roc_auc", "ROC AUC", 0.9, 0.7, Interval((low + high) / 2, low, high), "DeLong", 99, False
    )
    assert words in cost.sentence
    assert GlassCost.from_json(cost.to_json()) == cost


def test_another_document_is_refused() -> None:
    with pytest.raises(DataError, match="cannot be understood"):
        GlassCost.from_json({"trial": "GLASS"})
