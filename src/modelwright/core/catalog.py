"""Catalogs: names handed to the modules that hold them, without importing any.

A catalog is a plain mapping from a name to ``"module:attribute"`` text.
"""

import importlib
from collections.abc import Mapping
from typing import Any

from modelwright.core.errors import SpecError, listed, nearest


def load(catalog: Mapping[str, str], name: str, what: str) -> Any:
    """Import and return the entry of `catalog` called `name`.

    Args:
        catalog: Name to ``"module:attribute"``.
        name: The entry wanted.
        what: What an entry is called in the error, such as "metric".

    Raises:
        SpecError: There is no such entry; the message suggests the nearest.
    """
    if name not in catalog:
        raise SpecError(f"There is no {what} '{name}'.{nearest(name, catalog)} Known: {listed(sorted(catalog), 40)}.")
    module, _, attribute = catalog[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
