"""Reading: any table, file or query into a `Table` with kinds, or into the form that a schema demands.

Names are handed out lazily, so that importing the package loads no library.
"""

from modelwright.core.lazy import handed_out

_NAMES = {
    "read": "modelwright.data.reading",
    "scan": "modelwright.data.scanning",
}

__all__ = ["read", "scan"]

__getattr__ = handed_out(__name__, _NAMES)
