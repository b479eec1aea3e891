"""Abstention: enough of the answers that stand are right, on rows that were not looked at."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

import modelwright as mw
from modelwright.core.errors import SpecError
from modelwright.insight.abstention import Abstention, _chance, abstention, abstention_of
from modelwright.insight.predictions import Predictions, of_classes, of_values


def rows(n_rows: int, rng: np.random.Generator, blur: float = 1.0) -> Predictions:
    """Return answers that are honest where `blur` is 1, and surer than they may be where it is more."""
    margin = 2.0 * rng.normal(size=n_rows)
    truth = rng.random(n_rows) < 1 / (1 + np.exp(-margin))
    return of_classes(truth, 1 / (1 + np.exp(-blur * margin)))


def test_the_figures_are_those_of_the_rows_that_are_sure_enough(rng: np.random.Generator) -> None:
    p = rows(2000, rng)
    found = abstention_of(p, right=0.9)
    assert found.chosen is not None
    sure, is_right = p.answers.max(axis=1), p.labels == p.truth
    for stand in found.stands:
        among = sure >= stand.threshold
        assert stand.answered.value == pytest.approx(among.mean())
        assert stand.right.value == pytest.approx(is_right[among].mean())
        assert stand.right.low <= stand.right.value <= stand.right.high
    assert found.stands[-1].answered.value == 1
    assert found.chosen.right.value > 0.9
    proven = [s for s in found.stands if s.is_proven]
    assert found.chosen == max(proven, key=lambda s: s.answered.value)
    assert found.threshold == found.chosen.threshold


@pytest.mark.parametrize("blur", [1.0, 3.0])
def test_the_promise_is_kept_on_new_rows_nearly_always(blur: float, rng: np.random.Generator) -> None:
    new = rows(100_000, rng, blur)
    sure, is_right = new.answers.max(axis=1), new.labels == new.truth
    broken, chosen = 0, 0
    for _ in range(40):
        found = abstention_of(rows(2000, rng, blur), right=0.9)
        chosen += found.chosen is not None
        broken += found.chosen is not None and is_right[sure >= found.threshold].mean() < 0.9
    assert chosen >= 39
    assert broken <= 2  # one in twenty is allowed


def test_a_hopeless_share_is_proven_of_none(rng: np.random.Generator) -> None:
    p = of_classes(rng.random(300) < 0.5, rng.random(300))
    found = abstention_of(p, right=0.99)
    assert found.chosen is None and found.threshold == math.inf
    assert str(found).startswith("No threshold is proven to have at least 99.0% of the answers right")


def test_rows_that_come_together_prove_less(rng: np.random.Generator) -> None:
    p = rows(60, rng)
    many = replace(p, truth=np.repeat(p.truth, 20), answers=np.repeat(p.answers, 20, axis=0))
    together = replace(many, groups=np.repeat(np.arange(60), 20))
    apart, held = abstention_of(many, right=0.8), abstention_of(together, right=0.8)
    assert held.threshold >= apart.threshold
    assert sum(s.is_proven for s in held.stands) < sum(s.is_proven for s in apart.stands)


def test_rows_without_weight_do_not_count(rng: np.random.Generator) -> None:
    p = rows(900, rng)
    first = np.arange(900) < 600
    part = replace(p, truth=p.truth[first], answers=p.answers[first])
    assert abstention_of(replace(p, weight=first.astype(float))).stands == abstention_of(part).stands


def test_the_chance_is_the_tail_of_the_binomial() -> None:
    for n_wrong, n_rows, share in [
        (0, 1, 0.05),
        (0, 50, 0.1),
        (3, 100, 0.05),
        (400, 10_000, 0.05),
        (4000, 10**5, 0.05),
    ]:
        assert _chance(n_wrong, n_rows, share) == pytest.approx(binom.cdf(n_wrong, n_rows, share), rel=1e-8, abs=1e-300)
    assert _chance(7, 100, 0.05) == 1.0


def test_a_model_file_is_asked_and_the_result_comes_back(rng: np.random.Generator) -> None:
    x = rng.normal(size=400)
    table = {"x": x, "y": np.where(x + 0.3 * rng.normal(size=400) > 0, "up", "down")}
    model = mw.fit(table, "y", budget=mw.Budget(trials=1))
    found = abstention(model, table, right=0.8)
    again = Abstention.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False)))
    assert again == found
    assert {len(column) for column in found.to_columns().values()} == {len(found.stands)}
    assert "<table" in found._repr_mimebundle_()["text/html"] and "chosen" in str(found)


def test_what_has_no_classes_and_no_share_is_refused(rng: np.random.Generator) -> None:
    with pytest.raises(SpecError, match="numbers were predicted"):
        abstention_of(of_values([1.0, 2.0], [1.0, 2.0]))
    with pytest.raises(SpecError, match=r"right=0\.95"):
        abstention_of(rows(10, rng), right=95)
