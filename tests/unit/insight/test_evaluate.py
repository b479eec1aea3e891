import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelwright.core.errors import DataError, SchemaError, SpecError
from modelwright.core.graph import Graph
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.table import Array, Column, Table
from modelwright.core.task import Task
from modelwright.insight.evaluate import evaluate, score
from modelwright.insight.evaluation import Evaluation
from modelwright.metrics.classification import ROC_AUC
from modelwright.model.model import Model
from modelwright.modelfile.encode import encode
from modelwright.modelfile.manifest import Manifest, documents

FEATURE = ColumnSchema("x", "number", "number")
TARGET = ColumnSchema("y", "category", "string")
CHURN = Task("binary", ("no", "yes"))
AMOUNT = Task("regression")


def opened(task: Task, target: ColumnSchema | None, metric: str) -> Model:
    """Return a model of one number that answers sigmoid(x), or x itself."""
    graph = Graph()
    x = graph.input("x", "double")
    if task.is_classification:
        positive = graph.op("Sigmoid", x)
        both = graph.op("Concat", graph.op("Sub", graph.constant(1.0), positive), positive, axis=1)
        code = graph.op("ArgMax", both, axis=1, keepdims=0)
        graph.output("label", graph.op("Gather", graph.constant(np.array(task.classes)), code), "string", (None,))
        graph.output("probabilities", both, "double", (None, 2))
    else:
        graph.output("prediction", graph.op("Reshape", x, graph.constant([-1])), "double", (None,))
    manifest = Manifest("0.1.0", task, "y", metric, {} if target is None else target.to_json())
    return Model.open(encode(graph, documents(manifest, Schema((FEATURE,)))))


@pytest.fixture(scope="module")
def churn() -> Model:
    return opened(CHURN, TARGET, "log_loss")


@pytest.fixture(scope="module")
def amount() -> Model:
    return opened(AMOUNT, ColumnSchema("y", "number", "number"), "mae")


def numbers(name: str, cells: Any) -> Column:
    return Column(ColumnSchema(name, "number", "number"), np.asarray(cells, dtype=np.float64))


def answers(*codes: int) -> Column:
    return Column(TARGET, np.array(codes, dtype=np.int32), np.array(["no", "yes", "perhaps"], dtype=object))


def table(*columns: Column) -> Table:
    return Table(columns, len(columns[0]))


class TestEvaluate:
    def test_scores_what_the_file_answers(self, churn: Model) -> None:
        found = evaluate(churn, table(numbers("x", [-2, -1, 1, 2, 3]), answers(0, 1, 0, 1, 1)))
        assert (found.metric, found.source, found.n_rows) == ("log_loss", "test", 5)
        assert found.metrics[0].name == "log_loss"
        positive = 1 / (1 + np.exp(-np.array([-2, -1, 1, 2, 3.0])))
        right = np.where([0, 1, 0, 1, 1], positive, 1 - positive)
        assert found.main.value == pytest.approx(-np.log(right).mean())
        assert found.measure("accuracy").value == pytest.approx(0.6)
        assert found.confusion == ((1.0, 1.0), (1.0, 2.0))
        assert found.notes == ()

    def test_rows_without_an_answer_are_left_out_with_a_note(self, churn: Model) -> None:
        whole = evaluate(churn, table(numbers("x", [-2, 5, 1, 2, -5]), answers(0, -1, 1, 1, -1)))
        without = evaluate(churn, table(numbers("x", [-2, 1, 2]), answers(0, 1, 1)))
        assert whole.n_rows == 3
        assert whole.metrics == without.metrics
        assert whole.notes == ("Rows without a value in 'y' were left out: 2.",)

    def test_weights_count(self, churn: Model) -> None:
        rows = table(numbers("x", [-2, 1, 2, 0]), answers(0, 0, 1, -1), numbers("w", [1, 3, 2, math.nan]))
        found = evaluate(churn, rows, weight="w", metric="accuracy")
        assert found.metric == "accuracy"
        assert found.main.value == pytest.approx(0.5)
        assert found.confusion == ((1.0, 3.0), (0.0, 2.0))
        assert found.weighted

    def test_numbers_are_scored_too(self, amount: Model) -> None:
        found = evaluate(amount, table(numbers("x", [1, 2, 3]), numbers("y", [1, 2, 6])))
        assert (found.metric, found.main.value) == ("mae", 1.0)
        assert found.confusion == ()

    def test_a_target_of_another_name_may_be_given(self, amount: Model) -> None:
        rows = table(numbers("x", [1, 2]), numbers("truth", [1, 4]))
        assert evaluate(amount, rows, target="truth").main.value == 1.0

    def test_a_file_is_read_as_the_model_learned_it(self, churn: Model, tmp_path: Path) -> None:
        pytest.importorskip("pyarrow")
        place = tmp_path / "labelled.csv"
        place.write_text("y,other,x\nno,9,-2\nyes,9,1\n,9,0\nyes,9,2\n", encoding="utf-8")
        found = evaluate(churn, place)
        assert found.n_rows == 3
        assert found.measure("roc_auc").value == 1.0

    def test_a_file_without_a_saved_target_schema_is_read_by_the_task(self, tmp_path: Path) -> None:
        pytest.importorskip("pyarrow")
        place = tmp_path / "labelled.csv"
        place.write_text("x,y,w\n1,2,1\n2,2,3\n", encoding="utf-8")
        assert evaluate(opened(AMOUNT, None, "mae"), place, weight="w").main.value == 0.25


class TestBadInput:
    def test_an_unknown_class_is_named(self, churn: Model) -> None:
        with pytest.raises(DataError, match=r"'perhaps' in row 2"):
            evaluate(churn, table(numbers("x", [1, 2]), answers(0, 2)))

    def test_no_answer_at_all(self, churn: Model) -> None:
        with pytest.raises(DataError, match=r"'y' is missing in all 2 rows"):
            evaluate(churn, table(numbers("x", [1, 2]), answers(-1, -1)))
        with pytest.raises(DataError, match=r"The table has no rows"):
            evaluate(churn, table(numbers("x", []), answers()))

    def test_an_absent_target_or_feature_or_weight(self, churn: Model) -> None:
        for columns in ((numbers("x", [1]),), (answers(1),)):
            with pytest.raises(SchemaError, match="is not in the table"):
                evaluate(churn, table(*columns))
        with pytest.raises(SchemaError, match="'w' is not in the table"):
            evaluate(churn, table(numbers("x", [1]), answers(1)), weight="w")

    @pytest.mark.parametrize(("weight", "why"), [(-1.0, "holds -1 in row 2"), (math.nan, "nan"), (math.inf, "inf")])
    def test_a_weight_that_cannot_be_one(self, churn: Model, weight: float, why: str) -> None:
        with pytest.raises(DataError, match=why):
            evaluate(churn, table(numbers("x", [1, 2]), answers(0, 1), numbers("w", [1, weight])), weight="w")

    def test_weights_of_zero_or_text(self, churn: Model) -> None:
        with pytest.raises(DataError, match="zero in every row"):
            evaluate(churn, table(numbers("x", [1, 2]), answers(0, 1), numbers("w", [0, 0])), weight="w")
        with pytest.raises(DataError, match="holds strings, not numbers"):
            evaluate(churn, table(numbers("x", [1, 2]), answers(0, 1)), weight="y")

    def test_a_feature_as_target_and_a_metric_of_another_task(self, churn: Model) -> None:
        rows = table(numbers("x", [1, 2]), answers(0, 1))
        with pytest.raises(SpecError, match="'x' is a feature"):
            evaluate(churn, rows, target="x")
        with pytest.raises(SpecError, match="'rmse' is for regression"):
            evaluate(churn, rows, metric="rmse")


class TestScore:
    def test_is_the_fits_own_estimate(self, rng: np.random.Generator) -> None:
        truth, predictions = rng.integers(0, 2, 300), rng.dirichlet([1, 1], 300)
        found = score(CHURN, truth, predictions, notes=["One fold failed."])
        assert (found.source, found.metric) == ("out-of-fold", "roc_auc")
        assert found.main.value == ROC_AUC.score(truth, predictions, None)
        assert found.main.low < found.main.value < found.main.high
        assert found.notes == ("One fold failed.",)
        assert found.to_json() == score(CHURN, truth, predictions, notes=["One fold failed."]).to_json()

    @pytest.mark.parametrize(("truth", "undefined"), [([1], "ROC AUC"), ([1, 1, 1], "ROC AUC"), ([0, 0], "F1")])
    def test_rows_of_one_class_have_what_is_defined(self, truth: list[int], undefined: str) -> None:
        found = score(CHURN, np.array(truth), np.full((len(truth), 2), 0.5))
        assert math.isfinite(found.measure("log_loss").value)
        assert undefined in found.notes[0]
        assert json.loads(json.dumps(found.to_json(), allow_nan=False))["metrics"][0]["value"] is None or truth == [
            0,
            0,
        ]

    def test_one_row_of_a_number_has_a_value_without_interval(self) -> None:
        found = score(AMOUNT, np.array([2.0]), np.array([1.5]))
        assert found.main.value == 0.5
        assert math.isnan(found.main.low)
        assert str(found).startswith("RMSE 0.5000 on 1 row of the training table, out of fold")

    def test_very_many_classes_have_no_confusion(self, rng: np.random.Generator) -> None:
        found = score(Task("multiclass", tuple(range(60))), np.arange(60), rng.dirichlet(np.ones(60), 60))
        assert found.confusion == ()
        assert "60 classes" in found.notes[-1]

    def test_comes_back_from_json(self, rng: np.random.Generator) -> None:
        predictions: Array = rng.dirichlet(np.ones(3), 50)
        found = score(Task("multiclass", ("a", "b", "c")), rng.integers(0, 3, 50), predictions)
        assert Evaluation.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_heavy_tails_are_told_and_light_ones_are_not(rng: np.random.Generator) -> None:
    answers = np.exp(2.0 * rng.normal(size=400))
    claims = score(Task("regression"), answers * np.exp(rng.normal(size=400)), answers)
    assert any("Heavy tails" in note and "RMSE" in note for note in claims.notes)
    plain = score(Task("regression"), answers + rng.normal(size=400), answers)
    assert not any("Heavy tails" in note and "RMSE" in note for note in plain.notes)


def test_few_rows_for_means_of_squares_are_told(rng: np.random.Generator) -> None:
    answers = rng.normal(size=400)
    truth = answers + rng.normal(size=400)
    few, enough = (score(Task("regression"), truth[:n], answers[:n]) for n in (150, 400))
    assert any("150 rows are few for RMSE, R²" in note for note in few.notes)
    assert not any("rows are few" in note for note in enough.notes)
