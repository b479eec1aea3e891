"""Smaller models than the mixture, and which of them ships."""

from pathlib import Path

import numpy as np
import pytest

from modelwright.core.deadline import Deadline
from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.core.task import Target, Task
from modelwright.learners.base import Lesson, Rows
from modelwright.learners.student import Student, taught
from modelwright.metrics.choose import metric_for
from modelwright.search.blend import Blend
from modelwright.search.mixture import Found
from modelwright.search.tiers import Rung, choose, most_megabytes
from modelwright.search.trials import OutOfFold

BINARY = Task("binary", ("no", "yes"))


def rung(name: str, megabytes: float, difference: float, high: float, found: Found | None = None) -> Rung:
    return Rung(name, found or mixture(), megabytes, 0.5 + difference, difference, high)


def mixture(n_rows: int = 400) -> Found:
    """Answers whose log loss has a standard error of about 0.02."""
    rng = np.random.default_rng(0)
    target = Target(BINARY, rng.integers(0, 2, n_rows))
    margins = {"A": np.where(target.values == 1, 1.0, -1.0)[:, None] + rng.normal(size=(n_rows, 1))}
    return Found(Blend({"A": 1.0}, 1.0), OutOfFold(np.arange(n_rows), margins, target), {}, {"A": 1.0})


LADDER = [
    rung("mixture", 4.0, 0.0, 0.0),
    rung("pair", 2.0, 0.001, 0.002),
    rung("single", 1.0, 0.02, 0.03),
    rung("STU-60", 0.1, 0.03, 0.05),
    rung("STU-150", 0.3, 0.004, 0.02),
    rung("STU-300", 0.6, 0.003, 0.02),
]


def test_accurate_is_the_mixture() -> None:
    assert choose(LADDER, "accurate").name == "mixture"


def test_balanced_is_the_smallest_that_is_not_shown_to_be_worse() -> None:
    assert choose(LADDER, "balanced").name == "pair"
    assert choose([LADDER[0], *LADDER[2:]], "balanced").name == "mixture"


def test_small_is_the_smallest_that_is_shown_to_be_within_a_hundredth() -> None:
    assert choose(LADDER, "small").name == "pair"
    sure = [*LADDER[:4], rung("STU-150", 0.3, 0.003, 0.0045), rung("STU-300", 0.6, -0.001, 0.003)]
    assert choose(sure, "small").name == "STU-150"
    assert choose([*sure[:4], *sure[5:]], "small").name == "STU-300"


def test_small_without_a_near_one_is_what_may_lose_least_and_without_any_the_smallest() -> None:
    far = [rung("mixture", 4.0, 0.0, 0.0), rung("STU-60", 0.1, 0.05, 0.4), rung("STU-300", 0.6, 0.06, 0.2)]
    assert choose(far, "small").name == "STU-300"
    assert choose([rung("mixture", 4.0, 0.0, 0.0), rung("single", 3.0, 0.02, 0.03)], "small").name == "single"


def test_what_a_teacher_says_of_classes_are_copies_weighted_by_probability(rng: np.random.Generator) -> None:
    task = Task("multiclass", ("a", "b", "c", "d"))
    target = Target(task, np.array([0, 3]), np.array([1.0, 3.0]))
    lesson = Lesson(rng.normal(size=(2, 2)), np.array([[0.1, 0.2, 0.3, 0.4], [1.0, 0.0, 0.0, 0.0]]))
    rows = taught(Rows(rng.normal(size=(2, 2)), target, lesson=lesson), 0.5)
    assert rows.target.weight is not None
    assert rows.target.values.tolist() == [0, 3, 3, 2, 1, 0]  # the least likely class is left out, and what is not
    assert rows.target.weight == pytest.approx([0.5, 1.5, 0.5 * 4 / 9, 0.5 * 3 / 9, 0.5 * 2 / 9, 0.5])
    assert np.array_equal(rows.features[2:], lesson.features[[0, 0, 0, 1]])


def test_what_a_teacher_says_of_numbers_are_further_rows() -> None:
    target = Target(Task("regression"), np.array([1.0, 5.0]))
    rows = taught(Rows(np.zeros((2, 1)), target, lesson=Lesson(np.ones((1, 1)), np.array([[3.0]]))), 0.75)
    assert rows.target.values.tolist() == [1.0, 5.0, 3.0]
    assert rows.target.weight is not None
    assert rows.target.weight.tolist() == [1.0, 1.0, 0.75]


def test_a_student_learns_a_teacher_it_could_not_learn_from_labels_alone(rng: np.random.Generator) -> None:
    features = rng.normal(size=(400, 3))
    truth = 1.5 * features[:, :1] - features[:, 1:2]
    labels = (rng.random(400) < 1 / (1 + np.exp(-truth[:, 0]))).astype(np.int64)
    made = rng.normal(size=(1600, 3))
    likely = 1 / (1 + np.exp(1.5 * made[:, 0] - made[:, 1]))
    lesson = Lesson(made, np.column_stack([likely, 1 - likely]))
    rows = Rows(features, Target(BINARY, labels), lesson=lesson)
    new = rng.normal(size=(2000, 3))
    expected = 1.5 * new[:, 0] - new[:, 1]

    def error(share: float) -> float:
        fitted = Student(60, 16, share).fit(rows, None, 0, Deadline())
        return float(np.mean((fitted.margins(new)[:, 0] - expected) ** 2))

    assert error(0.5) < 0.7 * error(0.0)


def test_symmetric_trees_are_as_deep_as_their_leaves_need(rng: np.random.Generator) -> None:
    pytest.importorskip("catboost")
    features = rng.normal(size=(200, 2))
    rows = Rows(features, Target(Task("regression"), features[:, 0] * features[:, 1]))
    fitted = Student(10, 16, is_symmetric=True).fit(rows, None, 0, Deadline())
    assert fitted.size["trees"] == 10
    assert 80 < fitted.size["leaves"] <= 160  # empty ones are left out


def test_what_is_not_small_beside_the_mixture_does_not_ship_small() -> None:
    large = [rung("mixture", 4.0, 0.0, 0.0), rung("STU-60", 0.1, 0.3, 0.4), rung("light-2", 2.1, 0.001, 0.002)]
    assert most_megabytes(4.0) == 2.0
    assert choose(large, "small").name == "STU-60"
    assert choose([large[0], large[1], rung("light-2", 1.9, 0.001, 0.002)], "small").name == "light-2"


def test_a_mixture_that_is_small_itself_ships_small() -> None:
    assert choose([rung("mixture", 0.2, 0.0, 0.0), rung("STU-300", 0.25, 0.3, 0.4)], "small").name == "mixture"


@pytest.mark.parametrize("ship", ["accurate", "balanced", "small"])
def test_climbing_with_real_students(ship: str, tmp_path: Path, rng: np.random.Generator) -> None:
    pytest.importorskip("lightgbm")
    from dataclasses import replace

    from modelwright.core.spec import Budget, FitSpec
    from modelwright.model.model import Model
    from modelwright.search.fit import fit_table

    features = rng.normal(size=(300, 3))
    score = features[:, 0] + features[:, 1] ** 2 + rng.normal(size=300)
    columns = [Column(ColumnSchema(f"x{i}", "number", "number"), features[:, i]) for i in range(3)]
    table = Table((*columns, Column(ColumnSchema("y", "number", "number"), score)), 300)
    spec = replace(FitSpec(), ship=ship, interval=None)
    model = Model.open(fit_table(table, "y", Budget(trials=3), spec))
    told = model.documents["tiers"] if ship != "accurate" else {"chosen": "mixture"}
    members = {line["id"] for line in model.leaderboard if line["weight"]}
    if ship == "small":
        rungs = {line["name"]: line for line in told["rungs"]}
        assert members == set(rungs[told["chosen"]]["members"])
        assert {"STU-60", "STU-300-taught", "STU-S400"} < set(rungs)
    if ship == "balanced":
        rungs = {line["name"]: line for line in told["rungs"]}
        assert rungs[told["chosen"]]["megabytes"] <= rungs["mixture"]["megabytes"]
        assert members == set(rungs[told["chosen"]]["members"])
    assert metric_for("rmse", Task("regression")).loss(score, model.predict(table)) < score.std()
