import numpy as np
import pytest

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError
from modelwright.core.task import Target, Task
from modelwright.learners.answers import mean_loss
from modelwright.learners.base import Rows
from modelwright.learners.glass import Glass
from modelwright.learners.glass_boosting import bags_of
from modelwright.learners.trees import TreeSum

QUICK = Glass(bags=2, most_rounds=150, learning_rate=0.1)


def rows_of(n_rows: int, rng: np.random.Generator) -> Rows:
    """Rows whose answer is a curve of one feature and a chequer of two; the others say nothing."""
    features = rng.normal(size=(n_rows, 6))
    features[rng.random(features.shape) < 0.05] = np.nan
    known = np.nan_to_num(features)
    values = np.sin(2 * known[:, 0]) + 2 * np.sign(known[:, 1] * known[:, 2]) + 0.1 * rng.normal(size=n_rows)
    return Rows(features, Target(Task("regression"), 1e5 + 100 * values))


@pytest.fixture(scope="module")
def train() -> Rows:
    return rows_of(600, np.random.default_rng(0))


@pytest.fixture(scope="module")
def fitted(train: Rows) -> TreeSum:
    return QUICK.fit(train, None, 0, Deadline())


def test_each_tree_asks_about_one_feature_or_a_pair_and_none_is_asked_twice(fitted: TreeSum) -> None:
    asked = fitted.trees.asked()
    assert len({tuple(pair) for pair in asked.tolist()}) == len(asked)
    of_node, _ = fitted.trees._owners()
    for tree in range(fitted.trees.n_trees):
        assert len(np.unique(fitted.trees.feature[of_node == tree])) <= 2


def test_the_pair_that_acts_together_is_found(fitted: TreeSum) -> None:
    pairs = {tuple(pair) for pair in fitted.trees.asked().tolist() if pair[0] != pair[1]}
    assert (1, 2) in pairs


def test_pairs_are_worth_their_place(train: Rows, fitted: TreeSum) -> None:
    test = rows_of(400, np.random.default_rng(1))
    single = Glass(bags=2, most_rounds=150, learning_rate=0.1, pairs=0).fit(train, None, 0, Deadline())
    assert {a == b for a, b in single.trees.asked().tolist()} == {True}
    losses = [mean_loss(test.target, one.margins(test.features)) for one in (fitted, single)]
    assert losses[0] < 0.5 * losses[1]


def test_what_a_pair_says_has_no_part_of_its_features_alone(train: Rows, fitted: TreeSum) -> None:
    asked = fitted.trees.asked()
    pair = fitted.trees.only(np.flatnonzero((asked == [1, 2]).all(axis=1)))
    said = pair.margins(train.features)[:, 0]
    for feature in (1, 2):
        cells = train.features[:, feature]
        for part in (cells < -0.5, cells > 0.5, np.isnan(cells)):
            assert abs(said[part].mean()) < 0.15 * said.std()


def test_constraints_hold_whatever_the_pair(train: Rows) -> None:
    rng = np.random.default_rng(2)
    monotone = np.array([0, 1, 0, 0, 0, -1])
    known = np.nan_to_num(train.features)
    values = known[:, 1] * (1 + known[:, 2]) - known[:, 5] * (known[:, 0] > 0) + 0.3 * rng.normal(size=len(known))
    fitted = QUICK.fit(Rows(train.features, Target(Task("regression"), values), monotone), None, 0, Deadline())
    for feature, sign in ((1, 1), (5, -1)):
        grid = np.linspace(-4, 4, 200)
        for base in known[:20]:
            line = np.tile(base, (len(grid), 1))
            line[:, feature] = grid
            assert (sign * np.diff(fitted.trees.margins(line)[:, 0]) >= 0).all()


def test_weights_count_as_copies_do_in_the_mean(train: Rows) -> None:
    weight = np.where(train.features[:, 3] > 0, 20.0, 1.0)
    target = Target(Task("regression"), np.where(train.features[:, 4] > 0, 1.0, 0.0) + (weight > 1), weight)
    fitted = QUICK.fit(Rows(train.features, target), None, 0, Deadline())
    said = fitted.margins(train.features)[:, 0]
    assert np.average(said, weights=weight) == pytest.approx(np.average(target.values, weights=weight), abs=0.05)


def test_every_class_is_learned_from_in_every_bag() -> None:
    codes = np.array([0] * 30 + [1] * 30 + [2, 3])
    for bag in bags_of(Target(Task("multiclass", tuple("abcd")), codes), 5, 0.3, 0):
        assert set(codes[bag.learned]) == {0, 1, 2, 3}
        assert not set(bag.learned) & set(bag.watched)


def test_two_rows_are_enough_and_one_answer_is_not() -> None:
    features = np.array([[0.0, 1.0], [1.0, 0.0]])
    fitted = QUICK.fit(Rows(features, Target(Task("regression"), np.array([1.0, 2.0]))), None, 0, Deadline())
    assert np.isfinite(fitted.margins(features)).all()
    with pytest.raises(DataError, match="only one answer"):
        QUICK.fit(Rows(features, Target(Task("regression"), np.array([1.0, 1.0]))), None, 0, Deadline())


def test_a_refit_that_was_cut_short_did_not_reach_its_length(train: Rows, fitted: TreeSum) -> None:
    settled = QUICK.settled([fitted, fitted])
    assert settled.expected == fitted.rounds
    assert settled.reached(fitted)
    late = Deadline(0.0)
    assert not settled.reached(settled.fit(train, None, 0, late))
