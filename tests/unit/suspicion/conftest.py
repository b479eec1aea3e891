"""A table with known faults can be made in one line."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from modelwright.core.spec import FitSpec
from modelwright.data import read
from modelwright.suspicion.finding import Finding
from modelwright.suspicion.suspect import suspect


@pytest.fixture
def found() -> Callable[..., dict[str, list[Finding]]]:
    """``found(columns, target, test=..., **spec)`` gives the findings by kind."""

    def look(columns: Mapping[str, Any], target: str, test: Any = None, **spec: Any) -> dict[str, list[Finding]]:
        kinds = spec.pop("kinds", None)
        read_test = None if test is None else read(test)
        kept: dict[str, list[Finding]] = {}
        for finding in suspect(read(columns, kinds=kinds), target, FitSpec(**spec), test=read_test):
            kept.setdefault(finding.name, []).append(finding)
        return kept

    return look
