import pytest

from modelwright.core.errors import SpecError
from modelwright.core.spec import Budget
from modelwright.energy.load import HIGH_WATTS
from modelwright.energy.meter import Meter
from modelwright.search.power import EnergyLimit


class Machine:
    """A clock and a count of processor seconds that are set by hand."""

    def __init__(self) -> None:
        self.now = self.busy = 0.0
        self.meter = Meter((), own=lambda: self.busy, busy=lambda: None, clock=lambda: self.now)

    def run(self, seconds: float, threads: float) -> None:
        self.now += seconds
        self.busy += seconds * threads


def test_the_upper_end_of_the_meter_counts() -> None:
    machine = Machine()
    limit = EnergyLimit(1.0, machine.meter, 2, lambda: machine.now)
    assert limit.left == pytest.approx(3600 / (2 * HIGH_WATTS))
    machine.run(40.0, 2)
    assert limit.used == pytest.approx(40 * 2 * HIGH_WATTS)
    assert limit.left == pytest.approx(100 - 40)
    machine.run(70.0, 2)
    assert limit.left == 0.0


def test_more_power_than_the_threads_may_draw_is_believed_once_seen() -> None:
    machine = Machine()
    limit = EnergyLimit(1.0, machine.meter, 1, lambda: machine.now)
    machine.run(10.0, 4)
    assert limit.left == pytest.approx((3600 - 10 * 4 * HIGH_WATTS) / (4 * HIGH_WATTS))


def test_the_price_is_told_before_anything_is_used() -> None:
    machine = Machine()
    limit = EnergyLimit(0.5, machine.meter, 2, lambda: machine.now)
    assert limit.told == "At most 0.5 Wh, 0 of them used: at up to 36 W for the busy threads that is 50 s or more."


def test_energy_and_a_number_of_trials_exclude_each_other() -> None:
    with pytest.raises(SpecError, match="Leave out one of the two"):
        Budget(trials=2, watt_hours=1.0)
    with pytest.raises(SpecError, match="watt_hours must be more than 0"):
        Budget(watt_hours=0.0)
