"""Values survive being packed, and nothing else is built from a file."""

import json
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from modelwright.core.errors import DataError
from modelwright.core.pack import pack, unpack
from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.core.task import Target, Task

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(plain)
def test_plain_values_come_back(value: object) -> None:
    assert unpack(pack(value)) == value


@given(
    npst.arrays(st.sampled_from([np.float64, np.float32, np.int64, np.int32, np.bool_]), npst.array_shapes(min_side=0))
)
def test_arrays_come_back_bit_for_bit(array: np.ndarray) -> None:
    back = unpack(pack({"a": array}))["a"]
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == np.ascontiguousarray(array).tobytes()


def test_a_table_comes_back() -> None:
    levels = np.array(["a", "ü", "\u4e2d"], dtype=object)
    table = Table(
        (Column(ColumnSchema("x", "category", "string"), np.array([0, 2, -1], dtype=np.int32), levels),), 3, ("n",)
    )
    back = unpack(pack(table))
    assert back.schema == table.schema
    assert back.notes == ("n",)
    assert back.column("x").strings().tolist() == ["a", "\u4e2d", ""]


def test_numbers_that_are_not_finite_come_back() -> None:
    assert unpack(pack((inf, -inf))) == (inf, -inf)
    assert np.isnan(unpack(pack(float("nan"))))


def test_a_target_comes_back_with_its_task() -> None:
    back = unpack(pack(Target(Task("binary", (False, True)), np.array([0, 1]))))
    assert back.task.classes == (False, True)


def test_foreign_values_are_not_packed() -> None:
    with pytest.raises(TypeError, match="cannot be packed"):
        pack(object())


@pytest.mark.parametrize("name", ["os:system", "modelwright.core.errors:DataError", "modelwright.core.nowhere:X"])
def test_a_file_cannot_name_other_code(name: str) -> None:
    document = json.dumps({"type": name, "fields": {}}).encode()
    with pytest.raises(DataError, match="damaged"):
        unpack(len(document).to_bytes(8, "little") + document)


def test_a_cut_file_is_refused() -> None:
    data = pack({"a": np.arange(10.0)})
    for length in range(0, len(data), 7):
        with pytest.raises(DataError, match="damaged"):
            unpack(data[:length])
