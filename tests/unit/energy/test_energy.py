import pytest

from modelwright.core.errors import DataError, SpecError
from modelwright.energy.allowance import Allowance
from modelwright.energy.energy import NOTHING, Energy, total
from modelwright.energy.load import modelled
from modelwright.energy.meter import Meter
from modelwright.energy.predictions import per_thousand
from modelwright.energy.regions import REGIONS, carbon, region
from modelwright.energy.shares import shared

USED = Energy(7200.0, 3600.0, 14400.0, "modelled", 100.0)


def test_amounts_add_up_with_their_ends_and_sources() -> None:
    both = total([USED, Energy(1.0, 0.5, 2.0, "RAPL", 3.0), USED])
    assert (both.joules, both.low, both.high, both.cpu_seconds) == (14401.0, 7200.5, 28802.0, 203.0)
    assert both.source == "modelled; RAPL"
    assert NOTHING + USED == USED


def test_an_amount_is_never_printed_bare() -> None:
    assert str(USED) == "2 Wh (between 1 and 4; modelled)"
    assert str(Energy(5.0, 2.0, 8.0, "RAPL")) == "5 J (between 2 and 8; RAPL)"
    assert "kWh" in str(USED.times(1e5))


def test_an_amount_survives_json() -> None:
    assert Energy.from_json(USED.to_json()) == USED
    with pytest.raises(DataError, match="not a document of the form"):
        Energy.from_json({**USED.to_json(), "schema": "x"})
    with pytest.raises(DataError, match="cannot be understood"):
        Energy.from_json({})


def test_shares_follow_processor_time_and_add_up() -> None:
    parts = shared(USED, {"a": 30.0, "b": 10.0})
    assert {name: part.joules for name, part in parts.items()} == pytest.approx({"a": 2160, "b": 720, "rest": 4320})
    assert total(parts.values()).joules == pytest.approx(USED.joules)
    assert total(shared(USED, {"a": 30.0, "b": 10.0}, rest=None).values()).joules == pytest.approx(USED.joules)
    assert shared(USED, {"a": 400.0})["a"].joules == pytest.approx(USED.joules), "clocks that disagree"


def test_shares_of_no_time_are_nothing() -> None:
    assert shared(Energy(5, 1, 9, "x"), {"a": 0.0}) == {"a": NOTHING, "rest": Energy(5, 1, 9, "x")}
    with pytest.raises(SpecError, match="negative"):
        shared(USED, {"a": -1.0})


@pytest.mark.parametrize(("text", "expected"), [("20Wh", 20), ("500 mWh", 0.5), ("0.1kwh", 100), (3, 3), ("2", 2)])
def test_an_allowance_is_read_in_any_unit(text: str, expected: float) -> None:
    assert Allowance.parse(text).watt_hours == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "Wh", "-1Wh", "0", "5J", "nan"])
def test_what_is_no_allowance_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="is not an amount"):
        Allowance.parse(text)


def test_an_allowance_runs_out() -> None:
    allowance = Allowance(3.0)
    assert allowance.left(USED) == pytest.approx(1.0)
    assert allowance.left(USED + USED) == 0.0


def test_carbon_follows_the_region_and_names_both_sources() -> None:
    made = carbon(USED.times(500), "se")
    assert made.grams == pytest.approx(41.0)
    assert (made.low, made.high) == (pytest.approx(20.5), pytest.approx(82.0))
    assert "modelled" in made.source and "2023" in made.source and "Ember" in made.source
    assert carbon(USED).grams == pytest.approx(0.962)
    assert "kg" in str(carbon(USED.times(1e4)))
    assert made.to_json()["grams"] == made.grams


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(SpecError, match="'XX' is not in the table"):
        region("XX")


def test_every_region_is_plausible() -> None:
    assert all(10 < r.grams < 1000 and 2021 <= r.year <= 2023 for r in REGIONS.values())
    assert list(REGIONS)[1:] == sorted(list(REGIONS)[1:])


def test_predictions_are_repeated_until_they_can_be_told() -> None:
    calls = []
    seconds = lambda: len(calls) * 0.01  # noqa: E731  # a clock: each call takes ten milliseconds
    used = per_thousand(lambda: calls.append(1), 50, Meter((), own=seconds, busy=lambda: None))
    assert 20 <= len(calls) <= 60
    # The first call warms up and is only counted when the meter was made before it.
    assert used.joules == pytest.approx(modelled(0.01).joules * 1000 / 50, rel=0.1)
    with pytest.raises(SpecError, match="At least one row"):
        per_thousand(lambda: None, 0)


def test_the_package_hands_out_its_names() -> None:
    import modelwright.energy as package

    assert [getattr(package, name).__name__ for name in package.__all__] == package.__all__
    with pytest.raises(AttributeError, match="no attribute 'Joule'"):
        _ = package.Joule
