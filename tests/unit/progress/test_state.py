import pytest

from modelwright.core.events import Event
from modelwright.progress.state import Progress, failed, figure, metric_title

RUN = (
    Event("phase", 0.1, {"phase": "race"}),
    Event("trial", 1.0, {"id": "LGB-1", "family": "lightgbm", "fold": 0, "folds": 2, "took": 0.9, "state": "racing"}),
    Event("trial", 2.0, {"id": "LGB-1", "family": "lightgbm", "fold": 1, "folds": 2, "took": 0.9, "state": "done"}),
    Event("best", 2.1, {"metric": "roc_auc", "score": 0.84, "low": 0.82, "high": 0.86, "members": 1}),
    Event(
        "trial", 3.0, {"id": "SVM-1", "family": "svm", "fold": 0, "folds": 2, "state": "failed", "reason": "too big"}
    ),
    Event(
        "trial", 3.1, {"id": "SVM-1", "family": "svm", "fold": 1, "folds": 2, "state": "failed", "reason": "too big"}
    ),
)


def after(*events: Event, budget: float | None = 60.0) -> Progress:
    state = Progress(budget)
    for event in events:
        state = state.after(event)
    return state


def test_the_state_sums_up_the_events() -> None:
    state = after(*RUN)
    assert state.phase_title == "Trying learners"
    assert state.best == "ROC AUC 0.8400 (0.8200 to 0.8600)"
    assert state.trials == "1 done, 1 failed"
    assert state.burnt(state.seconds) == "3 s of 60 s"


def test_a_configuration_counts_once_however_many_folds_it_has() -> None:
    assert after(*RUN[:2]).trials == "0 done, 1 under way"
    assert after(*RUN[:3]).trials == "1 done"


def test_done_keeps_the_final_score() -> None:
    state = after(*RUN, Event("done", 9.0, {"metric": "roc_auc", "score": 0.85, "members": 3, "bytes": 10}))
    assert (state.phase, state.score, state.members) == ("done", 0.85, 3)


def test_time_does_not_run_backwards() -> None:
    assert after(Event("note", 5.0, {"text": ""}), Event("note", 4.0, {"text": ""})).seconds == 5.0


def test_an_unknown_event_or_phase_does_no_harm() -> None:
    assert after(Event("comet", 1.0, {"tail": 3}), Event("phase", 1.0, {"phase": "dream"})).phase_title == "Dream"


def test_without_a_time_limit_only_the_time_is_shown() -> None:
    assert after(*RUN, budget=None).burnt(3.0) == "3 s"


def test_a_failure_says_who_and_why() -> None:
    assert failed(RUN[-1]) == "SVM-1 failed: too big"
    assert failed(RUN[0]) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.84721, "0.8472"), (12.3456, "12.35"), (0.0, "0.0000"), (-0.5, "-0.5000"), (123456.7, "123,457")],
)
def test_figures_are_short(value: float, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(("name", "title"), [("roc_auc", "ROC AUC"), ("rmse", "RMSE"), ("log_loss", "log loss")])
def test_metrics_are_called_as_people_call_them(name: str, title: str) -> None:
    assert metric_title(name) == title
