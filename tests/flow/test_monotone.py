"""Columns with which the answer may only rise or fall: kept by every learner that takes part, and by the file."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import modelwright as mw
from modelwright.cli.numbers import parsed_directions
from modelwright.cli.program import program
from modelwright.core.deadline import Deadline
from modelwright.core.errors import GateError, SpecError
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.task import Target, Task
from modelwright.data import read
from modelwright.export.monotone import prove_monotone
from modelwright.learners.base import Rows
from modelwright.learners.boosting_catboost import CatBoost
from modelwright.learners.boosting_lightgbm import LightGBM
from modelwright.learners.portfolio import portfolio

DIRECTIONS = {"price": -1, "size": 1}
N_ROWS = 300


def table(kind: str, seed: int = 0, n: int = N_ROWS) -> dict[str, Any]:
    """Sales that fall with the price and rise with the size on the whole, with wiggles that a free learner follows."""
    rng = np.random.default_rng(seed)
    price, size, other = rng.uniform(0, 10, n), rng.normal(size=n), rng.normal(size=n)
    town = rng.choice(["Rome", "Oslo"], n)
    score = -0.4 * price + np.sin(3 * price) + size + 1.5 * np.cos(4 * size) + other * (town == "Rome")
    noisy = score + 0.3 * rng.normal(size=n)
    answers = {
        "regression": noisy,
        "binary": np.where(noisy > np.median(noisy), "yes", "no"),
        "count": rng.poisson(np.exp(noisy / 3)).astype(float),
    }
    price = np.where(rng.random(n) < 0.05, np.nan, price)
    return {"price": price, "size": size, "other": other, "town": town, "y": answers[kind]}


def answers(model: mw.Model, rows: dict[str, Any]) -> np.ndarray:
    return model.predict_proba(rows)[:, 1] if model.task.is_classification else model.predict(rows)


def moves(model: mw.Model, column: str, n: int = 60) -> np.ndarray:
    """Return how the answers of random rows change from one random value of a column to the next higher."""
    rng = np.random.default_rng(3)
    steps = np.sort(np.concatenate([rng.uniform(-3, 13, 150), [-1e300, 1e300, 0.0, 1e-30]]))
    rows = {
        "price": rng.uniform(-1, 11, n),
        "size": rng.normal(size=n) * 2,
        "other": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
        "town": rng.choice(["Rome", "Oslo", "", "never seen"], n),
    }
    spread = {name: np.repeat(cells, len(steps)) for name, cells in rows.items()} | {column: np.tile(steps, n)}
    return np.diff(answers(model, spread).reshape(n, len(steps)), axis=1)


@pytest.fixture(scope="module", params=["regression", "binary", "count"])
def kept(request: pytest.FixtureRequest) -> mw.Model:
    spec = FitSpec(monotone=DIRECTIONS, task=request.param)
    return mw.fit(table(request.param), "y", budget=Budget(trials=2), spec=spec)


def test_the_file_keeps_every_direction_exactly(kept: mw.Model) -> None:
    for column, direction in DIRECTIONS.items():
        moved = direction * moves(kept, column)
        assert moved.min() >= 0
        assert moved.max() > 0


def test_only_boosting_takes_part_and_the_file_tells_what_was_proven(kept: mw.Model) -> None:
    assert {line["family"] for line in kept.leaderboard} == {"constant", "lightgbm", "catboost"}
    assert kept.parity["monotone"]["columns"] == DIRECTIONS


def test_intervals_move_with_the_answer() -> None:
    model = mw.fit(table("regression"), "y", budget=Budget(trials=1), spec=FitSpec(monotone=DIRECTIONS))
    assert model.interval is not None
    assert model.interval["method"] == "absolute residuals"


def test_without_the_wish_the_answer_wiggles_and_the_proof_would_refuse() -> None:
    rows = table("regression")
    rows["y"] = np.square(np.nan_to_num(rows["price"], nan=5.0) - 5.0)  # falls and rises again
    model = mw.fit(rows, "y", budget=Budget(trials=2))
    assert moves(model, "price").max() > 0
    with pytest.raises(GateError, match="wrong way with 'price' between"):
        prove_monotone(model, read(rows), {"price": -1})


@pytest.mark.parametrize(
    ("monotone", "told"),
    [
        ({"town": 1}, "'town' cannot be monotone, for it holds strings"),
        ({"prise": 1}, "'prise' cannot be monotone, for it is no feature"),
        ({"y": 1}, "'y' cannot be monotone, for it is no feature"),
        ({"price": 2}, r"'price' can rise \(1\) or fall \(-1\), not 2"),
    ],
)
def test_a_wish_that_cannot_be_kept_is_refused(monotone: dict[str, int], told: str) -> None:
    with pytest.raises(SpecError, match=told):
        mw.fit(table("regression", n=60), "y", budget=Budget(trials=1), spec=FitSpec(monotone=monotone))


def test_many_answers_have_no_one_direction() -> None:
    rows = table("regression", n=90)
    with pytest.raises(SpecError, match="quantile task has several"):
        mw.fit(rows, "y", budget=Budget(trials=1), spec=FitSpec(monotone=DIRECTIONS, quantiles=(0.5, 0.9)))


@pytest.mark.parametrize("task", ["binary", "count"])
def test_every_configuration_of_the_portfolio_keeps_it(task: str) -> None:
    rng = np.random.default_rng(1)
    rows = table(task, seed=2, n=300)
    features = np.column_stack([rows["price"], rows["size"], rows["other"]])
    named = Task("binary", ("no", "yes")) if task == "binary" else Task("count")
    values = (rows["y"] == "yes").astype(np.int64) if task == "binary" else rows["y"]
    train = Rows(features, Target(named, values), np.array([-1, 1, 0]))
    found = {name: learner for n in (60, 20_000) for name, learner in portfolio(named, n, 3, 60.0, monotone=True)}
    steps = np.sort(rng.uniform(-3, 12, 150))
    base = np.column_stack([rng.uniform(0, 10, 20), rng.normal(size=(20, 2))])
    for learner in found.values():
        if not isinstance(learner, LightGBM | CatBoost):
            continue
        fitted = replace(learner, rounds=30).fit(train, None, 0, Deadline())
        for column, direction in ((0, -1), (1, 1)):
            spread = np.repeat(base, len(steps), axis=0)
            spread[:, column] = np.tile(steps, len(base))
            margins = fitted.trees.margins(spread)[:, 0].reshape(len(base), -1)
            assert (direction * np.diff(margins, axis=1)).min() >= 0, learner


def test_directions_are_read_from_the_command_line(tmp_path: Path) -> None:
    assert parsed_directions(("price=-1", "a=b=+1")) == {"price": -1, "a=b": 1}
    with pytest.raises(SpecError, match="COL=1 or COL=-1"):
        parsed_directions(("price",))
    place = tmp_path / "rows.csv"
    rows = table("regression", n=60)
    lines = [",".join(rows), *(",".join(map(str, line)) for line in zip(*rows.values(), strict=True))]
    place.write_text("\n".join(lines), encoding="utf-8")
    asked = ["fit", str(place), "-t", "y", "--trials", "1", "-q", "--no-report", "-o", str(tmp_path / "m.onnx")]
    result = CliRunner().invoke(program, [*asked, "--monotone", "price=-1", "size=1"])
    assert result.exit_code == 0, result.stderr
    assert mw.load(tmp_path / "m.onnx").parity["monotone"]["columns"] == DIRECTIONS
