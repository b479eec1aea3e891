"""Thresholds by group: what they even out, what that costs, and what they refuse."""

import json
from typing import Any

import numpy as np
import pytest

from modelwright.core.errors import SpecError
from modelwright.data import read
from modelwright.insight.fairness.thresholds import group_thresholds, tradeoff
from modelwright.insight.fairness.tradeoff import AS_IS, THRESHOLDS, Tradeoff
from modelwright.insight.predictions import of_classes, of_values

N_ROWS = 1200


@pytest.fixture(scope="module")
def rows() -> dict[str, Any]:
    """Scores that are good in both groups, and a base rate that is lower in one."""
    rng = np.random.default_rng(12)
    group = rng.integers(0, 2, N_ROWS)
    truth = rng.random(N_ROWS) < np.where(group == 0, 0.55, 0.25)
    score = 1 / (1 + np.exp(-(2.2 * truth - 1.1 + 0.8 * (group == 0) - 0.4 + rng.normal(0, 1, N_ROWS))))
    return {"group": group, "truth": truth, "score": score, "weights": np.ones(N_ROWS)}


def made(rows: dict[str, Any], **options: Any) -> Tradeoff:
    """Return the trade-off."""
    table = read({"g": np.where(rows["group"] == 0, "a", "b").tolist()})
    return tradeoff(of_classes(rows["truth"].astype(int), rows["score"]), table, **options)


def chosen(rows: dict[str, Any], **options: Any) -> Any:
    """Return the thresholds for two slacks."""
    parts = (rows["score"], rows["truth"], rows["group"], rows["weights"])
    return group_thresholds(*parts, slacks=(0.1, 0.0), **options)


def rate(rows: dict[str, Any], thresholds: Any, among: Any = True) -> list[float]:
    """Return the share of each group's rows that is selected."""
    hit = rows["score"] >= thresholds[rows["group"]]
    return [float(hit[(rows["group"] == g) & among].mean()) for g in (0, 1)]


def test_demographic_parity_evens_out_who_is_selected(rows: dict[str, Any]) -> None:
    some, none = chosen(rows)
    before = rate(rows, np.array([0.5, 0.5]))
    assert abs(before[0] - before[1]) > 0.3
    assert abs(np.subtract(*rate(rows, some))) <= 0.13
    assert abs(np.subtract(*rate(rows, none))) <= 0.03


def test_equalised_odds_evens_out_both_rates(rows: dict[str, Any]) -> None:
    none = chosen(rows, constraint="equalised_odds")[1]
    for among in (rows["truth"], ~rows["truth"]):
        assert abs(np.subtract(*rate(rows, none, among))) <= 0.04
    assert 0.1 < np.mean(rate(rows, none)) < 0.9, "neither none nor all are selected"


def test_thresholds_are_the_best_of_all_pairs(rows: dict[str, Any]) -> None:
    """Every pair of thresholds on a grid that is as even as ours does no better."""
    found = chosen(rows)[0]
    hit = rows["score"] >= found[rows["group"]]
    ours, allowed = (hit == rows["truth"]).mean(), abs(np.subtract(*rate(rows, found)))
    grid = np.linspace(0, 1, 81)
    best = 0.0
    for a in grid:
        for b in grid:
            given = rows["score"] >= np.where(rows["group"] == 0, a, b)
            even = abs(given[rows["group"] == 0].mean() - given[rows["group"] == 1].mean()) <= min(allowed, 0.1)
            best = max(best, float((given == rows["truth"]).mean()) if even else 0.0)
    assert ours >= best - 0.01


def test_a_small_group_keeps_one_half(rows: dict[str, Any]) -> None:
    group = rows["group"].copy()
    group[:5] = 2
    parts = (rows["score"], rows["truth"], group, rows["weights"])
    assert group_thresholds(*parts, slacks=(0.0,))[0, 2] == 0.5


def test_the_curve_goes_from_the_model_to_even_groups(rows: dict[str, Any]) -> None:
    found = made(rows)
    as_is, steps = found.of(AS_IS)[0], found.of(THRESHOLDS)
    hit = rows["score"] > 0.5
    assert as_is.quality.value == pytest.approx((hit == rows["truth"]).mean())
    assert as_is.gap.value == pytest.approx(abs(np.subtract(*[hit[rows["group"] == g].mean() for g in (0, 1)])))
    assert [p.slack for p in steps] == sorted((p.slack for p in steps), reverse=True) and steps[-1].slack == 0
    assert steps[-1].gap.value < 0.08 < as_is.gap.low, "on rows that the thresholds were not chosen on"
    assert steps[-1].quality.value < as_is.quality.value
    assert any("no part of the model file" in note for note in found.notes)


def test_other_models_stand_beside(rows: dict[str, Any]) -> None:
    other = of_classes(rows["truth"].astype(int), np.full(N_ROWS, 0.2))
    point = made(rows, others={"nobody": other}).of("nobody")[0]
    assert point.gap.value == 0 and point.quality.value == pytest.approx(1 - rows["truth"].mean())


def test_a_result_travels_and_shows_itself(rows: dict[str, Any]) -> None:
    found = made(rows, constraint="equalised_odds", by="balanced_accuracy")
    text = json.dumps(found.to_json(), allow_nan=False)
    assert json.dumps(Tradeoff.from_json(json.loads(text)).to_json()) == text
    assert json.dumps(made(rows, constraint="equalised_odds", by="balanced_accuracy").to_json()) == text
    assert "Balanced accuracy" in str(found) and "<table" in found._repr_mimebundle_()["text/html"]
    columns = found.to_columns()
    assert len({len(cells) for cells in columns.values()}) == 1 and "threshold, g = a" in columns


def test_what_makes_no_sense_is_refused(rows: dict[str, Any]) -> None:
    table = read({"g": ["a", "b"] * 30})
    with pytest.raises(SpecError, match="two classes"):
        tradeoff(of_values(np.arange(60.0), np.arange(60.0)), table)
    with pytest.raises(SpecError, match="Did you mean 'equalised_odds'"):
        made(rows, constraint="equalized_odds")
    with pytest.raises(SpecError, match="balanced_accuracy"):
        made(rows, by="balanced accuracy")
