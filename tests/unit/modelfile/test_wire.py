import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import FileRefusedError
from modelwright.modelfile.wire import (
    Message,
    count_varints,
    fields,
    pack_varints,
    signed,
    unpack_varints,
    varint,
    varint_at,
)

INT64 = st.integers(-(2**63), 2**63 - 1)


@given(INT64)
def test_a_number_survives(value: int) -> None:
    data = varint(value)
    found, end = varint_at(data, 0, len(data))
    assert signed(found) == value
    assert end == len(data)


@given(st.lists(INT64, max_size=50))
def test_packed_numbers_survive_and_equal_single_ones(values: list[int]) -> None:
    data = pack_varints(np.array(values, dtype=np.int64))
    assert data == b"".join(map(varint, values))
    assert unpack_varints(data, 0, len(data)).tolist() == values
    assert count_varints(data, 0, len(data)) == len(values)


def test_a_million_numbers_are_packed_as_one() -> None:
    values = np.arange(1_000_000)
    assert len(pack_varints(values)) == 128 + 2 * (2**14 - 2**7) + 3 * (1_000_000 - 2**14)


@pytest.mark.parametrize("data", [b"\x80", b"\x80\x00", b"\xff" * 10, b"\xff" * 9 + b"\x7f", b""])
def test_odd_numbers_are_refused(data: bytes) -> None:
    with pytest.raises(FileRefusedError, match="at byte 0"):
        varint_at(data, 0, len(data))


@pytest.mark.parametrize("data", [b"\x01\x80", b"\x80" * 3, b"\xff" * 10 + b"\x01"])
def test_cut_off_lists_are_refused(data: bytes) -> None:
    with pytest.raises(FileRefusedError, match="a list"):
        count_varints(data, 0, len(data))


def test_fields_come_back_as_written() -> None:
    inner = Message()
    inner.text(1, "ß")
    message = Message()
    message.integer(1, 300)
    message.single(2, 1.5)
    message.blob(3, b"abc")
    message.message(4, inner)
    data = b"".join(message.parts)
    assert message.size == len(data)
    found = list(fields(data, 0, len(data)))
    assert [(number, wire) for number, wire, _, _ in found] == [(1, 0), (2, 5), (3, 2), (4, 2)]
    assert found[0][2] == 300
    assert data[found[2][2] : found[2][3]] == b"abc"


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = list(fields(data, 0, len(data)))
    except FileRefusedError:
        return
    assert all(end <= len(data) for _, _, _, end in found)


def test_position_beyond_the_message_is_never_read() -> None:
    with pytest.raises(FileRefusedError, match="announced"):
        list(fields(b"\x0a\x05abcdefgh", 0, 5))
