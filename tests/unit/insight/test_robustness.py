from dataclasses import replace

import numpy as np
import pytest

import modelwright
from modelwright.core.errors import DataError
from modelwright.insight.predictions import Predictions, of_values, predictions_of
from modelwright.insight.robustness import Robustness, robustness
from modelwright.model.model import Model


@pytest.fixture(scope="module")
def model() -> Model:
    return modelwright.fit(rows(240, 0), "answer", budget=modelwright.Budget(trials=1))


@pytest.fixture(scope="module")
def answered(model: Model) -> Predictions:
    return predictions_of(model, rows(300, 1))


def rows(n_rows: int, seed: int) -> dict[str, list[object]]:
    rng = np.random.default_rng(seed)
    size = rng.normal(size=n_rows)
    colour = rng.choice(["red", "green"], n_rows)
    answer = np.where(3 * size + 2 * (colour == "red") + rng.logistic(size=n_rows) > 1, "yes", "no")
    return {"size": size.tolist(), "colour": colour.tolist(), "answer": answer.tolist()}


def test_missing_cells_cost_more_the_more_there_are(model: Model, answered: Predictions) -> None:
    found = robustness(model, answered)
    tenth, third = (s.change for s in found.stresses[:2])
    assert third.value < tenth.value < 0
    assert third.low <= third.value <= third.high < 0
    assert found.score == pytest.approx(found.stresses[0].score - tenth.value)


def test_troubles_are_counted_by_the_columns_they_fit(model: Model, answered: Predictions) -> None:
    by_name = {s.trouble: s.n_columns for s in robustness(model, answered).stresses}
    assert list(by_name.values()) == [2, 2, 1, 1]


def test_the_rows_themselves_are_not_touched(model: Model, answered: Predictions) -> None:
    assert answered.table is not None
    before = [column.values.copy() for column in answered.table.columns]
    robustness(model, answered)
    for column, cells in zip(answered.table.columns, before, strict=True):
        np.testing.assert_array_equal(column.values, cells)


def test_a_result_comes_back_from_json_and_repeats(model: Model, answered: Predictions) -> None:
    found = robustness(model, answered)
    assert Robustness.from_json(found.to_json()) == found == robustness(model, answered)
    assert len(found.to_columns()["trouble"]) == 4
    assert "1 cell of 10 missing" in str(found)


def test_numbers_have_no_class_to_change() -> None:
    table = {"x": [1.5 * (i % 40) for i in range(60)], "y": [3.0 * (i % 40) for i in range(60)]}
    model = modelwright.fit(table, "y", budget=modelwright.Budget(trials=1))
    found = robustness(model, predictions_of(model, table))
    assert all(np.isnan(s.changed) for s in found.stresses)
    assert found.stresses[0].change.value > 0  # an error grows


def test_how_many_answers_turn_has_an_interval_that_knows_of_weights(model: Model, answered: Predictions) -> None:
    for stress in robustness(model, answered).stresses:
        assert 0 <= stress.changed_low <= stress.changed <= stress.changed_high <= 1
        assert stress.changed_high - stress.changed_low < 0.15
    first = np.arange(len(answered)) < 40
    found = robustness(model, replace(answered, weight=first.astype(float)))
    assert (found.stresses[0].changed * 40) % 1 == pytest.approx(0)


def test_rows_of_a_sample_keep_their_groups(model: Model) -> None:
    many = predictions_of(model, rows(2400, 2))
    apart = robustness(model, many).stresses[0]
    together = robustness(model, replace(many, groups=np.arange(2400) // 40)).stresses[0]
    assert together.changed == apart.changed
    assert together.change.value == pytest.approx(apart.change.value)
    assert together.change.low < together.change.value < together.change.high


def test_answers_without_their_rows_are_refused(model: Model, answered: Predictions) -> None:
    with pytest.raises(DataError, match="rows"):
        robustness(model, replace(answered, table=None))
    with pytest.raises(DataError, match="rows"):
        robustness(model, of_values([1.0, 2.0], [1.0, 2.0]))
