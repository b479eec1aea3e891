from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import modelwright as mw
from modelwright.core.errors import SpecError
from modelwright.model.joint import JointModel
from modelwright.model.model import Model
from modelwright.modelfile.joint import join
from modelwright.track.answerer import Answerer, JointAnswerer
from modelwright.track.mlmodel import OUTPUTS
from modelwright.track.record import record

N = 120
ROWS = {"size": [float(i % 17) for i in range(N)], "city": ["a", "b", "c"] * (N // 3)}
FRAME = pd.DataFrame({"size": [1, 9, 16], "city": ["a", "b", None]}, index=[7, 5, 3])


@pytest.fixture(scope="module")
def sure_number() -> Model:
    """A regression with intervals."""
    rows = {**ROWS, "price": [2.0 * (i % 17) + i % 3 for i in range(N)]}
    return mw.fit(rows, target="price", budget=mw.Budget(trials=1))


@pytest.fixture(scope="module")
def sure_class() -> Model:
    """A classification with sets."""
    return mw.fit(
        {**ROWS, "sold": ["yes" if i % 17 > 8 else "no" for i in range(N)]},
        target="sold",
        budget=mw.Budget(trials=1),
    )


@pytest.mark.parametrize("kind", ["binary", "flag", "multiclass", "regression"])
def test_one_dimension_is_the_default(small_file: Callable[..., bytes], kind: str) -> None:
    model = Model.open(small_file(kind))
    rows = pd.DataFrame(
        {"age": [20, 60], "member": [True, None], "city": ["Rome", "Bonn"], "since": ["2020-01-01", ""]}
    )
    answers = Answerer(model).predict(rows)
    assert answers.shape == (2,)
    assert answers.tolist() == model.predict(rows).tolist()


def test_intervals_of_numbers_are_columns(sure_number: Model) -> None:
    found = Answerer(sure_number).predict(FRAME, {"output": "interval"})
    assert found.index.tolist() == [7, 5, 3]
    assert found.columns.tolist() == ["prediction", "lower", "upper"]
    assert (found["lower"] <= found["prediction"]).all()
    assert (found["prediction"] <= found["upper"]).all()


def test_sets_of_classes_are_columns(sure_class: Model) -> None:
    found = Answerer(sure_class).predict(FRAME, {"output": "interval"})
    assert found.columns.tolist() == ["label", "in_set_no", "in_set_yes"]
    sets = [[c for c in ("no", "yes") if row[f"in_set_{c}"]] for _, row in found.iterrows()]
    assert sets == sure_class.predict_set(FRAME)


def test_the_measured_coverage_is_a_figure_of_the_run(sure_number: Model) -> None:
    figure = record(sure_number, began=0.0).figure("interval_coverage")
    assert figure is not None
    assert sure_number.interval is not None
    assert figure.value == sure_number.interval["coverage"]["value"]


def test_what_the_columns_added_is_what_was_given(sure_class: Model, sure_number: Model) -> None:
    for model in (sure_class, sure_number):
        found = Answerer(model).predict(FRAME, {"output": "explain"})
        added = found[[f"added_{name}" for name in model.schema.names]].sum(axis=1)
        np.testing.assert_allclose(found["expected"] + added, found["given"], atol=1e-9)


def test_the_cells_of_mlflows_server_are_unwrapped(sure_class: Model) -> None:
    as_sent = {"size": np.array([1, 9, 16]), "city": np.array([np.array("a"), np.array("b"), np.array(None)])}
    asked = Answerer(sure_class)
    assert asked.predict(as_sent).tolist() == sure_class.predict(FRAME).tolist()
    one = asked.predict({"size": 1, "city": "a"}, {"output": "full"})
    assert [len(values) for values in one.values()] == [1, 1, 1]


def test_an_output_that_is_not_there_is_told(sure_class: Model, sure_number: Model, tracked_model: Model) -> None:
    with pytest.raises(SpecError, match="Did you mean 'full'"):
        Answerer(sure_class).predict(FRAME, {"output": "ful"})
    with pytest.raises(SpecError, match="no class probabilities"):
        Answerer(sure_number).predict(FRAME, {"output": "probabilities"})
    rows = pd.DataFrame({"age": [20], "member": [True], "city": ["Rome"], "since": ["2020-01-01"]})
    with pytest.raises(SpecError):
        Answerer(tracked_model).predict(rows, {"output": "interval"})


class TestSeveralTargets:
    """What a file of several answers."""

    @pytest.fixture
    def answerer(self, sure_number: Model, sure_class: Model) -> JointAnswerer:
        return JointAnswerer(JointModel(join([sure_number.to_bytes(), sure_class.to_bytes()])))

    def test_there_is_a_column_per_target(self, answerer: JointAnswerer, sure_class: Model) -> None:
        found = answerer.predict(FRAME)
        assert found.columns.tolist() == ["price", "sold"]
        assert found.index.tolist() == [7, 5, 3]
        assert found["sold"].tolist() == sure_class.predict(FRAME).tolist()

    def test_other_outputs_name_their_target(self, answerer: JointAnswerer, sure_number: Model) -> None:
        names = {output: list(answerer.predict(FRAME, {"output": output})) for output in OUTPUTS[1:]}
        assert names["probabilities"] == ["probability_sold_no", "probability_sold_yes"]
        assert names["full"] == ["prediction_price", "label_sold", "probability_sold_no", "probability_sold_yes"]
        assert names["interval"] == [
            "prediction_price", "lower_price", "upper_price", "label_sold", "in_set_sold_no", "in_set_sold_yes",
        ]  # fmt: skip
        assert {"added_price_size", "given_sold"} <= set(names["explain"])
        full = answerer.predict(FRAME, {"output": "full"})
        assert full["prediction_price"].tolist() == sure_number.predict(FRAME).tolist()

    def test_what_no_target_can_give_is_told(self, small_file: Callable[..., bytes]) -> None:
        numbers = JointAnswerer(JointModel(join([small_file("regression", name) for name in ("a", "b")])))
        rows = {"age": [20], "member": [True], "city": ["Rome"], "since": [""]}
        with pytest.raises(SpecError, match="no class probabilities"):
            numbers.predict(rows, {"output": "probabilities"})
        with pytest.raises(SpecError, match="Did you mean 'full'"):
            numbers.predict(rows, {"output": "ful"})
