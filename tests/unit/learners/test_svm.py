import numpy as np
import pytest
from sklearn.svm import SVC, SVR

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError
from modelwright.core.pack import pack, unpack
from modelwright.core.task import Target, Task
from modelwright.learners import svm
from modelwright.learners.base import Rows
from modelwright.learners.svm import SVM, calibration

BINARY, NUMBER = Task("binary", (0, 1)), Task("regression")


def _rows(task: Task, rng: np.random.Generator, n_rows: int = 200) -> Rows:
    features = rng.normal(size=(n_rows, 4))
    score = np.abs(features[:, 0]) - 0.7 + 0.3 * rng.normal(size=n_rows)
    return Rows(features, Target(task, score if task is NUMBER else (score > 0).astype(np.int64)))


def test_our_arrays_give_scikit_learns_decision_values(rng: np.random.Generator) -> None:
    rows, new = _rows(BINARY, rng), rng.normal(size=(50, 4))
    fitted = unpack(pack(SVM(gamma=0.3, strength=2.0).fit(rows, None, 0, Deadline())))
    oracle = SVC(gamma=0.3, C=2.0).fit(rows.features, rows.target.values)
    np.testing.assert_allclose(fitted.distances(new)[:, 0], oracle.decision_function(new), rtol=1e-9, atol=1e-9)


def test_regression_is_moved_back_to_the_users_unit(rng: np.random.Generator) -> None:
    rows = _rows(NUMBER, rng)
    fitted = SVM(gamma=0.3, epsilon=0.1).fit(rows, None, 0, Deadline())
    values = rows.target.values
    oracle = SVR(gamma=0.3, epsilon=0.1).fit(rows.features, (values - values.mean()) / values.std())
    expected = oracle.predict(rows.features) * values.std() + values.mean()
    np.testing.assert_allclose(fitted.margins(rows.features)[:, 0], expected, atol=1e-9)


def test_calibrated_log_odds_match_the_rows_they_are_fitted_on(rng: np.random.Generator) -> None:
    distances = rng.normal(size=(4000, 1))
    answers = (rng.random(4000) < 1 / (1 + np.exp(-(3 * distances[:, 0] - 1)))).astype(np.int64)
    slope, intercept = calibration(distances, Target(BINARY, answers), Target(BINARY, answers))
    assert slope == pytest.approx((3.0,), abs=0.3)
    assert intercept == pytest.approx((-1.0,), abs=0.2)


def test_distances_that_point_the_wrong_way_are_not_turned_round(rng: np.random.Generator) -> None:
    distances = rng.normal(size=(200, 1))
    answers = (distances[:, 0] < 0).astype(np.int64)
    (slope,), _ = calibration(distances, Target(BINARY, answers), Target(BINARY, answers))
    assert slope == 0.0


def test_too_many_rows_are_refused_for_the_radial_kernel_only(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(svm, "MOST_ROWS", 100)
    rows = _rows(BINARY, rng)
    with pytest.raises(DataError, match="at most 100 rows, not 200"):
        SVM().fit(rows, None, 0, Deadline())
    assert SVM(kernel="linear").fit(rows, None, 0, Deadline()).size == {"coefficients": 4}


def test_too_many_support_vectors_mean_fewer_rows(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = _rows(BINARY, rng)
    plain = SVM().fit(rows, None, 0, Deadline()).size["support_vectors"]
    monkeypatch.setattr(svm, "MOST_VECTORS", plain - 10)
    assert SVM().fit(rows, None, 0, Deadline()).size["support_vectors"] <= plain - 10


def test_work_that_cannot_end_in_time_is_refused_before_it_starts(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(svm, "PROBE", 50)
    ticks = iter(range(1000))
    with pytest.raises(DataError, match="more than is left"):
        SVM().fit(_rows(BINARY, rng), None, 0, Deadline(12.0, lambda: float(next(ticks))))


def test_settled_needs_no_inner_folds(rng: np.random.Generator) -> None:
    rows, watched = _rows(BINARY, rng), _rows(BINARY, rng, 80)
    folds = [SVM().fit(rows, watched, seed, Deadline()) for seed in (0, 1)]
    settled = SVM().settled(folds)
    assert settled.calibration is not None
    assert settled.fit(rows, None, 0, Deadline()).calibration == settled.calibration
