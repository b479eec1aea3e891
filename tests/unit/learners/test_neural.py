import importlib.util
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError, MissingExtraError
from modelwright.core.graph import Graph
from modelwright.core.pack import pack
from modelwright.core.task import Target, Task
from modelwright.learners.answers import mean_loss, prior_margins
from modelwright.learners.base import Rows
from modelwright.learners.linear import Linear
from modelwright.learners.neural import Neural
from modelwright.learners.perceptron import CALM, NeuralFitted
from modelwright.learners.portfolio import portfolio
from modelwright.search.libraries import usable

BINARY, NUMBER = Task("binary", ("no", "yes")), Task("regression")
SMALL = Neural(width=48, epochs=64)


class Clock:
    """A clock that goes on by a fixed step whenever it is read."""

    def __init__(self, step: float) -> None:
        self.now, self.step, self.reads = 0.0, step, 0

    def __call__(self) -> float:
        self.now += self.step
        self.reads += 1
        return self.now


def chessboard(rng: np.random.Generator, n_rows: int) -> Rows:
    features = rng.uniform(-2, 2, (n_rows, 3))
    return Rows(features, Target(BINARY, ((features[:, 0] > 0) != (features[:, 1] > 0)).astype(np.int64)))


def waves(rng: np.random.Generator, n_rows: int) -> Rows:
    features = rng.uniform(-2, 2, (n_rows, 3))
    values = 1000 + 50 * np.sin(3 * features[:, 0]) * features[:, 1] + rng.normal(size=n_rows)
    return Rows(features, Target(NUMBER, values))


def test_fitting_without_torch_names_the_extra(monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"modelwright\[neural\]"):
        SMALL.fit(chessboard(rng, 50), None, 0, Deadline())


def test_the_race_leaves_networks_out_without_torch_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = portfolio(BINARY, 1_000, 5, 60.0)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    kept, told = usable(entries)
    families = [learner.family for _, learner in entries]
    assert [learner.family for _, learner in kept] == [family for family in families if family != "neural"]
    assert families.count("neural") == 1
    assert told.count("modelwright[neural]") == 1


def test_nothing_is_said_where_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    entries = portfolio(BINARY, 1_000, 5, 60.0)
    assert usable(entries) == (entries, "")


def test_networks_need_time_in_the_measure_of_the_rows() -> None:
    def networks(n_rows: int, seconds: float) -> int:
        return sum(learner.family == "neural" for _, learner in portfolio(NUMBER, n_rows, 5, seconds))

    assert [networks(1_000, 20.0), networks(1_000, 30.0), networks(10_000, 60.0)] == [0, 1, 3]
    assert networks(36_000, 60.0) > networks(36_001, 60.0) == 0
    assert networks(180_000, 300.0) > networks(180_001, 300.0) == 0


def test_short_budgets_train_for_less() -> None:
    def epochs(n_rows: int, seconds: float) -> int | None:
        first = dict(portfolio(NUMBER, n_rows, 5, seconds))["MLP-1"]
        assert isinstance(first, Neural)
        return first.epochs

    assert [epochs(500, 60.0), epochs(2_000, 60.0), epochs(2_000, 300.0)] == [None, 64, None]


def test_torch_is_loaded_by_nothing_but_a_fit() -> None:
    code = (
        "import sys\nfrom modelwright.core.catalog import load\nfrom modelwright.core.task import Task\n"
        "from modelwright.learners.catalog import LEARNERS\nfrom modelwright.learners.portfolio import portfolio\n"
        "from modelwright.search.libraries import usable\n"
        "entries, _ = usable(portfolio(Task('regression'), 1_000, 5, 60.0))\n"
        "[load(LEARNERS, name, 'learner') for name in LEARNERS]\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


class TestWithTorch:
    @pytest.fixture(autouse=True)
    def torch(self) -> None:
        pytest.importorskip("torch")

    def test_it_learns_a_chessboard_that_no_line_can(self, rng: np.random.Generator) -> None:
        train, valid, test = (chessboard(rng, n) for n in (600, 200, 400))
        network, line = (learner.fit(train, valid, 0, Deadline()) for learner in (SMALL, Linear()))
        right = (network.margins(test.features)[:, 0] > 0) == test.target.values
        assert right.mean() > 0.9
        assert mean_loss(test.target, network.margins(test.features)) < 0.5 * mean_loss(
            test.target, line.margins(test.features)
        )

    def test_it_learns_waves_far_better_than_a_line(self, rng: np.random.Generator) -> None:
        train, valid, test = (waves(rng, n) for n in (600, 200, 400))
        network, line = (learner.fit(train, valid, 0, Deadline()) for learner in (SMALL, Linear()))
        losses = [mean_loss(test.target, fitted.margins(test.features)) for fitted in (network, line)]
        assert losses[0] < 0.1 * losses[1]

    def test_values_stay_near_those_seen(self, rng: np.random.Generator) -> None:
        train = waves(rng, 200)
        fitted = replace(SMALL, moment=3).fit(train, None, 0, Deadline())
        low, high = train.target.values.min(), train.target.values.max()
        reach = 0.05 * (high - low) + 1e-9
        found = fitted.margins(np.array([[1e308, -np.inf, 0.0], [np.inf, 3.0, -1e308]]))
        assert (found >= low - reach).all()
        assert (found <= high + reach).all()

    def test_weights_move_the_answer_as_repeated_rows_would(self, rng: np.random.Generator) -> None:
        answers = np.arange(300) % 2
        rows = Rows(rng.normal(size=(300, 1)), Target(BINARY, answers, np.where(answers == 1, 9.0, 1.0)))
        fitted = replace(SMALL, moment=1).fit(rows, None, 0, Deadline())
        shares = BINARY.probabilities(fitted.margins(rows.features))[:, 1]
        assert abs(shares.mean() - 0.9) < 0.05

    def test_a_schedule_comes_to_its_end_before_the_deadline(self, rng: np.random.Generator) -> None:
        train, valid = chessboard(rng, 300), chessboard(rng, 100)
        # Each step reads the clock a few times: a hundred or so epochs of two steps would fit in.
        clock = Clock(0.01)
        fitted = replace(SMALL, epochs=256).fit(train, valid, 0, Deadline(6.0, clock))
        assert isinstance(fitted, NeuralFitted)
        assert clock.now < 6.0
        assert fitted.course is not None
        assert len(fitted.course.rounds) % len(CALM) == 0

    def test_no_time_for_a_useful_network_is_an_error(self, rng: np.random.Generator) -> None:
        with pytest.raises(DataError, match="time"):
            SMALL.fit(chessboard(rng, 300), chessboard(rng, 100), 0, Deadline(0.5, Clock(0.1)))

    def test_the_course_ends_where_the_answers_come_from(self, rng: np.random.Generator) -> None:
        for rows in (chessboard, waves):
            train, valid = rows(rng, 200), rows(rng, 100)
            fitted = SMALL.fit(train, valid, 0, Deadline())
            assert isinstance(fitted, NeuralFitted)
            assert fitted.course is not None
            np.testing.assert_allclose(
                fitted.course.at(fitted.moment), fitted.margins(valid.features), rtol=1e-4, atol=1e-3
            )

    def test_a_settled_learner_stops_at_the_mean_moment(self, rng: np.random.Generator) -> None:
        train, valid = chessboard(rng, 200), chessboard(rng, 100)
        folds = [SMALL.fit(train, valid, seed, Deadline()) for seed in (0, 1)]
        settled = SMALL.settled(folds)
        assert settled.moment == round(np.mean([f.moment for f in folds]))  # type: ignore[attr-defined]
        refit = settled.fit(train, None, 0, Deadline())
        assert isinstance(refit, NeuralFitted)
        assert refit.moment == settled.moment
        assert refit.temperature == settled.temperature

    def test_many_numbers_get_no_waves(self, rng: np.random.Generator) -> None:
        features = rng.normal(size=(80, 70))
        rows = Rows(features, Target(BINARY, (features[:, 0] > 0).astype(np.int64)))
        fitted = replace(SMALL, moment=1).fit(rows, None, 0, Deadline())
        assert isinstance(fitted, NeuralFitted)
        assert len(fitted.waved) == 0
        assert fitted.margins(features).shape == (80, 1)

    def test_the_file_holds_four_bytes_a_weight(self, rng: np.random.Generator) -> None:
        fitted = replace(SMALL, moment=1).fit(chessboard(rng, 100), None, 0, Deadline())
        graph = Graph()
        fitted.emit(graph, graph.input("features", "double", (None, 3)))
        held = sum(value.nbytes for value in graph.constants.values())
        assert held < 4.5 * fitted.size["coefficients"] + 2_000
        assert len(pack(fitted)) < held + 8_000

    def test_the_callers_threads_and_random_numbers_stay_as_they_were(self, rng: np.random.Generator) -> None:
        import torch

        torch.manual_seed(5)
        threads, state = torch.get_num_threads(), torch.get_rng_state()
        replace(SMALL, moment=1).fit(chessboard(rng, 100), None, 0, Deadline())
        assert torch.get_num_threads() == threads
        assert torch.equal(torch.get_rng_state(), state)

    def test_noise_stops_early_and_is_answered_with_the_prior(self, rng: np.random.Generator) -> None:
        def noise(n_rows: int) -> Rows:
            return Rows(rng.normal(size=(n_rows, 5)), Target(BINARY, rng.integers(0, 2, n_rows)))

        train, valid, test = noise(300), noise(200), noise(1_000)
        fitted = replace(SMALL, epochs=256).fit(train, valid, 0, Deadline())
        assert isinstance(fitted, NeuralFitted)
        assert fitted.moment <= 2 * len(CALM)
        constant = mean_loss(test.target, np.tile(prior_margins(train.target), (1_000, 1)))
        assert mean_loss(test.target, fitted.margins(test.features)) < 1.1 * constant
