"""Reading: any table, file or query into a `Table` with kinds, or into the form that a schema demands.

Names are handed out lazily, so that importing the package loads no library.
"""

import importlib
from typing import Any

_NAMES = {
    "read": "modelwright.data.reading",
    "scan": "modelwright.data.scanning",
}

__all__ = ["read", "scan"]


def __getattr__(name: str) -> Any:
    """Import the module that holds a public name when it is first asked for."""
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_NAMES[name]), name)
