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
    """All graphics processors that the driver shows and that count their energy.

    Attributes:
        library: The driver's library, or what stands for it.
        devices: Handles of the devices that count their energy, as those since Volta do.
        n_shown: All devices that the driver shows.
    """

    library: Any
    devices: tuple[Any, ...]
    n_shown: int = 0

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
                shown = library.nvmlDeviceGetHandleByIndex_v2(i, ctypes.byref(device)) == 0
                if shown and cls(library, (device,)).joules() is not None:
                    devices.append(device)
        except (OSError, AttributeError):  # no library, or one from before the counter
            return None
        return cls(library, tuple(devices), n.value) if devices else None

    @property
    def description(self) -> Description:
        """The devices."""
        some = "" if len(self.devices) == self.n_shown else f" of {self.n_shown}"
        return Description(f"NVML ({len(self.devices)}{some} GPU)", "devices", ERROR)

    def joules(self) -> float | None:
        """Return the joules of all devices since the driver was loaded, or None when one does not tell."""
        millijoules = 0
        for device in self.devices:
            count = ctypes.c_ulonglong()
            if self.library.nvmlDeviceGetTotalEnergyConsumption(device, ctypes.byref(count)) != 0:
                return None
            millijoules += count.value
        return millijoules / 1e3
