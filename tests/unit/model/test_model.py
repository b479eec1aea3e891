import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from modelwright.core.errors import DataError, FileRefusedError, OutputError, SchemaError, SpecError
from modelwright.core.table import MISSING_DATE
from modelwright.data import read
from modelwright.model import chunks as module
from modelwright.model.hostile import hostile_rows
from modelwright.model.model import Model

Build = Callable[..., bytes]
ROWS = [
    {"age": 44.0, "member": True, "city": "Rome", "since": dt.datetime(2020, 5, 1, 12, 30, tzinfo=dt.UTC)},
    {"age": None, "member": None, "city": None, "since": None},
    {"age": 19, "member": False, "city": "never seen", "since": dt.datetime(1999, 12, 31, tzinfo=dt.UTC)},
]


def shares(age: float, member: float, city: str, micros: int) -> list[float]:
    """The binary model of the fixture, in plain numpy."""
    age = 40.0 if np.isnan(age) else age
    member = 0.5 if np.isnan(member) else member
    years = micros / 31_556_952e6 if micros != MISSING_DATE else 30.0
    features = np.array([age, member, {"Rome": 1.5, "Oslo": -0.5}.get(city, 0.25), years])
    share = 1 / (1 + np.exp(-(features @ np.array([0.02, 0.3, 1.1, -0.03]))))
    return [1 - share, share]


EXPECTED = np.array(
    [
        shares(44.0, 1.0, "Rome", 1_588_336_200_000_000),
        shares(np.nan, np.nan, "", MISSING_DATE),
        shares(19.0, 0.0, "never seen", 946_598_400_000_000),
    ]
)


def test_one_row_gives_the_label_itself(small_file: Build) -> None:
    model = Model.open(small_file("binary"))
    assert model.predict(ROWS[0]) == "yes"
    shares = model.predict_proba(ROWS[0])
    assert list(shares) == ["no", "yes"]
    assert list(shares.values()) == pytest.approx(EXPECTED[0], abs=1e-12)
    assert type(shares["yes"]) is float


def test_labels_have_the_users_own_type(small_file: Build) -> None:
    assert Model.open(small_file("flag")).predict(ROWS[0]) is True
    number = Model.open(small_file("multiclass")).predict(ROWS[0])
    assert number == 3
    assert type(number) is int
    assert type(Model.open(small_file("regression")).predict(ROWS[0])) is float
    assert Model.open(small_file("flag")).predict(ROWS).dtype == np.bool_
    assert Model.open(small_file("multiclass")).predict(ROWS).dtype == np.int64
    assert set(Model.open(small_file("flag")).predict_proba(ROWS[0])) == {False, True}


def test_every_form_of_rows_gives_the_same_answers(small_file: Build) -> None:
    model = Model.open(small_file("binary"))
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    frame = pd.DataFrame(ROWS)
    forms = [ROWS, columns, frame, pl.DataFrame(columns), pa.table(columns), read(ROWS, schema=model.schema)]
    for form in forms:
        answers = model.predict_proba(form)
        if isinstance(answers, pa.Table):
            answers = np.column_stack([c.to_numpy() for c in answers.columns])
        np.testing.assert_allclose(np.asarray(answers), EXPECTED, atol=1e-12)
    one_by_one = [list(model.predict_proba(row).values()) for row in ROWS]
    np.testing.assert_allclose(one_by_one, EXPECTED, atol=1e-12)


def test_frames_get_their_own_kind_and_index_back(small_file: Build) -> None:
    model = Model.open(small_file("binary"))
    frame = pd.DataFrame(ROWS, index=["c", "a", "b"])
    labels = model.predict(frame)
    assert isinstance(labels, pd.Series)
    assert labels.index.tolist() == ["c", "a", "b"]
    assert labels.name == "answer"
    shares = model.predict_proba(frame)
    assert shares.columns.tolist() == ["no", "yes"]
    assert shares.index.tolist() == ["c", "a", "b"]
    columns = pl.DataFrame({name: [row[name] for row in ROWS] for name in ROWS[0]})
    assert isinstance(model.predict(columns), pl.Series)
    assert model.predict_proba(columns).columns == ["no", "yes"]
    assert isinstance(model.predict(columns.to_arrow()), pa.Array)
    assert labels.tolist() == model.predict(columns).to_list() == model.predict(columns.to_arrow()).to_pylist()


def test_matrix_is_read_in_the_order_of_the_schema(small_file: Build) -> None:
    model = Model.open(small_file("binary"))
    matrix = np.array([[44.0, True, "Rome", "2020-05-01T12:30:00"]], dtype=object)
    np.testing.assert_allclose(model.predict_proba(matrix), EXPECTED[:1], atol=1e-12)
    with pytest.raises(SchemaError, match="has 2 columns, the model 4: age, member, city, since"):
        model.predict(matrix[:, :2])


def test_no_rows_give_no_answers(small_file: Build) -> None:
    empty: dict[str, list[object]] = {"age": [], "member": [], "city": [], "since": []}
    binary = Model.open(small_file("binary"))
    assert binary.predict(empty).shape == (0,)
    assert binary.predict(empty).dtype == object
    assert binary.predict_proba(empty).shape == (0, 2)
    assert Model.open(small_file("regression")).predict(empty).dtype == np.float64
    assert Model.open(small_file("flag")).predict(empty).dtype == np.bool_


def test_columns_are_found_by_name_and_others_are_ignored(small_file: Build) -> None:
    model = Model.open(small_file("binary"))
    turned = {"extra": object(), **dict(reversed(ROWS[0].items()))}
    assert model.predict_proba(turned) == model.predict_proba(ROWS[0])


def test_absent_column_is_named_with_the_nearest_given(small_file: Build) -> None:
    model = Model.open(small_file("binary"))
    row = {("agee" if name == "age" else name): cell for name, cell in ROWS[0].items()}
    with pytest.raises(SchemaError, match=r"Column 'age' is not in the row\. Did you mean 'agee'\?"):
        model.predict(row)
    with pytest.raises(SchemaError, match="Column 'age' is not in"):
        model.predict([row])
    with pytest.raises(SchemaError, match="Column 'age'"):
        model.predict({})


def test_cell_of_a_wrong_kind_is_named_or_read_as_missing(small_file: Build) -> None:
    model = Model.open(small_file("binary"))
    bad = {**ROWS[0], "age": "abc"}
    with pytest.raises(SchemaError, match="Column 'age'"):
        model.predict(bad)
    lenient = model.predict_proba(bad, lenient=True)
    assert lenient == model.predict_proba({**ROWS[0], "age": None})
    np.testing.assert_allclose(model.predict_proba([bad], lenient=True)[0], list(lenient.values()))
    with pytest.raises(DataError, match="'age'"):
        model.predict([{**bad, "age": [1, 2]}])


CELLS = {
    "age": [3, 3.5, "3", " 3.5 ", "1e3", "", "?", "NA", None, np.nan, np.float32(2.5), np.int64(7), True,
            Decimal("1.25"),
            2**60, "-4", "+4", "inf", float("inf"), pd.NA, "1_000"],
    "member": [True, False, "true", "False", "0", 1, 0.0, np.True_, None, "", np.nan, 2, "maybe"],
    "city": ["Rome", " Rome ", "", None, 3, 3.0, 2.5, True, np.nan, np.str_("Oslo"), pd.NA, "NaN", dt.date(2020, 1, 2)],
    "since": ["2020-05-01", "2020-05-01T12:30:00", "2020-05-01 12:30:00+02:00", dt.date(2020, 5, 1), "2020-13-01",
              dt.datetime(2020, 5, 1, 12), np.datetime64("2020-05-01"), pd.Timestamp("2020-05-01", tz="Europe/Rome"),
              pd.NaT, None, "", "soon", 1.5, "2020-05-01T12:30:00.123456Z"],
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_a_row_and_a_table_of_that_row_are_read_alike(name: str, small_file: Build) -> None:
    model = Model.open(small_file("binary"))
    for cell in CELLS[name]:
        row = {**ROWS[0], name: cell}
        try:
            expected = model.predict_proba([row])[0].tolist()
        except SchemaError:
            with pytest.raises(SchemaError, match=f"'{name}'"):
                model.predict_proba(row)
            continue
        assert list(model.predict_proba(row).values()) == pytest.approx(expected, abs=1e-15), repr(cell)


def test_dates_may_be_microseconds_in_a_row(small_file: Build) -> None:
    model = Model.open(small_file("binary"))
    assert model.predict_proba({**ROWS[0], "since": 1_588_336_200_000_000}) == model.predict_proba(ROWS[0])


def test_large_tables_are_scored_in_chunks(small_file: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model.open(small_file("binary"))
    table = hostile_rows(model.schema, 500, 3)
    whole = model.predict_proba(table)
    monkeypatch.setattr(module, "CHUNK", 7)
    np.testing.assert_allclose(model.predict_proba(table), whole, rtol=1e-13)
    assert model.predict(table).tolist() == np.array(["no", "yes"], dtype=object)[whole.argmax(axis=1)].tolist()


def test_threads_share_a_model(small_file: Build) -> None:
    model = Model.open(small_file("binary"))
    expected = [model.predict_proba(row) for row in ROWS]
    wrong: list[object] = []

    def ask(offset: int) -> None:
        for i in range(300):
            which = (i + offset) % 3
            if model.predict_proba(ROWS[which]) != expected[which]:
                wrong.append(which)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_regression_has_no_probabilities(small_file: Build) -> None:
    with pytest.raises(SpecError, match="Use predict"):
        Model.open(small_file("regression")).predict_proba(ROWS)


def test_saved_file_has_the_very_bytes(small_file: Build, tmp_path: Path) -> None:
    model = Model.open(small_file("binary", evaluation={"roc_auc": 0.9}))
    model.save(tmp_path / "a.onnx")
    again = Model.open(tmp_path / "a.onnx")
    assert again.to_bytes() == model.to_bytes() == (tmp_path / "a.onnx").read_bytes()
    assert again.path == tmp_path / "a.onnx"
    assert model.path is None
    assert again.digest == model.digest
    assert again.size_bytes == len(again.to_bytes())
    assert again.evaluation == {"roc_auc": 0.9}
    assert (again.leaderboard, again.parity) == (None, None)
    assert (again.metric, again.classes, again.task.name) == ("log_loss", ("no", "yes"), "binary")
    with pytest.raises(OutputError, match="no folder"):
        model.save(tmp_path / "nowhere" / "a.onnx")


def test_representations_carry_the_facts_and_no_script(small_file: Build) -> None:
    model = Model.open(small_file("binary"))
    bundle = model._repr_mimebundle_()
    assert "task: binary" in bundle["text/plain"] == repr(model)
    assert "<table>" in bundle["text/html"]
    assert "script" not in bundle["text/html"]


def test_graph_that_onnx_runtime_cannot_use_is_refused(small_file: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    from modelwright.modelfile import digest

    good = small_file("binary")
    bad = digest.seal(good.replace(b"\x22\x06Concat", b"\x22\x06MatMul", 1))
    with pytest.raises(FileRefusedError, match="ONNX Runtime cannot use the model file"):
        Model.open(bad)


def test_any_onnx_runtime_gives_the_same_answer(small_file: Build) -> None:
    session = onnxruntime.InferenceSession(small_file("binary"), providers=["CPUExecutionProvider"])
    feeds = {
        "age": np.array([[44.0]]),
        "member": np.array([[1.0]]),
        "city": np.array([["Rome"]], dtype=object),
        "since": np.array([[1_588_336_200_000_000]]),
    }
    label, found = session.run(["label", "probabilities"], feeds)
    assert label.tolist() == ["yes"]
    np.testing.assert_allclose(found, EXPECTED[:1], atol=1e-12)


def test_a_refused_file_is_named(tmp_path: Path) -> None:
    place = tmp_path / "torn.onnx"
    place.write_bytes(b"not a model\n")
    with pytest.raises(FileRefusedError, match=r"'.*torn\.onnx' is refused\. The model file is damaged"):
        Model.open(place)


def test_a_series_that_is_a_row_is_told_how_to_be_given(small_file: Callable[..., bytes]) -> None:
    model = Model.open(small_file("binary"))
    row = pd.Series(dict.fromkeys(model.schema.names))
    with pytest.raises(SchemaError, match=r"labels of this one are columns of the model\. Give a row as"):
        model.predict(row)


def test_what_the_model_itself_needs_is_not_suggested(small_file: Callable[..., bytes]) -> None:
    model = Model.open(small_file("binary"))
    first, *others = model.schema.names
    near = f"{first}_"
    for given in (dict.fromkeys((*others, near)), pd.DataFrame({name: [None] for name in (*others, near)})):
        with pytest.raises(SchemaError, match=rf"Column '{first}' is not in .* Did you mean '{near}'"):
            model.predict(given)
    for empty, said in (([], "Columns there: none"), ({}, "Given: nothing")):
        with pytest.raises(SchemaError, match=said):
            model.predict(empty)


def test_a_table_in_the_place_of_the_model_is_told(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("a,b\n1,2\n")
    with pytest.raises(FileRefusedError, match="The model file comes first, then the table"):
        Model.open(table)


@pytest.mark.parametrize("cell", [dt.timedelta(days=2), np.timedelta64(2, "D"), pd.Timedelta(days=2)])
def test_a_duration_is_as_many_seconds_in_a_row_as_in_a_column(small_file: Callable[..., bytes], cell: object) -> None:
    model = Model.open(small_file("regression"))
    row = {"age": cell, "member": True, "city": "Oslo", "since": "2020-05-01"}
    answer = model.predict(row)
    assert answer == model.predict(row | {"age": 172_800.0})
    assert model.predict(pd.DataFrame({name: [value, value] for name, value in row.items()})).tolist() == [answer] * 2
    assert model.predict([row, row | {"age": None}])[0] == answer
