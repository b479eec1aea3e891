"""Results as pictures, in scikit-learn's manner: ``RocDisplay.from_model(model, table).plot(ax)``.

Names are handed out lazily, so that importing the package loads no Matplotlib.
"""

import importlib
from typing import Any

from modelwright.core.errors import MissingExtraError
from modelwright.display.catalog import DISPLAYS

__all__ = [*DISPLAYS, "svg"]  # names of the catalog


def __getattr__(name: str) -> Any:
    """Import the module that holds a public name when it is first asked for."""
    entry = "modelwright.display.svg:svg" if name == "svg" else DISPLAYS.get(name)
    if entry is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = entry.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "matplotlib":
            raise
        raise MissingExtraError("Drawing", "plot") from error


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
