"""Packages that load nothing before something of theirs is asked for."""

import importlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any


def handed_out(package: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package (PEP 562) that imports a public name when it is first asked for.

    Args:
        package: Its name.
        names: The module of each public name.
    """

    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(names[name]), name)

    return get


def make_verb(package: str, module: str) -> None:
    """Let a package be called, because importing any module of it puts it where the verb of its name stands.

    Args:
        package: Its name, "modelwright." and the verb.
        module: The module that holds the verb; it is imported at the first call.
    """
    verb = package.rpartition(".")[2]

    class Verb(ModuleType):
        @property
        def __call__(self) -> Callable[..., Any]:
            called: Callable[..., Any] = getattr(importlib.import_module(module), verb)
            return called

    sys.modules[package].__class__ = Verb
