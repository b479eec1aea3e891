"""What is listed exists, and what exists is listed."""

import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

from modelwright.learners.base import Learner
from modelwright.metrics.base import Metric
from modelwright.transform.base import Transform

SOURCE = Path(__file__).parents[2] / "src" / "modelwright"
ENTRY = re.compile(r"modelwright(\.\w+)+:\w+")
STARTED_BY_NAME = {"modelwright.search.worker", "modelwright.__main__"}
"""Modules that are run with ``python -m``."""


def modules_of(package: str) -> list[ModuleType]:
    """Import and return every module of a package of ours."""
    names = [path.stem for path in sorted((SOURCE / package).glob("*.py")) if path.stem != "__init__"]
    return [importlib.import_module(f"modelwright.{package}.{name}") for name in names]


def entries_of(module: ModuleType) -> list[str]:
    """Return every ``"module:attribute"`` text of a catalog's dictionaries."""
    tables = [value for value in vars(module).values() if isinstance(value, dict)]
    return [text for table in tables for text in table.values() if isinstance(text, str) and ENTRY.fullmatch(text)]


def listed_in(package: str) -> list[Any]:
    """Return the things that the catalog of a package names."""
    found = []
    for text in entries_of(importlib.import_module(f"modelwright.{package}.catalog")):
        module, _, attribute = text.partition(":")
        found.append(getattr(importlib.import_module(module), attribute))
    return found


@pytest.mark.parametrize(
    "package", sorted(p.parent.name for p in SOURCE.glob("*/catalog.py") if p.parent.name != "core")
)
def test_every_entry_of_a_catalog_can_be_imported(package: str) -> None:
    assert listed_in(package)


@pytest.mark.parametrize(("package", "kind"), [("learners", Learner), ("transform", Transform)])
def test_every_concrete_class_is_in_its_catalog(package: str, kind: type) -> None:
    concrete = {
        thing
        for module in modules_of(package)
        for thing in vars(module).values()
        if inspect.isclass(thing) and issubclass(thing, kind) and not inspect.isabstract(thing)
    }
    assert concrete == set(listed_in(package))


@pytest.mark.parametrize(("package", "kind"), [("metrics", Metric), ("cli", click.Command)])
def test_every_value_is_in_its_catalog(package: str, kind: type) -> None:
    listed = listed_in(package)
    there = {
        f"{module.__name__}:{name}"
        for module in modules_of(package)
        for name, thing in vars(module).items()
        if isinstance(thing, kind)
        and not isinstance(thing, click.Group)
        and not any(thing is entry for entry in listed)
    }
    assert there == set()


def test_no_module_is_out_of_reach() -> None:
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py*") if path.suffix in (".py", ".pyi")
    )
    imported = set(re.findall(r"(?:from|import) (modelwright[\w.]*)", text))
    imported |= {
        f"{package}.{name.strip()}"
        for package, names in re.findall(r"from (modelwright[\w.]*) import ([\w, ]+)", text)
        for name in names.split(",")
    }
    imported |= set(re.findall(r"\"(modelwright[\w.]*)[:\"]", text))
    modules = {
        ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
        for path in SOURCE.rglob("*.py")
        if path.stem not in ("__init__", "catalog")  # a catalog may be read by tests and pages only
    }
    assert modules - imported - STARTED_BY_NAME == set()
