"""A limit on the time of one row: which rung ships, and that nothing ships when none is fast enough."""

from pathlib import Path

import numpy as np
import pytest

from modelwright.api import fit, load
from modelwright.core.errors import GateError, SpecError
from modelwright.core.spec import Budget, FitSpec, parse_latency
from modelwright.model.model import Model
from modelwright.model.speed import row_microseconds
from modelwright.search.latency import candidates, check_latency, measured
from modelwright.search.tiers import Ladder, Rung


def rung(name: str, megabytes: float, loss: float) -> Rung:
    return Rung(name, None, megabytes, loss, 0.0, 0.0)  # type: ignore[arg-type]  # no member is asked


def test_the_chosen_rung_comes_first_then_the_smaller_from_the_most_accurate_on() -> None:
    rungs = (rung("mixture", 9, 0.1), rung("pair", 5, 0.2), rung("single", 3, 0.4), rung("STU-60", 1, 0.3))
    assert [r.name for r in candidates(Ladder(rungs, rungs[0], "accurate"))] == ["mixture", "pair", "STU-60", "single"]
    assert [r.name for r in candidates(Ladder(rungs, rungs[2], "balanced"))] == ["single", "STU-60"]


@pytest.mark.parametrize(("text", "seconds"), [("50us", 5e-5), ("50µs", 5e-5), ("0.2 ms", 2e-4), ("1s", 1.0)])
def test_a_time_has_a_unit(text: str, seconds: float) -> None:
    assert parse_latency(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["50", "fast", "0us", "-1ms", "50ns"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="is not a time"):
        parse_latency(text)
    with pytest.raises(SpecError, match="more than 0"):
        FitSpec(latency=0.0)


def table(n_rows: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, n_rows))
    return {"x": x, "z": z, "y": np.where(x + z**2 + rng.normal(size=n_rows) > 1, "yes", "no")}


def test_what_ships_is_the_first_that_a_measurement_lets_through(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def by_size(model: Model) -> float:
        asked.append(model.size_bytes)
        return model.size_bytes / 1e3

    monkeypatch.setattr("modelwright.search.fit.shipped_within", _with(by_size))
    whole = fit(table(300), target="y", budget=Budget(trials=3), spec=FitSpec(latency=1.0))
    assert whole.documents["tiers"]["chosen"] == "mixture"
    assert len(asked) == 2  # the draft and the sealed file
    asked.clear()
    limit = 0.6 * whole.size_bytes / 1e3
    spec = FitSpec(latency=limit / 1e6)
    small = fit(table(300), target="y", budget=Budget(trials=3), spec=spec)
    assert small.documents["tiers"]["chosen"] != "mixture"
    assert small.size_bytes / 1e3 <= limit
    assert asked[-1] == small.size_bytes
    assert asked[0] > limit * 1e3
    members = {line["id"] for line in small.leaderboard if line["weight"]}
    told = {line["name"]: set(line["members"]) for line in small.documents["tiers"]["rungs"]}
    assert members == told[small.documents["tiers"]["chosen"]]


def _with(measure):  # type: ignore[no-untyped-def]  # hands over whatever it is given
    from modelwright.search.latency import shipped_within

    return lambda *given: shipped_within(*given, measure=measure)


def test_no_model_in_time_writes_nothing_and_says_what_the_fastest_took(tmp_path: Path) -> None:
    place = tmp_path / "y.onnx"
    with pytest.raises(GateError, match=r"within 0.1 µs here: the fastest, [\w-]+, takes \d+ µs") as caught:
        fit(table(200), target="y", budget=Budget(trials=1), spec=FitSpec(latency=1e-7, interval=None), out=place)
    assert caught.value.exit_code == 4
    assert not place.exists()


def test_a_generous_limit_is_kept_by_the_file(tmp_path: Path) -> None:
    place = tmp_path / "y.onnx"
    fit(table(200), target="y", budget=Budget(trials=1), spec=FitSpec(latency=5.0), out=place)
    model = load(place)
    assert 0 < row_microseconds(model, repeats=5) < 5e6
    check_latency(model.to_bytes(), 5.0)
    check_latency(b"never opened", None)
    with pytest.raises(GateError, match="the fastest, the model, takes"):
        check_latency(model.to_bytes(), 1e-9)
    assert measured(model) > 0
