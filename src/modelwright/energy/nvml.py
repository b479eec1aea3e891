"""The energy counters of NVIDIA's graphics processors, read from their driver's library."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, final

from modelwright.energy.sensor import Description, Sensor

LIBRARY = "libnvidia-ml.so.1"

ERROR = 0.4
"""The same caution as for RAPL; other users of the device are counted too."""


@final
@dataclass(slots=True)
class Nvml(Sensor):
    """All graphics processors that the driver shows.

    Attributes:
        library: The driver's library, or what stands for it.
        devices: Handles of the devices.
    """

    library: Any
    devices: tuple[Any, ...]

    @classmethod
    def found(cls, load: Callable[[str], Any] = ctypes.CDLL) -> Self | None:
        """Return the sensor, or None where there is no driver or no device that counts energy."""
        try:
            library = load(LIBRARY)
            if library.nvmlInit_v2() != 0:
                return None
            n = ctypes.c_uint()
            if library.nvmlDeviceGetCount_v2(ctypes.byref(n)) != 0:
                return None
            devices = []
            for i in range(n.value):
                device = ctypes.c_void_p()
                if library.nvmlDeviceGetHandleByIndex_v2(i, ctypes.byref(device)) == 0:
                    devices.append(device)
        except (OSError, AttributeError):
            return None
        sensor = cls(library, tuple(devices))
        return sensor if devices and sensor.joules() is not None else None

    @property
    def description(self) -> Description:
        """The devices."""
        return Description(f"NVML ({len(self.devices)} GPU)", "devices", ERROR)

    def joules(self) -> float | None:
        """Return the joules of all devices since the driver was loaded, or None when one does not tell."""
        millijoules = 0
        for device in self.devices:
            count = ctypes.c_ulonglong()
            if self.library.nvmlDeviceGetTotalEnergyConsumption(device, ctypes.byref(count)) != 0:
                return None
            millijoules += count.value
        return millijoules / 1e3
