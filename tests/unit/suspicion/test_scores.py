import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from modelwright.data import read
from modelwright.suspicion.bins import MOST_LEVELS, binned
from modelwright.suspicion.case import Answers
from modelwright.suspicion.one_sided import one_sided
from modelwright.suspicion.scores import area, likeness, score, told_by
from modelwright.suspicion.significance import believable, chi_square, kolmogorov


def test_the_area_is_that_of_scikit_learn_ties_included(rng: np.random.Generator) -> None:
    truth, answers = rng.random(400) < 0.3, rng.integers(0, 9, 400) / 9
    found = area(truth, answers)
    assert found.value == pytest.approx(roc_auc_score(truth, answers))
    assert found.low < found.value < found.high


def test_one_class_has_no_area() -> None:
    assert area(np.ones(5, dtype=bool), np.arange(5.0)).power == 0.0


def test_answers_of_a_row_do_not_know_the_row(rng: np.random.Generator) -> None:
    truth = Answers("y", False, rng.integers(0, 2, 1000), ("a", "b"))
    codes, folds = np.arange(1000), rng.permutation(1000) % 5
    assert score(truth, told_by(codes, 1000, truth, folds)).value == pytest.approx(0.5, abs=0.02)


def test_a_column_that_tells_three_classes_explains_their_entropy(rng: np.random.Generator) -> None:
    values = rng.integers(0, 3, 900)
    truth = Answers("y", False, values, ("a", "b", "c"))
    found = score(truth, told_by(values, 3, truth, rng.permutation(900) % 5))
    assert found.measure == "share of the entropy explained" and found.value > 0.97


def test_the_interval_of_r_squared_covers_the_truth(rng: np.random.Generator) -> None:
    covered = 0
    for _ in range(100):
        signal = rng.normal(size=400)
        truth = Answers("y", True, signal + rng.normal(size=400), ())
        found = score(truth, signal)
        covered += found.low <= 0.5 <= found.high
    assert 88 <= covered <= 100


def test_the_interval_of_a_likeness_covers_the_truth(rng: np.random.Generator) -> None:
    covered = 0
    for _ in range(100):
        walk = rng.normal(size=600)
        for i in range(1, 600):
            walk[i] += 0.6 * walk[i - 1]
        found = likeness(walk[1:] * walk[:-1], walk[1:] ** 2)
        assert found.value == pytest.approx(walk[1:] @ walk[:-1] / (walk[1:] @ walk[1:]))
        covered += found.low <= 0.6 <= found.high
    assert 88 <= covered <= 100


def test_a_likeness_of_equal_answers_is_none() -> None:
    assert likeness(np.zeros(9), np.zeros(9)).power == 0.0


def test_bins_keep_common_values_and_missing_cells_apart() -> None:
    column = read({"v": [0.0] * 300 + [np.nan] * 50 + list(np.linspace(0.5, 9, 300))}).columns[0]
    codes, n = binned(column)
    assert len(set(codes[:300])) == 1 and set(codes[300:350]) == {n - 1}
    assert codes[0] not in set(codes[350:])
    texts = read({"t": [f"level {i % 700}" for i in range(2100)]}, kinds={"t": "category"}).columns[0]
    codes, n = binned(texts)
    assert n == MOST_LEVELS + 1 and codes.max() < MOST_LEVELS


def test_p_values_are_those_of_scipy(rng: np.random.Generator) -> None:
    stats = pytest.importorskip("scipy.stats")
    first, second = rng.normal(size=300), rng.normal(0.2, 1, size=250)
    distance, p_value = kolmogorov(first, second)
    exact = stats.ks_2samp(first, second, method="asymp")
    assert distance == pytest.approx(exact.statistic)
    assert p_value == pytest.approx(exact.pvalue, rel=0.15)
    counts = np.array([[30.0, 20.0], [25.0, 31.0], [18.0, 22.0]])
    assert chi_square(counts)[1] == pytest.approx(stats.chi2_contingency(counts).pvalue, abs=0.005)
    assert chi_square(np.array([[5.0, 5.0], [0.0, 0.0]])) == (0.0, 1.0)


def test_chance_alone_is_seldom_believed(rng: np.random.Generator) -> None:
    assert sum(believable(rng.random(50), 0.01).any() for _ in range(200)) <= 8
    assert believable(np.array([0.2, 1e-6, 0.009]), 0.02).tolist() == [False, True, True]


def test_rows_with_one_answer_only_are_not_scored() -> None:
    truth = Answers("y", True, np.full(40, 3.0), ())
    assert score(truth, np.zeros(40)).power == 0.0
    alone = Answers("y", False, np.zeros(40, dtype=np.int64), ("a", "b"))
    assert one_sided(alone, np.arange(40) < 35) is None
