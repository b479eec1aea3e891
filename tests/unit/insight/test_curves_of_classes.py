"""ROC, precision-recall and gain curves, which share the order of the rows."""

import json
import math

import numpy as np
import pytest
from sklearn import metrics

from modelwright.core.errors import DataError, SpecError
from modelwright.insight.gain import Gain, gain
from modelwright.insight.predictions import Predictions, of_classes, of_values
from modelwright.insight.ranking import MOST_STEPS, rankings
from modelwright.insight.recall import PrecisionRecall, precision_recall
from modelwright.insight.roc import Roc, roc


def rows(n_rows: int, rng: np.random.Generator, digits: int = 2) -> Predictions:
    truth = rng.random(n_rows) < 0.3
    scores = np.round(1 / (1 + np.exp(-rng.normal(size=n_rows) - truth)), digits)
    return of_classes(truth, scores)


def test_the_roc_curve_is_that_of_scikit_learn(rng: np.random.Generator) -> None:
    p = rows(200, rng)
    line = roc(p).lines[0]
    false, true, cuts = metrics.roc_curve(p.truth, p.answers[:, 1], drop_intermediate=False)
    assert line.false_positive_rate == pytest.approx(false)
    assert line.true_positive_rate == pytest.approx(true)
    assert line.thresholds[1:] == pytest.approx(cuts[1:])
    assert math.isnan(line.thresholds[0])
    assert line.area.value == pytest.approx(metrics.auc(false, true))


def test_the_precision_recall_curve_is_that_of_scikit_learn(rng: np.random.Generator) -> None:
    p = rows(200, rng)
    line = precision_recall(p).lines[0]
    precision, recall, cuts = metrics.precision_recall_curve(p.truth, p.answers[:, 1])
    assert line.recall == pytest.approx(recall[:-1][::-1])
    assert line.precision == pytest.approx(precision[:-1][::-1])
    assert line.thresholds == pytest.approx(cuts[::-1])
    assert line.average.value == pytest.approx(metrics.average_precision_score(p.truth, p.answers[:, 1]))
    assert line.share == pytest.approx(p.truth.mean())


def test_the_gain_is_the_share_of_positives_among_the_best_rows(rng: np.random.Generator) -> None:
    p = rows(400, rng, digits=9)
    found = gain(p)
    best = np.argsort(-p.answers[:, 1])[:80]
    assert found.lines[0].gain[20] == pytest.approx(p.truth[best].sum() / p.truth.sum())
    columns = found.to_columns()
    at = columns["share_of_rows"].index(0.2)
    assert columns["lift"][at] == pytest.approx(5 * columns["gain"][at])
    assert columns["lift_low"][at] <= columns["lift"][at] <= columns["lift_high"][at]
    assert found.lines[0].gain[-1] == 1.0


def test_weights_count_as_repeated_rows(rng: np.random.Generator) -> None:
    p = rows(100, rng)
    times = rng.integers(1, 4, 100)
    weighted = of_classes(p.truth, p.answers, times.astype(float))
    repeated = of_classes(p.truth.repeat(times), p.answers.repeat(times, axis=0))
    assert roc(weighted).lines[0].true_positive_rate == pytest.approx(roc(repeated).lines[0].true_positive_rate)
    assert gain(weighted).lines[0].gain == pytest.approx(gain(repeated).lines[0].gain)
    narrow, wide = roc(repeated).lines[0], roc(weighted).lines[0]
    # One row of weight two tells less than two rows.
    assert np.subtract(wide.high, wide.low).mean() > 1.1 * np.subtract(narrow.high, narrow.low).mean()


def test_many_rows_become_few_points_that_lie_on_the_curve(rng: np.random.Generator) -> None:
    p = rows(20_000, rng, digits=12)
    ranked = rankings(p, "it")[0]
    assert 100 < len(ranked.thresholds) <= MOST_STEPS
    false, true, _ = metrics.roc_curve(p.truth, p.answers[:, 1], drop_intermediate=False)
    line = roc(p).lines[0]
    whole = set(zip(np.round(false, 9), np.round(true, 9), strict=True))
    points = zip(np.round(line.false_positive_rate, 9), np.round(line.true_positive_rate, 9), strict=True)
    assert set(points) <= whole
    assert (line.false_positive_rate[-1], line.true_positive_rate[-1]) == (1.0, 1.0)


def test_bands_hold_the_true_rate_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    held = []
    for seed in range(60):
        truth = rng.random(150) < 0.4
        p = of_classes(truth, rng.normal(size=150) + 1.5 * truth)
        line = roc(p, seed=seed).lines[0]
        exact = 0.7447  # at a false positive rate of 0.2: the normal tail beyond 0.8416 - 1.5
        held.append(line.low[20] <= exact <= line.high[20])
    assert 0.88 <= np.mean(held) <= 1.0


def test_many_classes_have_a_line_each_up_to_ten(rng: np.random.Generator) -> None:
    names = [f"c{i:02}" for i in range(12)]
    truth = np.array(names)[np.concatenate([np.arange(12).repeat(3), np.zeros(60, dtype=int)])]
    found = roc(of_classes(truth, rng.dirichlet(np.ones(12), len(truth)), classes=names))
    assert len(found.lines) == 10
    assert found.lines[0].label == "c00"
    assert "2 are not" in found.notes[0]


@pytest.mark.parametrize(("make", "kind"), [(roc, Roc), (precision_recall, PrecisionRecall), (gain, Gain)])
class TestEveryCurve:
    def test_comes_back_from_json(self, make, kind, rng: np.random.Generator) -> None:
        found = make(rows(60, rng))
        again = kind.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False)))
        assert again.to_json() == found.to_json()
        with pytest.raises(DataError, match="not a document of the form"):
            kind.from_json({"schema": "modelwright/else/1"})
        with pytest.raises(DataError, match="cannot be understood"):
            kind.from_json(found.to_json() | {"n_rows": "many"})

    def test_is_a_table_for_people_and_for_frames(self, make, kind, rng: np.random.Generator) -> None:
        found = make(rows(60, rng))
        assert len({len(column) for column in found.to_columns().values()}) == 1
        assert "60 rows" in str(found)
        assert repr(found).startswith(f"<{kind.__name__} ")
        page = found._repr_mimebundle_()["text/html"]
        assert "<caption>" in page and "<script" not in page

    def test_numbers_have_none(self, make, kind) -> None:
        with pytest.raises(SpecError, match="is of classes"):
            make(of_values([1.0, 2.0], [1.0, 2.0]))

    def test_one_class_alone_gives_undefined_figures_and_no_warning(self, make, kind) -> None:
        found = make(of_classes([1, 1, 1], [0.1, 0.2, 0.3], classes=[0, 1]))
        assert json.dumps(found.to_json(), allow_nan=False)
        assert str(found)

    def test_the_same_rows_give_the_same_bytes(self, make, kind, rng: np.random.Generator) -> None:
        p = rows(50, rng)
        assert json.dumps(make(p).to_json()) == json.dumps(make(p).to_json())


def test_a_band_at_the_edge_is_not_a_line(rng: np.random.Generator) -> None:
    truth = np.arange(100) % 2 == 0
    p = of_classes(truth, np.where(truth, 0.9, 0.1) + 0.01 * rng.random(100))
    assert roc(p).lines[0].low[20] == pytest.approx(0.929, abs=0.001)  # Wilson's, of 50 in 50
    assert precision_recall(p).lines[0].low[50] < 0.95
    assert gain(p).lines[0].low[60] < 0.95
    assert (gain(p).lines[0].low[-1], gain(p).lines[0].high[0]) == (1.0, 0.0)
