from typing import Any

import numpy as np
import pytest

import modelwright as mw
from modelwright.core.errors import DataError, SchemaError, SpecError
from modelwright.core.spec import Budget
from modelwright.insight.counterfactual import Goal, counterfactuals
from modelwright.model.model import Model

ROW = {"age": 25.0, "member": False, "city": "Oslo", "since": "2020-05-01"}


@pytest.fixture(scope="module")
def trees() -> tuple[Model, dict[str, list[Any]]]:
    """A model of several columns, and rows."""
    rng = np.random.default_rng(8)
    n = 300
    rows: dict[str, list[Any]] = {f"n{j}": rng.integers(0, 50, n).astype(float).tolist() for j in range(4)}
    rows["kind"] = rng.choice(["a", "b", "c"], n).tolist()
    score = np.array(rows["n0"]) - np.array(rows["n1"]) + 20 * (np.array(rows["kind"]) == "a")
    rows["y"] = np.where(score + rng.normal(0, 4, n) > 5, "good", "bad").tolist()
    return mw.fit(rows, target="y", budget=Budget(trials=1)), rows


def changed(record: dict[str, Any], way: Any) -> dict[str, Any]:
    """Return the record with the changes applied, from their text."""
    made = dict(record)
    for change in way.changes:
        made[change.column] = change.after if isinstance(record[change.column], str) else float(change.after)
    return made


def test_every_way_leads_to_the_other_answer_inside_the_data(trees: tuple[Model, dict[str, list[Any]]]) -> None:
    model, rows = trees
    for i in range(12):
        record = {name: rows[name][i] for name in model.schema.names}
        before = model.predict(record)
        found = counterfactuals(model, record, rows=rows)
        assert found.found and found.wanted != before
        for way in found.found:
            assert model.predict(changed(record, way)) == found.wanted
            assert model.predict_proba(changed(record, way))[found.wanted] == pytest.approx(way.answer)
            for change in way.changes:
                assert change.before == (
                    record[change.column] if change.column == "kind" else f"{record[change.column]:g}"
                )
                if change.column == "kind":
                    assert change.after in rows["kind"]
                else:
                    assert min(rows[change.column]) <= float(change.after) <= max(rows[change.column])
                    assert float(change.after).is_integer(), "whole numbers stay whole"


def test_ways_are_sparse_minimal_and_through_different_columns(trees: tuple[Model, dict[str, list[Any]]]) -> None:
    model, rows = trees
    for i in range(12):
        record = {name: rows[name][i] for name in model.schema.names}
        found = counterfactuals(model, record, rows=rows)
        sets = [frozenset(c.column for c in way.changes) for way in found.found]
        assert len(set(sets)) == len(sets)
        assert not any(a < b for a in sets for b in sets), "no way only adds changes to another"
        assert [len(s) for s in sets] == sorted(len(s) for s in sets)
        for way in found.found:
            for change in way.changes:
                spared = type(way)(tuple(c for c in way.changes if c is not change), 0.0, 0.0)
                assert model.predict(changed(record, spared)) != found.wanted, "each change is needed"


def test_what_must_stay_stays(trees: tuple[Model, dict[str, list[Any]]]) -> None:
    model, rows = trees
    record = {name: rows[name][0] for name in model.schema.names}
    found = counterfactuals(model, record, rows=rows, immutable=["n0", "kind"])
    assert found.kept == ("n0", "kind")
    assert not {c.column for way in found.found for c in way.changes} & {"n0", "kind"}
    nothing = counterfactuals(model, record, rows=rows, immutable=model.schema.names)
    assert nothing.found == () and "No way" in nothing.notes[0]
    with pytest.raises(SchemaError, match="n0"):
        counterfactuals(model, record, immutable=["n00"])


@pytest.mark.parametrize("kind", ["binary", "flag", "multiclass"])
def test_the_file_alone_is_enough(kind: str, small_file: Any) -> None:
    model = Model.open(small_file(kind))
    found = counterfactuals(model, ROW, most_changes=4)
    assert found.wanted == str(sorted(model.predict_proba(ROW).items(), key=lambda item: -item[1])[1][0])
    for way in found.found:
        for change in way.changes:
            if change.column == "age":
                assert 18 <= float(change.after) <= 90
            if change.column == "city":
                assert change.after in ("Rome", "Oslo", "Köln")


def test_a_number_is_moved_to_a_bound_and_no_further(small_file: Any) -> None:
    model = Model.open(small_file("regression"))
    start = model.predict(ROW)
    found = counterfactuals(model, ROW, goal=Goal(at_least=start + 0.4), immutable=["city", "since", "member"])
    (way,) = found.found
    assert start + 0.4 <= way.answer <= start + 0.4 + 0.04
    assert found.wanted == f"at least {start + 0.4:g}" and found.before == pytest.approx(start)
    down = counterfactuals(model, ROW, goal=Goal(at_most=start - 0.1))
    assert all(w.answer <= start - 0.1 for w in down.found) and down.found
    between = counterfactuals(model, ROW, goal=Goal(at_least=start + 0.3, at_most=start + 0.5))
    assert all(start + 0.3 <= w.answer <= start + 0.5 for w in between.found) and between.found
    there = counterfactuals(model, ROW, goal=Goal(at_least=start - 1))
    assert there.found == () and "already" in there.notes[0]


def test_a_missing_cell_may_be_filled_but_none_is_made_missing(small_file: Any) -> None:
    model = Model.open(small_file("binary"))
    found = counterfactuals(model, {**ROW, "age": None, "city": None})
    assert all(c.after != "missing" for way in found.found for c in way.changes)


def test_goals_that_make_no_sense_are_refused(small_file: Any) -> None:
    classes, numbers = Model.open(small_file("binary")), Model.open(small_file("regression"))
    with pytest.raises(SpecError, match="Classes: no, yes"):
        counterfactuals(classes, ROW, goal=Goal(label="maybe"))
    with pytest.raises(SpecError, match="at_least"):
        counterfactuals(numbers, ROW)
    with pytest.raises(SpecError, match="bound"):
        counterfactuals(numbers, ROW, goal=Goal(label="yes"))
    with pytest.raises(DataError, match="one row"):
        counterfactuals(classes, [ROW, ROW])


def test_a_date_that_is_a_whole_day_becomes_another_whole_day() -> None:
    days = np.datetime64("2024-01-01") + np.arange(120)
    rows: dict[str, Any] = {"day": days, "y": np.where(np.arange(120) > 70, "late", "early")}
    model = mw.fit(rows, target="y", budget=Budget(trials=1))
    found = counterfactuals(model, {"day": "2024-01-10"}, rows=rows)
    assert [len(change.after) for change in found.found[0].changes] == [len("2024-03-12")]
