"""Sensitive columns in a fit: no features, audited out of fold, and weighed where asked."""

from typing import Any

import numpy as np
import pytest

import modelwright as mw
from modelwright.core.errors import SchemaError, SpecError
from modelwright.core.spec import Budget, FitSpec
from modelwright.data import read
from modelwright.insight.fairness.result import Fairness
from modelwright.search.fairness import POOLED_ROWS, reweighing
from modelwright.search.question import frame_question

N_ROWS = 400


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Any]]:
    """Points decide, and men have more of them."""
    rng = np.random.default_rng(8)
    sex = rng.choice(["F", "M"], N_ROWS)
    points = rng.normal(0, 1, N_ROWS) + 0.9 * (sex == "M")
    paid = points + rng.normal(0, 0.8, N_ROWS) > 0.6
    race = rng.choice(["a", "b"], N_ROWS)
    return {"points": points.tolist(), "sex": sex.tolist(), "race": race.tolist(), "paid": paid.tolist()}


def fitted(rows: dict[str, list[Any]], **spec: Any) -> Any:
    """Fit a small model."""
    return mw.fit(rows, "paid", budget=Budget(trials=1), spec=FitSpec(**spec))


def test_sensitive_columns_are_no_features_and_the_file_is_audited(rows: dict[str, list[Any]]) -> None:
    model = fitted(rows, sensitive=("sex", "race"))
    assert "sex" not in model.schema and "race" not in model.schema
    made = Fairness.from_json(model.documents["fairness"])
    assert made.source == "out-of-fold" and made.n_rows == N_ROWS and made.sensitive == ("sex", "race")
    assert made.gap("demographic_parity", "sex").is_beyond_chance
    assert not made.gap("demographic_parity", "race").is_beyond_chance
    assert [p.feature for p in made.flagged if p.sensitive == "sex"] == ["", "points"]


def test_sensitive_columns_are_features_when_asked(rows: dict[str, list[Any]]) -> None:
    spec = FitSpec(sensitive=("sex",), sensitive_features=True)
    question = frame_question(read(rows), "paid", spec)
    assert "sex" in question.features.names and question.sensitive.names == ("sex",)
    assert any("used as features because that was asked" in note for note in question.notes)
    withheld = frame_question(read(rows), "paid", FitSpec(sensitive=("sex",)))
    assert "sex" not in withheld.features.names
    assert any("therefore no features: 'sex'" in note for note in withheld.notes)


def test_a_fit_without_sensitive_columns_carries_no_audit(rows: dict[str, list[Any]]) -> None:
    assert "fairness" not in fitted(rows).documents


def test_weights_make_group_and_class_independent(rng: np.random.Generator) -> None:
    groups, classes = rng.integers(0, 3, 500), rng.integers(0, 4, 500)
    classes[groups == 1] = np.minimum(classes[groups == 1], 2)
    base = rng.random(500) + 0.2
    evened = reweighing(groups, classes, base)
    for group in range(3):
        for kind in range(4):
            cell = (groups == group) & (classes == kind)
            if cell.any():
                share = base[groups == group].sum() * base[classes == kind].sum() / base.sum()
                assert evened[cell].sum() == pytest.approx(share)


def test_weights_are_those_of_the_paper() -> None:
    """Ten people: 5 men of whom 4 and 5 women of whom 2 have the class (Kamiran and Calders, table 1)."""
    groups = np.repeat([0, 1], 5)
    classes = np.array([1, 1, 1, 1, 0, 1, 1, 0, 0, 0])
    weights = reweighing(groups, classes)
    np.testing.assert_allclose(weights[[0, 4, 5, 9]], [0.75, 2.0, 1.5, 2.0 / 3.0])


def test_reweighing_narrows_the_gap_and_the_score_is_without_its_weights(rows: dict[str, list[Any]]) -> None:
    told: list[str] = []
    spec = FitSpec(sensitive=("sex",), mitigate="reweight")
    evened = mw.fit(
        rows, "paid", budget=Budget(trials=1), spec=spec, listeners=[lambda e: told.append(str(e.data.get("text", "")))]
    )
    before = Fairness.from_json(fitted(rows, sensitive=("sex",)).documents["fairness"])
    after = Fairness.from_json(evened.documents["fairness"])
    gap = "demographic_parity", "sex"
    assert after.gap(*gap).difference.value < before.gap(*gap).difference.value
    assert evened.evaluation["weighted"] is False
    assert any("Kamiran and Calders" in text for text in told)


def test_small_groups_are_weighed_together(rows: dict[str, list[Any]]) -> None:
    race = ["a"] * (N_ROWS - 8) + ["tiny"] * 4 + ["small"] * 4
    spec = FitSpec(sensitive=("race",), mitigate="reweight")
    question = frame_question(read({**rows, "race": race}), "paid", spec)
    assert POOLED_ROWS > 8 and question.target.weight is not None and question.judged is None
    pooled = question.target.weight[-8:][question.target.values[-8:] == question.target.values[-1]]
    assert len(set(pooled.round(12))) == 1


def test_what_makes_no_sense_is_refused(rows: dict[str, list[Any]]) -> None:
    table = read(rows)
    for spec, text in (
        (FitSpec(sensitive=("paid",)), "is the target"),
        (FitSpec(mitigate="reweight"), "needs sensitive columns"),
        (FitSpec(sensitive=("sex",), mitigate="rewieght"), "Did you mean 'reweight'"),
    ):
        with pytest.raises(SpecError, match=text):
            frame_question(table, "paid", spec)
    with pytest.raises(SpecError, match="quantity"):
        frame_question(table, "points", FitSpec(sensitive=("sex",), mitigate="reweight"))
    with pytest.raises(SchemaError, match="Did you mean 'sex'"):
        frame_question(table, "paid", FitSpec(sensitive=("sexx",)))
