"""The bundle, the background it compares with, and the command."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import modelwright as mw
from modelwright.cli.explain import explain as command
from modelwright.core.errors import DataError, SchemaError, SpecError
from modelwright.insight.attribution import Attribution
from modelwright.insight.background import make_background
from modelwright.insight.effort import Effort, effort_within
from modelwright.insight.explain import explain
from modelwright.insight.explanation import Explanation
from modelwright.insight.rows import feature_rows
from modelwright.model.model import Model

N = 120


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Any]]:
    rng = np.random.default_rng(6)
    age = rng.integers(18, 90, N)
    return {
        "age": age.astype(float).tolist(),
        "member": (rng.random(N) < 0.5).tolist(),
        "city": rng.choice(["Rome", "Oslo", "Köln"], N).tolist(),
        "since": ["2011-05-04"] * N,
        "answer": np.where(age + rng.normal(0, 10, N) > 55, "yes", "no").tolist(),
    }


def test_the_whole_and_two_rows(small_file: Any, rows: dict[str, list[Any]]) -> None:
    model = Model.open(small_file("binary"))
    found = explain(model, rows, rows=[4, 2], immutable=["age"])
    assert [s.column for s in found.strengths][:2] == ["city", "age"]
    assert all(s.low <= s.value <= s.high for s in found.strengths)
    assert found.importance is not None and found.importance.columns[0].columns == ("age",)
    assert [c.column for c in found.curves] == [s.column for s in found.strengths]
    assert found.interactions is not None and found.surrogate is not None and found.surrogate.cost is not None
    assert found.local is not None and found.local.rows == (5, 3)
    for row, position in enumerate((4, 2)):
        record = {name: rows[name][position] for name in model.schema.names}
        assert found.local.given[row, 0] == pytest.approx(model.predict_proba(record)["yes"])
    assert len(found.ways) == 2 and all(w.kept == ("age",) for w in found.ways)
    text = str(found)
    assert text.index("How far") < text.index("Row 5:") < text.index("To reach") < text.index("Interactions")


def test_no_row_but_those_asked_for_is_kept(small_file: Any, rows: dict[str, list[Any]]) -> None:
    ages = [18.0 + 0.123456789 * i for i in range(N)]
    document = explain(Model.open(small_file("binary")), {**rows, "age": ages}, rows=[0]).to_json()
    assert document["local"]["cells"] == [["18", str(rows["member"][0]).lower(), rows["city"][0], "2011-05-04"]]
    assert len(document["strengths"]) == 4 and "cells" not in json.dumps({**document, "local": None})


def test_a_few_rows_are_explained_one_by_one(small_file: Any, rows: dict[str, list[Any]]) -> None:
    found = explain(Model.open(small_file("multiclass")), {k: v[:3] for k, v in rows.items() if k != "answer"})
    assert found.strengths == () and found.surrogate is None
    assert found.local is not None and len(found.local) == 3
    assert "20 rows" in found.notes[0]
    assert any("ranges and levels in the file" in note for note in found.local.notes)


def test_without_answers_it_says_what_is_missing(small_file: Any, rows: dict[str, list[Any]]) -> None:
    found = explain(Model.open(small_file("binary")), {k: v for k, v in rows.items() if k != "answer"})
    assert found.importance is None and "answer" in found.notes[0] and found.local is None
    renamed = {("truth" if k == "answer" else k): v for k, v in rows.items()}
    named = explain(Model.open(small_file("binary")), renamed, target="truth")
    assert named.importance is not None and named.notes == ()
    with pytest.raises(SchemaError, match="truth"):
        explain(Model.open(small_file("binary")), rows, target="truth")


def test_flags_and_numbers_have_their_own_answers(small_file: Any, rows: dict[str, list[Any]]) -> None:
    flags = {**rows, "answer": [a == "yes" for a in rows["answer"]]}
    found = explain(Model.open(small_file("flag")), flags)
    assert found.answer == "True" and found.importance is not None
    numbers = {**rows, "answer": rows["age"]}
    found = explain(Model.open(small_file("regression")), numbers, rows=[0])
    assert (found.answer, found.scale, found.ways) == ("answer", "value", ())


def test_a_row_that_is_not_there_is_refused(small_file: Any, rows: dict[str, list[Any]]) -> None:
    model = Model.open(small_file("binary"))
    with pytest.raises(SpecError, match=f"no row {N + 1}: the table has 120 rows"):  # as the command counts
        explain(model, rows, rows=[N])
    with pytest.raises(DataError, match="no rows"):
        explain(model, {k: [] for k in rows})


def test_a_time_cuts_the_rows_that_are_looked_at(small_file: Any, rows: dict[str, list[Any]]) -> None:
    model = Model.open(small_file("binary"))
    table = feature_rows(model, rows)
    # Two measurements of 120 rows: 12 ms is 100 µs for each row.
    usual = Effort().n_made_up(N, 4) * 1e-4
    assert effort_within(model, table, usual + 0.6, clock=iter([0.0, 0.5, 1.0, 1.012]).__next__) == Effort()
    cut = effort_within(model, table, usual / 4, clock=iter([0.0, 0.5, 1.0, 1.012]).__next__)
    n_asked = (usual / 4 - 0.512) * 1e4
    assert 0.8 * n_asked < cut.n_made_up(N, 4) <= n_asked
    least = effort_within(model, table, 1e-9)
    assert least == Effort(20, 3, 200, 3, 12, 1000, 10)
    found = explain(model, rows, seconds=1e-9)
    assert "fewer rows" in found.notes[-1] and found.importance is not None
    with pytest.raises(SpecError, match="time"):
        explain(model, rows, seconds=0)


def test_a_background_is_made_from_the_file_when_no_rows_are_given(small_file: Any) -> None:
    found = make_background(Model.open(small_file("binary")))
    ages = found.table.column("age").values
    assert found.origin == "schema" and found.table.n_rows == 64
    assert 18 <= ages.min() < 30 and 80 < ages.max() <= 90
    assert set(found.table.column("city").strings()) == {"Rome", "Oslo", "Köln"}
    assert "ranges and levels" in found.note


def test_a_sketch_in_the_file_is_better_than_its_ranges(small_file: Any) -> None:
    columns = {
        "age": {"quantiles": [20.0, 30.0, 31.0, 32.0, 80.0], "missing_share": 0.25},
        "member": {},
        "city": {"counts": {"Rome": 30, "Oslo": 10}},
        "since": {"quantiles": [0.0, 1e15]},
    }
    model = Model.open(small_file("binary", reference={"columns": columns}))
    found = make_background(model)
    ages = found.table.column("age").values
    assert found.origin == "reference" and np.isnan(ages).sum() == 16
    assert np.nanmedian(ages) == pytest.approx(31, abs=1)
    cities = found.table.column("city").strings().tolist()
    assert (cities.count("Rome"), cities.count("Oslo")) == (48, 16)


def test_a_background_is_a_sample_in_the_order_of_its_answers(small_file: Any, rows: dict[str, list[Any]]) -> None:
    model = Model.open(small_file("binary"))
    found = make_background(model, rows, most=50)
    assert found.table.n_rows == 50 and found.origin == "rows" and found.note == ""
    assert (np.diff(found.answers[:, 0]) >= 0).all()
    np.testing.assert_allclose(found.answers[:, 0], model.predict_proba(found.table)[:, 1], rtol=1e-12)
    np.testing.assert_allclose(found.base, found.answers.mean(axis=0))
    with pytest.raises(SpecError, match="at least one row"):
        make_background(model, rows, most=0)


def test_control_characters_of_cells_do_not_reach_the_terminal() -> None:
    found = Attribution(
        columns=("na\x1bme",),
        answers=("ye\ns",),
        scale="probability",
        method="exact",
        base=np.array([0.5]),
        given=np.array([[0.75]]),
        values=np.array([[[0.25]]]),
        errors=np.zeros((1, 1, 1)),
        cells=(("ce\rll" * 20,),),
        rows=(1,),
        n_background=1,
    )
    text = str(found)
    assert "\x1b" not in text and "\r" not in text and len(text.splitlines()) == 4
    assert "+0.25" in text and "±" not in text


def test_the_command_prints_a_text_or_one_document(small_file: Any, rows: dict[str, list[Any]], tmp_path: Path) -> None:
    model, data = tmp_path / "model.onnx", tmp_path / "data.csv"
    Model.open(small_file("binary")).save(model)
    lines = [",".join(rows), *(",".join(map(str, cells)) for cells in zip(*rows.values(), strict=True))]
    data.write_text("\n".join(lines), encoding="utf-8")
    text = CliRunner().invoke(command, [str(model), str(data), "--row", "7", "--keep", "age"], catch_exceptions=False)
    assert text.exit_code == 0 and "Row 7: yes" in text.output and "moves it by" in text.output
    made = CliRunner().invoke(command, [str(model), str(data), "--row", "7", "--json", "--scale", "margin"])
    document = json.loads(made.output)
    assert Explanation.from_json(document).to_json() == document
    assert document["scale"] == "margin" and document["local"]["rows"] == [7]
    wrong = CliRunner().invoke(command, [str(model), str(data), "--row", "700"])
    assert isinstance(wrong.exception, SpecError)


def test_the_verb_is_handed_out_by_the_package() -> None:
    assert mw.explain is explain


def test_the_rows_asked_about_keep_to_the_time_with_many_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(240, 79))
    data = {f"c{j}": numbers[:, j] for j in range(79)} | {"y": numbers[:, 1] + 2 * numbers[:, 2] * (numbers[:, 3] > 0)}
    model = mw.fit(data, target="y", budget=mw.Budget(trials=1))
    n_columns = len(model.schema.names)
    asked = 0
    predict = Model.predict

    def counted(self: Model, table: Any, **options: Any) -> Any:
        nonlocal asked
        asked += len(table)
        return predict(self, table, **options)

    monkeypatch.setattr(Model, "predict", counted)
    for limit in (400_000, 100_000, 30_000):
        effort = Effort().within(limit, 240, n_columns)
        monkeypatch.setattr("modelwright.insight.explain.effort_within", lambda *_, effort=effort: effort)
        asked = 0
        found = explain(model, data, seconds=1.0)
        assert 0.4 * limit < asked <= 1.1 * limit
        assert {s.column for s in found.strengths[:2]} <= {"c1", "c2", "c3"}
    assert found.importance is not None and len(found.importance.columns) == 10
    assert "Only 10 of" in " ".join(found.importance.notes)


def test_no_curve_shows_the_texts_of_single_rows(rng: np.random.Generator) -> None:
    names = [f"{rng.choice(['Mr', 'Mrs'])} {i} of {rng.choice(['Rome', 'Oslo'])} street" for i in range(N)]
    table = {
        "name": names,
        "ticket": [f"T{i}" if i % 3 else "T" for i in range(N)],
        "size": rng.normal(size=N).tolist(),
        "answer": ["yes" if "Mrs" in name else "no" for name in names],
    }
    spec = mw.FitSpec(kinds={"name": "text", "ticket": "category"})
    model = mw.fit(table, target="answer", budget=mw.Budget(trials=1), spec=spec)
    found = explain(model, table)
    assert {s.column for s in found.strengths} == {"name", "ticket", "size"}
    assert [c.column for c in found.curves] == ["size"]
    assert "Mrs 1" not in json.dumps(found.to_json())
