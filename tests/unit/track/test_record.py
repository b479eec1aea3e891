import json

import pytest

from modelwright.core.errors import BudgetError, DataError
from modelwright.core.events import Event
from modelwright.model.model import Model
from modelwright.track.record import Figure, Fold, Run, failure, record


def test_a_run_tells_what_the_file_and_the_events_told(tracked_model: Model, events: list[Event]) -> None:
    run = record(tracked_model, events, source="churn.csv", began=1000.0)
    assert (run.name, run.status, run.seconds) == ("answer", "finished", 3.0)
    assert run.main == Figure("roc_auc", 0.9, 0.85, 0.94, True)
    assert run.figure("energy_joules") == Figure("energy_joules", 20.0, 10.0, 40.0, False)
    assert run.parameters["task"] == "binary"
    assert run.parameters["columns.number"] == 1
    assert run.parameters["members"] == 1
    assert run.data["source"] == "churn.csv"
    assert run.model["digest"] == tracked_model.digest
    assert run.notes == ("Column 'id' is left out.",)
    assert [best.score for best in run.course] == [0.9]


def test_a_trial_has_its_folds_and_its_energy(tracked_model: Model, events: list[Event]) -> None:
    first, second = record(tracked_model, events, began=0.0).tried
    assert first.folds == (Fold(0, 0.5, 0.31), Fold(1, 0.7, 0.29))
    assert (first.weight, first.loss, first.joules) == (1.0, 0.3, 12.0)
    assert (second.state, second.reason, second.loss, second.joules) == ("dropped", "worse", None, None)


def test_an_interrupted_fit_is_told_as_such(tracked_model: Model, events: list[Event]) -> None:
    assert record(tracked_model, [*events, Event("interrupted", 3.1, {"signal": 2})]).status == "interrupted"


def test_a_fit_without_a_model_keeps_what_was_tried(events: list[Event]) -> None:
    run = failure(BudgetError("The budget ended."), events, name="late", began=0.0, ended=4.0)
    assert (run.status, run.error) == ("failed", "BudgetError: The budget ended.")
    assert [(t.id, t.state, len(t.folds)) for t in run.tried] == [("LGB-1", "done", 2), ("LIN", "dropped", 1)]


def test_a_run_survives_json(tracked_model: Model, events: list[Event]) -> None:
    run = record(tracked_model, events, began=1000.0)
    text = json.dumps(run.to_json(), allow_nan=False)
    assert Run.from_json(json.loads(text)) == run


def test_entries_of_a_later_version_are_passed_over(tracked_model: Model) -> None:
    value = record(tracked_model, began=1.0).to_json()
    value["later"] = 1
    value["figures"][0]["later"] = 1
    value["tried"][0]["later"] = 1
    assert Run.from_json(value).main == Figure("roc_auc", 0.9, 0.85, 0.94, True)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"schema": "modelwright/run/9"},
        {"schema": "modelwright/run/1", "status": "odd"},
        {"schema": "modelwright/run/1", "status": "failed", "name": "a", "began": "x", "ended": 1.0},
        {"schema": "modelwright/run/1", "status": "failed", "name": "a", "began": 0.0, "ended": 1.0, "figures": 3},
    ],
)
def test_what_is_no_run_is_refused(value: object) -> None:
    with pytest.raises(DataError):
        Run.from_json(value)
