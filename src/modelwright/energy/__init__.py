"""What computing costs: joules with an interval and their source in words, never a bare number.

Sensors where they can be read, a model of the load where not. Needs the standard library only. Names are handed out
lazily, so that importing the package loads nothing.
"""

import importlib
from typing import Any

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


def __getattr__(name: str) -> Any:
    """Import the module that holds a public name when it is first asked for."""
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_NAMES[name]), name)
