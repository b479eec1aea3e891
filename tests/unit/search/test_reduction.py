"""Fairlearn's exponentiated gradient, its prices taken as row weights."""

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import modelwright as mw
from modelwright.core.deadline import Deadline
from modelwright.core.errors import MissingExtraError, SpecError
from modelwright.core.spec import Budget, FitSpec
from modelwright.data import read
from modelwright.insight.fairness.result import Fairness
from modelwright.insight.fairness.tradeoff import Tradeoff
from modelwright.model.model import Model
from modelwright.report.report import report
from modelwright.search import reduction
from modelwright.search.fairness import REDUCTION
from modelwright.search.fit import fit_table, resume_fit
from modelwright.search.question import Question, frame_question
from modelwright.search.reduction import LEAST, Evened, cell_factors, evened_by_prices
from modelwright.search.refit_file import refit_table
from modelwright.search.watch import Watch

pandas = pytest.importorskip("pandas")
pytest.importorskip("fairlearn")
OLD_PANDAS = "ignore:Setting a"  # Fairlearn's own, which the fit keeps from users

N_ROWS = 600
EVENED = FitSpec(sensitive=("sex",), mitigate=REDUCTION)
PLAIN = {"fp": 1.0, "fn": 1.0}


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Any]]:
    """Points decide, men have more of them, and the length tells who is a man."""
    rng = np.random.default_rng(8)
    sex = rng.choice(["F", "M"], N_ROWS)
    points = rng.normal(0, 1, N_ROWS) + 0.9 * (sex == "M")
    length = rng.normal(0, 1, N_ROWS) + 1.5 * (sex == "M")
    paid = points + rng.normal(0, 0.8, N_ROWS) > 0.6
    return {"points": points.tolist(), "length": length.tolist(), "sex": sex.tolist(), "paid": paid.tolist()}


@pytest.fixture(scope="module")
def models(rows: dict[str, list[Any]]) -> dict[str, Model]:
    """The same rows learned as they are, with reweighting, and by prices for either parity."""
    specs = {
        "none": FitSpec(sensitive=("sex",)),
        "reweight": FitSpec(sensitive=("sex",), mitigate="reweight"),
        "demographic_parity": EVENED,
        "equalised_odds": replace(EVENED, parity="equalised_odds"),
    }
    table = read(rows)
    return {name: Model.open(fit_table(table, "paid", Budget(trials=1), spec)) for name, spec in specs.items()}


def gap(model: Model, name: str) -> float:
    return Fairness.from_json(model.documents["fairness"]).gap(name, "sex").difference.value


def evened(question: Question, seed: int = 0, deadline: Deadline | None = None) -> Evened:
    return evened_by_prices(question, seed, Watch(), deadline or Deadline())


def prices(events: list[str], **given: float) -> Any:
    """Return Fairlearn's multipliers: those given to a group from above, the others zero."""
    index = pandas.MultiIndex.from_product([["+", "-"], events, ["F", "M"]], names=["sign", "event", "group_id"])
    found = pandas.Series(0.0, index=index)
    for group, price in given.items():
        found["+", events[-1], group] = price
    return found


def test_a_price_on_who_is_selected_weighs_as_by_hand() -> None:
    """A group of half the rows is selected too often, at a price of 0.2: giving it the class costs 0.2/0.5 - 0.2."""
    groups, target = np.array(["F", "F", "M", "M"]), np.array([0, 1, 0, 1])
    factors = cell_factors(target, groups, prices(["all"], F=0.2), constraint="demographic_parity", costs=PLAIN)
    np.testing.assert_allclose(factors, [1.2, 0.8, 0.8, 1.2])
    dear = {"fp": 0.5, "fn": 1.5}
    factors = cell_factors(target, groups, prices(["all"], F=0.2), constraint="demographic_parity", costs=dear)
    np.testing.assert_allclose(factors, [1 + 0.2 / 0.5, 1 - 0.2 / 1.5, 1 - 0.2 / 0.5, 1 + 0.2 / 1.5])


def test_a_price_among_those_of_a_class_leaves_the_others_alone() -> None:
    """Of ten rows four are F, of them two have the class, and of the others three: 0.1/0.5 - 0.1/0.2 and 0.1/0.5."""
    groups, target = np.array(["F"] * 4 + ["M"] * 6), np.array([1, 1, 0, 0, 1, 1, 1, 0, 0, 0])
    given = prices(["label=0", "label=1"], F=0.1)
    factors = cell_factors(target, groups, given, constraint="equalised_odds", costs=PLAIN)
    np.testing.assert_allclose(factors, [0.7, 0.7, 1, 1, 1.2, 1.2, 1.2, 1, 1, 1])


@pytest.mark.filterwarnings(OLD_PANDAS)
def test_a_weighted_learner_answers_as_fairlearns_best_response(rng: np.random.Generator) -> None:
    """Which class a probability gets under these weights is which class the signed weights ask for."""
    from fairlearn.reductions import DemographicParity, ErrorRate

    groups, target = np.repeat(["F", "M"], 50), np.tile([0, 1], 50)
    given = prices(["all"], F=0.1, M=0.25)
    factors = cell_factors(target, groups, given, constraint="demographic_parity", costs=PLAIN)
    assert (factors > 0).all()
    moment, error, positions = DemographicParity(), ErrorRate(), np.arange(100)[:, np.newaxis]
    for one in (moment, error):
        one.load_data(positions, target, sensitive_features=groups)
    signed = (error.signed_weights() + moment.signed_weights(given)).to_numpy()
    np.testing.assert_allclose(np.abs(signed), factors)
    probability = rng.random(50)
    for start in (0, 50):  # a group; its even rows are of class 0, its odd ones of class 1
        right = probability * factors[start + 1] > (1 - probability) * factors[start]
        worth = probability * signed[start + 1] + (1 - probability) * signed[start] > 0
        np.testing.assert_array_equal(right, worth)


def test_the_gap_that_was_asked_for_is_closed_further(models: dict[str, Model]) -> None:
    parity = {name: gap(model, "demographic_parity") for name, model in models.items()}
    assert parity["demographic_parity"] < 0.5 * parity["reweight"] < parity["none"]
    assert gap(models["equalised_odds"], "equalised_odds") < gap(models["none"], "equalised_odds")


def test_the_file_tells_what_was_done_and_is_judged_without_it(
    models: dict[str, Model], rows: dict[str, list[Any]]
) -> None:
    model = models["equalised_odds"]
    assert model.evaluation["weighted"] is False
    assert "sex" not in model.schema
    assert model.documents["asked"]["spec"] == {
        "sensitive": ["sex"],
        "mitigate": REDUCTION,
        "parity": "equalised_odds",
    }
    notes = Fairness.from_json(model.documents["fairness"]).notes
    assert any("Fairlearn's exponentiated gradient for equalised odds by sex" in note for note in notes)
    assert Tradeoff.from_json(model.documents["fairness"]["tradeoff"]).constraint == "equalised_odds"
    part = report(model, data=rows).part("fairness")
    assert part is not None and part.result["source"] == "test"
    assert part.result["tradeoff"]["constraint"] == "equalised_odds"


def test_a_refit_finds_the_weights_of_its_rows(models: dict[str, Model], rows: dict[str, list[Any]]) -> None:
    model, table = models["demographic_parity"], read(rows)
    again = refit_table(model, table)
    np.testing.assert_array_equal(Model.open(again).predict_proba(table), model.predict_proba(table))


def test_a_run_that_goes_on_keeps_its_weights(
    rows: dict[str, list[Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, models: dict[str, Model]
) -> None:
    table, spec = read(rows), replace(EVENED, run=str(tmp_path / "run"))
    assert fit_table(table, "paid", Budget(trials=1), spec) == models["demographic_parity"].to_bytes()
    monkeypatch.setattr(reduction, "evened_by_prices", None)  # not to be called
    more = resume_fit(tmp_path / "run", budget=Budget(trials=2))
    assert len(Model.open(more).leaderboard) == len(models["demographic_parity"].leaderboard) + 1


def test_weights_keep_those_of_the_user_and_their_sum(rows: dict[str, list[Any]]) -> None:
    weight = np.where(np.arange(N_ROWS) % 3, 1.0, 4.0)
    question = frame_question(read({**rows, "w": weight.tolist()}), "paid", replace(EVENED, weight="w"))
    found = evened(question, seed=3)
    assert found.weight.sum() == pytest.approx(weight.sum())
    factors = found.weight / weight
    cells = {(s, p): f for s, p, f in zip(rows["sex"], rows["paid"], factors.round(9), strict=True)}
    assert len(set(factors.round(9))) == len(set(cells.values())) == 4
    assert cells["F", True] > 1 > cells["M", True]


def test_what_would_turn_answers_round_is_held_and_told(rows: dict[str, list[Any]]) -> None:
    """Points alone do not tell who is a man, so that no weights make women be selected as often."""
    found = evened(frame_question(read(rows), "paid", replace(EVENED, drop=("length",))))
    assert 0 < found.weight.min() < 2 * LEAST
    assert any("are held there" in text for text in found.told)


def test_small_groups_keep_their_weight(rows: dict[str, list[Any]]) -> None:
    sex = ["X"] * 40 + rows["sex"][40:]
    found = evened(frame_question(read({**rows, "sex": sex}), "paid", EVENED))
    assert len(set(found.weight[:40])) == 1 and len(set(found.weight.round(9))) == 5
    assert "40 rows of groups that are too small keep their weight." in found.told
    alone = evened(frame_question(read({**rows, "sex": ["X"] * 40 + ["Y"] * (N_ROWS - 40)}), "paid", EVENED))
    assert (alone.weight == 1).all() and "no two groups" in alone.told[0]


def test_another_process_finds_the_same_within_its_time(rows: dict[str, list[Any]]) -> None:
    question = frame_question(read(rows), "paid", EVENED)
    apart = evened(question, deadline=Deadline.after(300.0))
    np.testing.assert_array_equal(apart.weight, evened(question).weight)


def test_no_more_is_learned_when_the_time_is_over(rows: dict[str, list[Any]]) -> None:
    found = evened(frame_question(read(rows), "paid", EVENED), deadline=Deadline.after(-1.0))
    assert "the time was too short" in found.told[-1]
    assert (found.weight == 1).all() and found.is_late


def test_what_makes_no_sense_is_refused(rows: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    table = read({**rows, "kind": ["a", "b", "c"] * (N_ROWS // 3)})
    for target, spec, text in (
        ("kind", EVENED, "for two classes.*has 3"),
        ("points", EVENED, "quantity"),
        ("paid", FitSpec(mitigate=REDUCTION), "needs sensitive columns"),
        ("paid", replace(EVENED, parity="equalized_odds"), "Did you mean 'equalised_odds'"),
        ("paid", replace(EVENED, mitigate="reweight", parity="equalised_odds"), "Leave out --parity"),
    ):
        with pytest.raises(SpecError, match=text):
            frame_question(table, target, spec)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "modelwright\[fairness\]"'):
        frame_question(table, "paid", EVENED)


def test_both_stand_beside_the_plain_model_on_the_curve(models: dict[str, Model], rows: dict[str, list[Any]]) -> None:
    from modelwright.insight.fairness.thresholds import side_by_side

    others = {name: models[name] for name in ("reweight", "demographic_parity")}
    found = side_by_side(models["none"], others, rows, "sex")
    assert found.of("demographic_parity")[0].gap.value < found.of("reweight")[0].gap.value
    kinds = mw.fit({**rows, "paid": rows["sex"]}, "paid", budget=Budget(trials=1))
    with pytest.raises(SpecError, match="other classes"):
        side_by_side(models["none"], {"other": kinds}, rows, "sex")
