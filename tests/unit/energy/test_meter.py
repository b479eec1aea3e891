"""The meter against sensors and clocks that are not there, wrap, vanish or deny."""

import itertools
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from modelwright.core.errors import SpecError
from modelwright.energy.load import HIGH_WATTS, LOW_WATTS, WATTS
from modelwright.energy.meter import IN_SIGHT, Meter, Reading, between, find_sensors
from modelwright.energy.processor_time import busy_seconds, own_seconds
from modelwright.energy.sensor import Description, Sensor
from modelwright.search.power import EVERY, EnergyLimit


class Counter(Sensor):
    """A sensor that gives the readings it was told to."""

    def __init__(self, readings: Iterable[float | None], description: Description) -> None:
        self._readings = iter(readings)
        self._description = description

    @property
    def description(self) -> Description:
        return self._description

    def joules(self) -> float | None:
        return next(self._readings)


def processors(*readings: float | None) -> Counter:
    return Counter(readings, Description("RAPL package, our share by processor time", "machine", 0.4))


def meter(sensors: Iterable[Sensor], own: Iterable[float], busy: Iterable[float | None]) -> Meter:
    owns, busies = iter(own), iter(busy)
    return Meter(tuple(sensors), own=lambda: next(owns), busy=lambda: next(busies), clock=itertools.count().__next__)


def test_our_share_of_a_busy_machine_is_counted_by_processor_time() -> None:
    measured = meter([processors(1000.0, 1100.0)], own=[0, 5], busy=[0, 20]).stop()
    assert measured.joules == pytest.approx(25.0)
    assert measured.low == pytest.approx(15.0)
    assert measured.high == pytest.approx(140.0), "all of it may have been there for us"
    assert "RAPL" in measured.source
    assert measured.cpu_seconds == 5


def test_without_a_sensor_the_load_is_modelled_and_the_source_says_so() -> None:
    measured = meter([], own=[1, 11], busy=[0, 10]).stop()
    assert (measured.low, measured.joules, measured.high) == (LOW_WATTS * 10, WATTS * 10, HIGH_WATTS * 10)
    assert "not measured" in measured.source


def test_a_sensor_that_vanishes_is_replaced_for_the_phases_without_it() -> None:
    counting = meter([processors(0.0, 50.0, None)], own=[0, 10, 20], busy=[0, 10, 20])
    counting.phase("after")
    measured = counting.stop()
    assert counting.phases["start"].joules == pytest.approx(50.0)
    assert counting.phases["after"].joules == pytest.approx(WATTS * 10)
    assert "RAPL" in measured.source and "modelled" in measured.source


def test_a_counter_that_falls_back_is_not_believed() -> None:
    measured = meter([processors(100.0, 10.0)], own=[0, 1], busy=[0, 1]).stop()
    assert measured.joules == WATTS


def test_devices_are_added_to_the_processors() -> None:
    gpu = Counter([0.0, 300.0], Description("NVML (1 GPU)", "devices", 0.4))
    measured = meter([gpu], own=[0, 1], busy=[0, 4]).stop()
    assert measured.joules == pytest.approx(300 + WATTS)
    assert measured.cpu_seconds == 1
    both = meter([processors(0.0, 40.0), Counter([0.0, 300.0], gpu.description)], own=[0, 1], busy=[0, 4]).stop()
    assert both.joules == pytest.approx(310.0)


def test_a_machine_that_does_not_say_how_busy_it_was_is_counted_as_ours() -> None:
    assert meter([processors(0.0, 8.0)], own=[0, 1], busy=[None, None]).stop().joules == 8.0


def test_phases_add_up_and_go_on_where_they_stopped() -> None:
    counting = meter([], own=[0, 1, 3, 6, 10], busy=[0] * 5)
    counting.phase("race")
    counting.phase("refit")
    counting.phase("race")
    measured = counting.stop()
    assert [used.cpu_seconds for used in counting.phases.values()] == [1, 6, 3]
    assert list(counting.phases) == ["start", "race", "refit"]
    assert measured.cpu_seconds == 10
    assert counting.read() == measured, "nothing is counted after the end"
    assert counting.to_json()["phases"]["race"]["joules"] == WATTS * 6


def test_time_that_seems_to_run_backwards_is_no_energy() -> None:
    first, second = Reading(0, 10, 10, ()), Reading(1, 9, 12, ())
    assert between(first, second, []).joules == 0


def test_a_sensor_without_a_description_is_refused() -> None:
    with pytest.raises(SpecError, match="one description"):
        between(Reading(0, 0, 0, (1.0,)), Reading(1, 1, 1, (2.0,)), [])


def test_a_real_meter_sees_its_running_child() -> None:
    code = "import time\nwhile time.process_time() < 0.3: pass\nprint('x', flush=True)\ninput()"
    before = own_seconds()
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    running = own_seconds() - before
    child.communicate(b"\n")
    ended = own_seconds() - before
    assert ended >= 0.25
    if Path("/proc/self/stat").exists():
        assert running >= 0.25


def test_a_real_meter_counts_itself_with_its_interval() -> None:
    with Meter() as counting:
        sum(i * i for i in range(200_000))
    used = counting.total
    assert 0 <= used.low <= used.joules <= used.high
    assert used.source
    assert isinstance(find_sensors(), tuple)


def test_a_machine_without_a_list_of_processes_still_counts(tmp_path: Path) -> None:
    assert own_seconds(tmp_path / "none") > 0
    assert busy_seconds(tmp_path / "none") is None
    (tmp_path / "stat").write_text("cpu  100 0 100 900 50 0 0 7 0 0\n")
    assert busy_seconds(tmp_path) == pytest.approx(2.0, rel=0.5)


def test_descendants_are_found_by_their_parents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getpid", lambda: 10)
    for number, parent, ticks in ((10, 1, 999), (11, 10, 100), (12, 11, 50), (13, 1, 777)):
        (tmp_path / str(number)).mkdir()
        cells = f"{number} (a ) name) S {parent} 0 0 0 0 0 0 0 0 0 {ticks} 0 0 0 20 0"
        (tmp_path / str(number) / "stat").write_text(cells)
    alone = own_seconds(tmp_path / "none")
    by_scan = own_seconds(tmp_path) - alone
    for number, children in ((10, "11"), (11, "12 99"), (12, "")):
        (tmp_path / str(number) / "task" / str(number)).mkdir(parents=True)
        (tmp_path / str(number) / "task" / str(number) / "children").write_text(children)
    by_list = own_seconds(tmp_path) - alone
    assert by_scan == pytest.approx(1.5, abs=0.3)
    assert by_list == pytest.approx(1.5, abs=0.3)


def test_a_counter_that_a_sleep_has_set_back_is_not_taken_for_one_that_went_round() -> None:
    measured = meter([processors(10.0, 262_000.0)], own=[0, 1], busy=[0, 1]).stop()
    assert measured.joules == WATTS
    assert "not measured" in measured.source


class Ticking:
    """A clock set by hand, and a sensor that counts how often it was read."""

    def __init__(self) -> None:
        self.now, self.n_reads = 0.0, 0
        self.meter = Meter((self._sensor(),), own=lambda: self.now, busy=lambda: None, clock=lambda: self.now)

    def _sensor(self) -> Sensor:
        outer = self

        class Read(Sensor):
            @property
            def description(self) -> Description:
                return Description("RAPL package", "machine", 0.4)

            def joules(self) -> float:
                outer.n_reads += 1
                return outer.now

        return Read()


def test_looking_all_the_time_reads_the_sensors_rarely() -> None:
    # A read takes about a millisecond (benchmarks/log.md): four in a second are less than a hundredth of it.
    machine = Ticking()
    for _ in range(4000):  # ten thousand seconds, as a race looks at its crew
        machine.now += 2.5
        machine.meter.recent(IN_SIGHT)
    assert machine.n_reads <= 1 + 10_000 / IN_SIGHT
    assert machine.meter.read().joules == pytest.approx(10_000.0)
    machine = Ticking()
    for _ in range(10_000):  # ten seconds of trials that end every millisecond
        machine.now += 0.001
        machine.meter.recent(EVERY)
    assert machine.n_reads <= 1 + 10 / EVERY
    assert EVERY >= 0.25


def test_a_limit_of_energy_reads_the_sensors_at_most_four_times_in_a_second() -> None:
    machine = Ticking()
    limit = EnergyLimit(1e6, machine.meter, 2, lambda: machine.now)
    before = machine.n_reads
    for _ in range(10_000):
        machine.now += 0.001
        assert limit.left > 0
    assert machine.n_reads - before <= 10 * 4
