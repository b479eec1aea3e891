"""What computing costs: joules with an interval and their source in words, never a bare number.

Sensors where they can be read, a model of the load where not. Needs the standard library only. Names are handed out
lazily, so that importing the package loads nothing.
"""

from modelwright.core.lazy import handed_out

_NAMES = {
    "Allowance": "modelwright.energy.allowance",
    "Energy": "modelwright.energy.energy",
    "Meter": "modelwright.energy.meter",
    "carbon": "modelwright.energy.regions",
    "find_sensors": "modelwright.energy.meter",
    "per_thousand": "modelwright.energy.predictions",
    "shared": "modelwright.energy.shares",
}

__all__ = ["Allowance", "Energy", "Meter", "carbon", "find_sensors", "per_thousand", "shared"]

__getattr__ = handed_out(__name__, _NAMES)
