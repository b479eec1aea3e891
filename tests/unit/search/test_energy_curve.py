"""What less energy would have scored, from out-of-fold answers with a meter and milestones set by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from modelwright.core.task import Target, Task
from modelwright.energy.energy import Energy
from modelwright.insight.energy_curve import EnergyCurve
from modelwright.learners.linear import Linear
from modelwright.metrics.choose import metric_for
from modelwright.search import energy_curve as made
from modelwright.search.contention import Contention
from modelwright.search.energy_curve import energy_curve
from modelwright.search.folds import plan_folds
from modelwright.search.milestones import Milestones
from modelwright.search.mixture import compose
from modelwright.search.trials import Trial

TASKS = {
    "roc_auc": Task("binary", ("no", "yes")),
    "f1": Task("binary", ("no", "yes")),
    "log_loss": Task("multiclass", ("a", "b", "c")),
    "rmse": Task("regression"),
    "mae": Task("regression"),
}
READY = {"CONST": 1.0, "LIN-1": 20.0, "LGB-1": 45.0, "CAT-1": 90.0}
NOISE = {"CONST": None, "LIN-1": 3.0, "LGB-1": 1.5, "CAT-1": 1.0}


def run_of(
    metric: str = "roc_auc", n_rows: int = 600, ready: dict[str, float] | None = None
) -> tuple[Any, list[Trial]]:
    """Return a run whose later trials are better, and its trials; the race used 100 joules, other phases as many."""
    task, rng = TASKS[metric], np.random.default_rng(5)
    values = rng.integers(0, len(task.classes), n_rows) if task.classes else rng.normal(size=n_rows)
    target = Target(task, values)
    plan = plan_folds(target, 60.0, np.random.default_rng(0))
    signal = (
        values[:, None]
        if not task.classes
        else np.where(np.eye(len(task.classes))[values][:, -task.n_margins :], 1.0, -1.0)
    )
    trials = []
    for name, noise in NOISE.items():
        margins = np.zeros(signal.shape) if noise is None else signal + noise * rng.normal(size=signal.shape)
        state: Any = "done"
        trials.append(Trial(name, Linear(), state, {i: margins[fold.valid] for i, fold in enumerate(plan.folds)}))
    phases = {"plan": Energy(40.0, 20.0, 80.0, "a test"), "race": Energy(100.0, 50.0, 300.0, "a test")}
    phases["refit"] = Energy(60.0, 30.0, 90.0, "a test")
    run = SimpleNamespace(
        metric=metric_for(metric, task),
        seed=3,
        plan=plan,
        question=SimpleNamespace(target=target, judged=None),
        store=SimpleNamespace(size=lambda name: 1_000),
        meter=SimpleNamespace(phases=phases),
        milestones=Milestones(dict(READY if ready is None else ready)),
        watch=SimpleNamespace(interrupted=False),
        contention=Contention(),
        left=100.0,
    )
    return run, trials


def curve_of(*asked: Any, **options: Any) -> EnergyCurve:
    found = energy_curve(*run_of(*asked, **options), 100.0)
    assert isinstance(found, EnergyCurve), found
    return found


def test_the_trials_that_were_finished_by_then_are_mixed() -> None:
    curve = curve_of()
    assert [s.share for s in curve.stops] == [0.1, 0.25, 0.5, 0.75, 1.0]
    assert [s.n_trials for s in curve.stops] == [1, 2, 3, 3, 4]
    assert [s.joules.value for s in curve.stops] == pytest.approx([10.0, 25.0, 50.0, 75.0, 100.0])
    assert (curve.stops[2].joules.low, curve.stops[2].joules.high) == pytest.approx((25.0, 150.0))
    scores = [s.score.value for s in curve.stops]
    assert scores[0] == pytest.approx(0.5)
    assert scores == sorted(scores)
    assert curve.stops[-1].n_members <= 4
    assert curve.source == "a test"


@pytest.mark.parametrize("metric", TASKS)
def test_the_last_stop_is_the_estimate_of_the_fit_and_the_rest_is_better_above_zero(metric: str) -> None:
    run, trials = run_of(metric)
    curve = energy_curve(run, trials, 100.0)
    assert isinstance(curve, EnergyCurve)
    found = compose(run, trials)
    answers = found.oof.target.task.answers(found.estimate(run.metric, run.seed))
    if metric != "f1":  # whose labels are decided by thresholds of other rows
        assert curve.stops[-1].score.value == pytest.approx(run.metric.score(run.question.target.values, answers, None))
    assert curve.stops[-1].rest.value == 0.0
    first, sign = curve.stops[1], 1.0 if run.metric.greater_is_better else -1.0
    assert first.rest.low <= first.rest.value <= first.rest.high
    assert first.rest.low > 0, "the later trials are clearly better"
    assert first.rest.value == pytest.approx(sign * (curve.stops[-1].score.value - first.score.value), abs=1e-9)
    assert EnergyCurve.from_json(curve.to_json()) == curve


def test_a_stop_before_the_first_trial_says_so() -> None:
    curve = curve_of(ready={**READY, "CONST": 12.0, "LIN-1": 60.0, "LGB-1": 61.0})
    assert np.isnan(curve.stops[0].score.value)
    assert curve.stops[0].n_trials == 0
    assert [s.n_trials for s in curve.stops[1:]] == [1, 1, 3, 4]
    none = curve_of(ready=dict.fromkeys(READY, 99.0))
    assert "would not have been enough for one finished trial" in none.verdict


def test_equal_trials_are_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = []
    original = made._judge
    monkeypatch.setattr(made, "_judge", lambda run, found, whole: judged.append(found) or original(run, found, whole))
    curve_of(ready=dict.fromkeys(READY, 5.0))
    assert len(judged) == 1


def test_many_rows_are_thinned_and_the_curve_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "MOST_CELLS", 400)
    curve = curve_of("log_loss")
    assert curve.n_rows == 133
    assert any("Scored on 133 of the 600 rows" in note for note in curve.notes)


def test_what_there_is_no_time_for_is_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    run, trials = run_of()
    assert energy_curve(run, trials, 0.0) == "No time was left for it (0.0 s)."
    ticks = iter(np.arange(0.0, 1000.0, 1.0))
    monkeypatch.setattr(made, "monotonic", lambda: float(next(ticks)))
    found = energy_curve(run, trials, 7.5)  # each mixture takes a second or two of this clock
    assert isinstance(found, EnergyCurve)
    assert {0.5, 1.0} <= {s.share for s in found.stops}
    assert len(found.stops) < 5
    assert any(note.startswith("No time was left for") for note in found.notes)


def test_the_reason_is_told_where_there_is_no_curve() -> None:
    run, trials = run_of(ready={})
    assert energy_curve(run, trials, 100.0) == "No learner finished all of its folds."
    run, trials = run_of()
    run.watch.interrupted = True
    assert energy_curve(run, trials, 100.0) == "The fit was asked to end."
    run, trials = run_of()
    run.meter.phases["race"] = Energy(0.0, 0.0, 0.0, "")
    assert energy_curve(run, trials, 100.0) == "The search used less energy than the meter can tell."
