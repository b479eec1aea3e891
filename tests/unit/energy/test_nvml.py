import ctypes
from typing import Any

from modelwright.energy.nvml import Nvml


class Driver:
    """What the driver's library offers, with devices of the given millijoules; None for one that does not count."""

    def __init__(self, counts: list[int | None], start: int = 0) -> None:
        self.counts = counts
        self.start = start

    def nvmlInit_v2(self) -> int:  # noqa: N802  # the library's name
        return self.start

    def nvmlDeviceGetCount_v2(self, n: Any) -> int:  # noqa: N802  # the library's name
        ctypes.cast(n, ctypes.POINTER(ctypes.c_uint))[0] = len(self.counts)
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, i: int, device: Any) -> int:  # noqa: N802  # the library's name
        ctypes.cast(device, ctypes.POINTER(ctypes.c_void_p))[0] = i + 1
        return 0

    def nvmlDeviceGetTotalEnergyConsumption(self, device: Any, count: Any) -> int:  # noqa: N802  # the library's name
        value = self.counts[(device.value or 0) - 1]
        if value is None:
            return 3  # not supported
        ctypes.cast(count, ctypes.POINTER(ctypes.c_ulonglong))[0] = value
        return 0


def test_devices_are_added_up() -> None:
    sensor = Nvml.found(lambda _: Driver([1500, 500]))
    assert sensor is not None
    assert sensor.joules() == 2.0
    assert sensor.description.source == "NVML (2 GPU)"
    assert sensor.description.covers == "devices"


def test_a_device_that_stops_telling_gives_nothing() -> None:
    driver = Driver([1500])
    sensor = Nvml.found(lambda _: driver)
    assert sensor is not None
    driver.counts = [None]
    assert sensor.joules() is None


def test_no_driver_no_device_or_no_count_mean_no_sensor() -> None:
    def missing(name: str) -> Any:
        raise OSError(f"{name}: cannot open shared object file")

    assert Nvml.found(missing) is None
    assert Nvml.found(lambda _: Driver([1], start=9)) is None
    assert Nvml.found(lambda _: Driver([])) is None
    assert Nvml.found(lambda _: Driver([None])) is None
    assert Nvml.found(lambda _: object()) is None


def test_devices_that_do_not_count_are_left_out_and_told() -> None:
    sensor = Nvml.found(lambda _: Driver([1500, None, 500]))
    assert sensor is not None
    assert sensor.joules() == 2.0
    assert sensor.description.source == "NVML (2 of 3 GPU)"


def test_a_library_from_before_the_counter_means_no_sensor() -> None:
    class Old:
        nvmlInit_v2 = Driver([]).nvmlInit_v2  # noqa: N815  # the library's name
        nvmlDeviceGetCount_v2 = Driver([1]).nvmlDeviceGetCount_v2  # noqa: N815  # the library's name
        nvmlDeviceGetHandleByIndex_v2 = Driver([1]).nvmlDeviceGetHandleByIndex_v2  # noqa: N815  # the library's name

    assert Nvml.found(lambda _: Old()) is None
