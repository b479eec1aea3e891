from modelwright.insight.energy_curve import EnergyCurve, Stop
from modelwright.metrics.bootstrap import Interval

NONE = Interval(float("nan"), float("nan"), float("nan"))


def stop(share: float, n_trials: int, score: Interval, rest: Interval) -> Stop:
    joules = Interval(7200.0 * share, 3600.0 * share, 14400.0 * share)
    return Stop(share, joules, n_trials, min(2, n_trials), score, rest)


def curve(rest: Interval, *, n_trials: int = 3, notes: tuple[str, ...] = ()) -> EnergyCurve:
    stops = (
        stop(0.5, n_trials, Interval(0.84, 0.83, 0.85), rest),
        stop(1.0, 5, Interval(0.86, 0.85, 0.87), Interval(0.0, 0.0, 0.0)),
    )
    return EnergyCurve("roc_auc", "ROC AUC", True, stops, 400, "DeLong", "a test", notes=notes)


def test_half_the_energy_is_told_in_a_sentence_with_intervals() -> None:
    head = "Half of the search's energy (1 of 2 Wh) would have scored ROC AUC 0.84 (0.83 to 0.85)"
    found = curve(Interval(0.02, 0.01, 0.03)).verdict
    assert found == f"{head}; the other half made it better by +0.0200 (0.01 to 0.03)."
    found = curve(Interval(0.02, -0.01, 0.03)).verdict
    assert found == f"{head}; the other half brought nothing beyond chance: +0.0200 (-0.01 to 0.03)."
    assert curve(Interval(-0.02, -0.03, -0.01)).verdict.endswith(
        "the other half made it worse: -0.0200 (-0.03 to -0.01)."
    )
    assert curve(NONE, n_trials=5).verdict == f"{head}; with the other half no further trial was finished."


def test_no_half_is_said_too() -> None:
    whole = curve(NONE).stops[1:]
    found = EnergyCurve("roc_auc", "ROC AUC", True, whole, 400, "none", "a test", notes=("No time was left for 50%.",))
    assert found.half is None
    assert found.verdict.endswith("was not looked at. No time was left for 50%.")


def test_a_curve_becomes_json_and_comes_back_and_is_looked_at() -> None:
    found = curve(Interval(0.02, 0.01, 0.03), notes=("a note",))
    assert EnergyCurve.from_json(found.to_json()) == found
    assert found.to_columns()["watt_hours"] == [1.0, 2.0]
    assert "a note" in str(found)
    assert "50%" in str(found) and "+0.02" in str(found)
