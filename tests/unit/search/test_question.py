"""From a table and a wish to task, answers and roles; and every way in which that can go wrong."""

import numpy as np
import pytest

from modelwright.core.errors import DataError, SchemaError, SpecError
from modelwright.core.schema import ColumnSchema
from modelwright.core.spec import FitSpec
from modelwright.core.table import Column, Table
from modelwright.search.question import frame_question


def number(name: str, values: object, kind: str = "number") -> Column:
    return Column(ColumnSchema(name, kind, "number"), np.asarray(values, dtype=np.float64))  # type: ignore[arg-type]


def strings(name: str, values: list[str], kind: str = "category") -> Column:
    levels = np.array(list(dict.fromkeys(v for v in values if v)), dtype=object)
    codes = np.array([-1 if not v else int(np.flatnonzero(levels == v)[0]) for v in values], dtype=np.int32)
    return Column(ColumnSchema(name, kind, "string"), codes, levels)  # type: ignore[arg-type]


def table(*columns: Column) -> Table:
    return Table(columns, len(columns[0]))


X = number("x", np.arange(40.0))


def test_two_texts_are_a_binary_task_with_the_classes_in_order() -> None:
    question = frame_question(table(X, strings("y", ["yes", "no"] * 20)), "y", FitSpec())
    assert question.target.task.classes == ("no", "yes")
    assert question.target.values.tolist() == [1, 0] * 20


def test_few_dense_whole_numbers_are_classes_and_many_are_a_quantity() -> None:
    few = frame_question(table(X, number("y", np.arange(40) % 3)), "y", FitSpec())
    assert few.target.task.name == "multiclass"
    assert few.target.task.classes == (0, 1, 2)
    many = frame_question(table(X, number("y", np.arange(40) * 3)), "y", FitSpec())
    assert many.target.task.name == "regression"


def test_the_user_decides_the_task() -> None:
    asked = frame_question(table(X, number("y", np.arange(40) % 3)), "y", FitSpec(task="regression"))
    assert asked.target.task.name == "regression"


def test_rows_without_an_answer_are_left_out_and_said_so() -> None:
    values = np.arange(40.0) * 1.5
    values[3] = np.nan
    question = frame_question(table(X, number("y", values)), "y", FitSpec())
    assert len(question.target) == 39
    assert any("1 row without" in note for note in question.notes)


def test_roles_are_never_features() -> None:
    columns = table(
        X,
        number("w", np.ones(40)),
        strings("g", ["a", "b"] * 20),
        number("t", np.arange(40)),
        number("y", np.arange(40) * 2.5),
    )
    question = frame_question(columns, "y", FitSpec(weight="w", groups="g", time="t"))
    assert question.features.names == ("x",)
    assert question.target.groups is not None
    assert set(question.target.groups.tolist()) == {0, 1}
    assert question.order is not None
    assert question.order.tolist() == list(range(40))


def test_rows_of_weight_zero_are_left_out() -> None:
    weights = np.ones(40)
    weights[:5] = 0
    question = frame_question(
        table(X, number("w", weights), number("y", np.arange(40) * 2.5)), "y", FitSpec(weight="w")
    )
    assert len(question.target) == 35


@pytest.mark.parametrize(
    ("target", "spec", "error", "message"),
    [
        (number("y", np.full(40, 2.0)), FitSpec(), DataError, "same value in all 40 rows"),
        (number("y", np.full(40, np.nan)), FitSpec(), DataError, "no value in any of 40 rows"),
        (strings("y", [f"id{i}" for i in range(40)]), FitSpec(), DataError, "too many to be classes"),
        (number("y", [np.inf, *range(39)]), FitSpec(), DataError, "infinite in 1 row. Remove"),
        (number("y", [*range(39), -1e300]), FitSpec(), DataError, "is -1e.300 in row 40, too large"),
        (number("y", np.arange(40) / 7), FitSpec(task="multiclass"), SpecError, "fractions"),
        (number("y", np.arange(40) % 3), FitSpec(task="binary"), SpecError, "3 distinct values"),
        (strings("y", ["a", "b"] * 20), FitSpec(task="regression"), SpecError, "holds text"),
        (strings("y", ["a", "b"] * 20), FitSpec(task="regresion"), SpecError, "Did you mean 'regression'"),
        (strings("y", ["a", "b"] * 20), FitSpec(drop=("xx",)), SchemaError, "Column 'xx' is not in the table"),
        (strings("y", ["a", "b"] * 20), FitSpec(drop=("x",)), DataError, "No column is left"),
        (strings("y", ["a", "b"] * 20), FitSpec(drop=("y",)), SpecError, "is the target, so it cannot be left out"),
        (strings("y", ["a", "b"] * 20), FitSpec(groups="y"), SpecError, "is the target, so it cannot be the groups"),
        (number("y", np.arange(40) % 3), FitSpec(weight="y"), SpecError, "is the target, so it cannot be the weight"),
        (strings("y", ["a", "b"] * 20), FitSpec(weight="x", drop=()), DataError, "No column is left"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    target: Column, spec: FitSpec, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        frame_question(table(X, target), "y", spec)


def test_a_misspelt_target_is_suggested() -> None:
    with pytest.raises(SchemaError, match="Did you mean 'churned'"):
        frame_question(table(X, strings("churned", ["a", "b"] * 20)), "chruned", FitSpec())


def test_a_missing_time_names_its_row() -> None:
    times = np.arange(40.0)
    times[6] = np.nan
    with pytest.raises(DataError, match="missing in row 7"):
        frame_question(table(X, number("t", times), number("y", np.arange(40) * 2.5)), "y", FitSpec(time="t"))


@pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
def test_a_bad_weight_names_its_row(bad: float) -> None:
    weights = np.ones(40)
    weights[4] = bad
    with pytest.raises(DataError, match="in row 5"):
        frame_question(table(X, number("w", weights), number("y", np.arange(40) * 2.5)), "y", FitSpec(weight="w"))
