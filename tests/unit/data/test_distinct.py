"""Texts known to be different: never said of equal ones, and said of ordinary ones."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.distinct import differ

ALPHABET = st.text(alphabet="abé ", min_size=0, max_size=30)


@settings(deadline=None)
@given(st.lists(st.lists(ALPHABET, max_size=6), max_size=4), st.integers(0, 2))
def test_equal_texts_are_never_said_to_differ(parts: list[list[str]], skipped: int) -> None:
    chunks = [pa.array(part, pa.string()).slice(skipped) for part in parts]
    texts = [text for chunk in chunks for text in chunk.to_pylist()]
    if differ(chunks):
        assert len(set(texts)) == len(texts)


@settings(deadline=None)
@given(st.sets(st.text(alphabet="xyz0", min_size=8, max_size=24), max_size=20))
def test_different_texts_of_up_to_three_words_are_known(texts: set[str]) -> None:
    assert differ([pa.array(sorted(texts), pa.string())])


@pytest.mark.parametrize("form", ["{:012x}", "https://example.org/items/{:06d}", "order-{:07d}-of-2026", "{:08d} é"])
def test_ordinary_identifiers_are_known(form: str) -> None:
    texts = [form.format(i * 7919 % 1_000_003) for i in range(20_000)]
    chunks = [pa.array(texts[:7000]), pa.array([], pa.string()), pa.array(texts[7000:])]
    assert differ(chunks)
    assert not differ([*chunks, pa.array(texts[123:124])])


def test_what_the_words_do_not_show_is_not_claimed() -> None:
    between = ["a" * 12 + mark + "b" * 40 + "a" * 12 for mark in "xy"]
    assert not differ([pa.array(between)])
    assert not differ([pa.array(["short", "texts"])])
    assert not differ([pa.array(["long enough", None])])


def test_slices_of_a_buffer_end_where_they_end() -> None:
    texts = pa.array([f"{i:08d}" for i in range(100)])
    assert differ([texts.slice(i, 1) for i in range(100)])
    assert not differ([texts.slice(0, 60), texts.slice(59, 41)])
    assert differ([]) and differ([texts.slice(0, 0)])
    assert np.array_equal(texts.slice(99, 1).to_pylist(), ["00000099"])
