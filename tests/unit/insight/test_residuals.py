import json

import numpy as np
import pytest

from modelwright.core.errors import SpecError
from modelwright.insight.predictions import of_classes, of_values
from modelwright.insight.residuals import Residuals, residuals, weighted_quantiles


def test_bias_and_trend_are_found_with_their_intervals(rng: np.random.Generator) -> None:
    answers = rng.uniform(1, 5, 800)
    found = residuals(of_values(answers + 0.3 + 0.4 * answers * rng.normal(size=800), answers))
    assert found.bias.low < 0.3 < found.bias.high and found.bias.low > 0
    assert found.trend.low > 0.2
    even = residuals(of_values(answers + rng.normal(size=800), answers))
    assert even.bias.low < 0 < even.bias.high
    assert even.trend.low < 0 < even.trend.high


def test_the_trend_is_the_correlation_of_the_size_of_errors(rng: np.random.Generator) -> None:
    truth, answers = rng.normal(size=(2, 100))
    found = residuals(of_values(truth, answers))
    assert found.trend.value == pytest.approx(np.corrcoef(np.abs(truth - answers), answers)[0, 1])
    assert found.bias.value == pytest.approx(np.mean(truth - answers))


def test_bins_follow_the_prediction(rng: np.random.Generator) -> None:
    truth, answers = rng.normal(size=(2, 200))
    found = residuals(of_values(truth, answers))
    assert [b.n_rows for b in found.bins] == [10] * 20
    lowest = np.argsort(answers)[:10]
    assert found.bins[0].predicted == pytest.approx(answers[lowest].mean())
    assert found.bins[0].actual == pytest.approx(truth[lowest].mean())
    assert found.bins[0].median == pytest.approx(np.median((truth - answers)[lowest]))


def test_weights_count_in_means_and_quantiles(rng: np.random.Generator) -> None:
    truth, answers = rng.normal(size=(2, 50))
    only = np.arange(50) < 20
    found = residuals(of_values(truth, answers, only.astype(float)))
    assert found.bias.value == pytest.approx(np.mean((truth - answers)[only]))
    assert weighted_quantiles(truth, np.ones(50), (0.1, 0.5)) == pytest.approx(np.quantile(truth, [0.1, 0.5]))
    assert weighted_quantiles(np.array([3.0]), np.ones(1), (0.1, 0.9)) == [3.0, 3.0]


def test_a_picture_of_many_rows_shows_some_of_them_the_same_each_time(rng: np.random.Generator) -> None:
    truth, answers = rng.normal(size=(2, 1200))
    found = residuals(of_values(truth, answers))
    assert len(found.actual) == 500 and "drawn at random" in found.notes[0]
    assert found == residuals(of_values(truth, answers))
    assert set(found.actual) <= set(truth.tolist())


def test_it_comes_back_from_json_and_can_be_read(rng: np.random.Generator) -> None:
    found = residuals(of_values(*rng.normal(size=(2, 40))))
    assert Residuals.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found
    assert "mean residual" in str(found)
    columns = found.to_columns()
    assert columns["residual"] == pytest.approx(np.subtract(columns["actual"], columns["predicted"]))


def test_one_row_and_perfect_answers_do_not_warn() -> None:
    assert len(residuals(of_values([1.0], [2.0])).bins) == 1
    exact = residuals(of_values([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]))
    assert (exact.bias.low, exact.bias.value, exact.bias.high) == (0.0, 0.0, 0.0)
    with pytest.raises(SpecError):
        residuals(of_classes([0, 1], [0.5, 0.5]))
