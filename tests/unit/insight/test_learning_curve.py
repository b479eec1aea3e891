import json
import math

import numpy as np
import pytest

from modelwright.core.errors import DataError
from modelwright.insight.learning_curve import LearningCurve, learning_curve_of
from modelwright.metrics.classification import ROC_AUC
from modelwright.metrics.regression import RMSE

SIZES = (100, 200, 400, 800, 1600)


def scores(noise: float, rng: np.random.Generator, repeats: int = 3) -> dict[int, list[float]]:
    """Return errors that fall as 1 + 4 / sqrt(n)."""
    return {n: [1 + 4 * n**-0.5 + noise * e for e in rng.normal(size=repeats)] for n in SIZES}


def test_a_power_law_is_carried_on(rng: np.random.Generator) -> None:
    found = learning_curve_of(scores(1e-6, rng), RMSE)
    assert [f.n_rows for f in found.forecasts] == [2400, 3200, 6400]
    for forecast in found.forecasts:
        assert forecast.score.value == pytest.approx(1 + 4 * forecast.n_rows**-0.5, abs=1e-3)
    assert found.gain.value == pytest.approx(4 * 1600**-0.5 - 4 * 3200**-0.5, abs=1e-3)
    assert found.gain.low > 0 and found.verdict.startswith("More data would help")


def test_the_forecast_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(8)
    held = []
    for seed in range(60):
        forecast = learning_curve_of(scores(0.02, rng), RMSE, seed=seed).forecasts[1]
        held.append(forecast.score.low <= 1 + 4 * 3200**-0.5 <= forecast.score.high)
    assert np.mean(held) >= 0.85


def test_a_flat_curve_promises_nothing(rng: np.random.Generator) -> None:
    flat = {n: [0.8 + 0.01 * e for e in rng.normal(size=3)] for n in SIZES}
    found = learning_curve_of(flat, ROC_AUC)
    assert found.gain.low <= 0.002
    assert found.gain.value < 0.01


def test_a_metric_that_grows_is_bettered_by_growing() -> None:
    rising = {n: [0.9 - 2 * n**-0.5] for n in SIZES}
    found = learning_curve_of(rising, ROC_AUC)
    assert found.gain.value > 0
    assert found.forecasts[0].score.value > found.points[-1].mean


def test_two_sizes_tell_no_direction() -> None:
    found = learning_curve_of({100: [0.7], 200: [0.8]}, ROC_AUC)
    assert math.isnan(found.gain.low) and found.verdict.startswith("Too few sizes")


def test_scores_that_never_move_are_pointed_out() -> None:
    constant, perfect = ({n: [score, score] for n in SIZES} for score in (0.5, 1.0))
    assert any("nothing was learned of the columns" in note for note in learning_curve_of(constant, ROC_AUC).notes)
    assert not any("nothing was learned" in note for note in learning_curve_of(perfect, ROC_AUC).notes)


@pytest.mark.parametrize("given", [{100: [0.7]}, {100: [0.7], 200: []}, {100: [0.7], 200: [math.nan]}])
def test_scores_that_make_no_curve_are_refused(given: dict[int, list[float]]) -> None:
    with pytest.raises(DataError):
        learning_curve_of(given, ROC_AUC)


def test_it_comes_back_from_json_and_can_be_read(rng: np.random.Generator) -> None:
    found = learning_curve_of(scores(0.02, rng), RMSE)
    assert LearningCurve.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found
    assert "6,400" in str(found)
    assert sum(found.to_columns()["forecast"]) == 3
