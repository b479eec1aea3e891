import json

import numpy as np
import pytest

from modelwright.core.errors import DataError, SpecError
from modelwright.core.table import Array
from modelwright.insight.calibration import Calibration, calibration
from modelwright.insight.predictions import of_classes, of_values


def drawn(n_rows: int, rng: np.random.Generator, bold: float = 1.0) -> tuple[Array, Array]:
    """Return classes and probabilities whose log-odds are `bold` times the true ones."""
    score = 1.5 * rng.normal(size=n_rows)
    return rng.random(n_rows) < 1 / (1 + np.exp(-score)), 1 / (1 + np.exp(-bold * score))


def test_bins_hold_about_as_many_rows_and_their_means(rng: np.random.Generator) -> None:
    truth, said = drawn(1000, rng)
    found = calibration(of_classes(truth, said))
    assert [b.n_rows for b in found.bins] == [100] * 10
    order = np.argsort(said)[:100]
    assert found.bins[0].said == pytest.approx(said[order].mean())
    assert found.bins[0].came_true.value == pytest.approx(truth[order].mean())
    assert sum(b.weight for b in found.bins) == pytest.approx(1)
    gaps = [b.weight * abs(b.said - b.came_true.value) for b in found.bins]
    assert found.plain_error == pytest.approx(sum(gaps))


def test_honest_probabilities_may_have_no_error_though_the_plain_one_is_never_zero() -> None:
    rng = np.random.default_rng(1)
    errors = [calibration(of_classes(*drawn(300, rng)), seed=i) for i in range(60)]
    assert min(e.plain_error for e in errors) > 0.01
    assert np.mean([e.error.low == 0 for e in errors]) >= 0.9
    assert np.median([e.error.value for e in errors]) < 0.5 * np.median([e.plain_error for e in errors])


def test_the_interval_of_the_error_holds_the_true_one_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    exact = calibration(of_classes(*drawn(300_000, rng, bold=2.0))).plain_error
    held = []
    for seed in range(80):
        found = calibration(of_classes(*drawn(300, rng, bold=2.0)), seed=seed).error
        held.append(found.low <= exact <= found.high)
    assert exact > 0.1
    assert 0.9 <= np.mean(held) <= 1.0


def test_many_classes_are_judged_by_the_class_predicted(rng: np.random.Generator) -> None:
    shares = rng.dirichlet([1, 1, 1], 600)
    truth = (shares.cumsum(axis=1) > rng.random((600, 1))).argmax(axis=1)
    found = calibration(of_classes(truth, shares))
    assert found.what == "the class predicted"
    hits = np.mean(shares.argmax(axis=1) == truth)
    assert sum(b.weight * b.came_true.value for b in found.bins) == pytest.approx(hits)


def test_few_rows_equal_answers_and_weights(rng: np.random.Generator) -> None:
    assert len(calibration(of_classes([0, 1, 0], [0.2, 0.9, 0.4])).bins) == 1
    assert len(calibration(of_classes([0, 1] * 50, [0.5] * 100)).bins) == 1
    truth, said = drawn(200, rng)
    halved = calibration(of_classes(truth, said, np.where(np.arange(200) < 100, 1.0, 0.0)))
    assert halved.bins[0].came_true.high - halved.bins[0].came_true.low > 0


def test_scores_are_no_probabilities() -> None:
    with pytest.raises(DataError, match="no probability"):
        calibration(of_classes([0, 1], [-2.0, 3.0]))
    with pytest.raises(SpecError):
        calibration(of_values([1.0], [1.0]))


def test_it_comes_back_from_json_and_can_be_read(rng: np.random.Generator) -> None:
    found = calibration(of_classes(*drawn(200, rng)))
    assert Calibration.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found
    assert "Calibration error" in str(found)
    assert len(found.to_columns()["said"]) == len(found.bins)
