"""A learner in one line of text: read, written, and refused."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from modelwright.core.errors import SpecError
from modelwright.core.spelling import parse, spell, spelled

settings = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner).map(tuple),
    max_leaves=6,
)


@limits(deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), settings))
def test_settings_come_back_as_they_were(values: dict[str, Any]) -> None:
    path, found = parse(spell("package.module:Class", values))
    assert path == "package.module:Class"
    assert found == values
    assert [type(value) for value in found.values()] == [type(value) for value in values.values()]


def test_texts_need_no_quotes_and_python_words_count() -> None:
    assert parse("a.b:C?solver=svd&fit=False&depth=None&rate=1e-3&sizes=[8,4]&name='x'") == (
        "a.b:C",
        {"solver": "svd", "fit": False, "depth": None, "rate": 1e-3, "sizes": (8, 4), "name": "'x'"},
    )


@pytest.mark.parametrize("text", ["a.b:C?alpha", "a.b:C?=2", "a.b:C?1a=2"])
def test_a_setting_without_a_name_or_value_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="is no setting"):
        spelled(text)


@dataclass(frozen=True)
class Held:
    weights: Any = None


def test_objects_are_spelled_by_what_differs_from_the_defaults() -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    assert spelled(Held()).endswith(":Held")
    assert spelled(Held(np.float64(0.5))).endswith(":Held?weights=0.5")
    assert (
        spelled(HistGradientBoostingRegressor(max_iter=5, loss="absolute_error"))
        == "sklearn.ensemble:HistGradientBoostingRegressor?loss=absolute_error&max_iter=5"
    )


def test_what_cannot_be_said_in_text_is_refused() -> None:
    with pytest.raises(SpecError, match=r"weights of .* is a ndarray"):
        spelled(Held(np.ones(3)))
    with pytest.raises(SpecError, match="is no learner"):
        spelled(3)


def test_a_class_that_other_processes_cannot_import_is_refused() -> None:
    @dataclass(frozen=True)
    class Inside:
        pass

    with pytest.raises(SpecError, match="module of its own"):
        spelled(Inside())
