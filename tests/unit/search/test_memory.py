import os
from pathlib import Path

import pytest

from modelwright.core.errors import SpecError
from modelwright.core.spec import parse_bytes
from modelwright.search.memory import WORKER_BYTES, Memory, address_space, available, resident, told

GB = 10**9


def memory(limit: int | None, own: int = GB, free: int | None = 10 * GB, **others: int) -> Memory:
    held = {os.getpid(): own, **{int(name[1:]): amount for name, amount in others.items()}}
    return Memory(limit, resident=held.get, free=lambda: free)


def test_without_a_limit_nine_tenths_of_what_is_free_may_be_used() -> None:
    assert memory(None).limit == 10 * GB
    assert memory(None, free=None).limit is None


def test_workers_share_what_this_process_leaves() -> None:
    assert memory(5 * GB).share(2) == 2 * GB
    assert memory(None, free=None).share(2) is None
    assert memory(None, free=0).share(2) == 2 * WORKER_BYTES  # nobody asked for less than can work


def test_only_who_holds_more_than_the_share_is_named() -> None:
    found = memory(5 * GB, _7=3 * GB, _8=GB).excess((7, 8, 9), 2)
    assert found == {7: "it needed more than 2.0 GB of memory"}


@pytest.mark.parametrize(("limit", "workers"), [(20 * GB, 4), (4 * GB, 2), (GB + WORKER_BYTES + 10**8, 1)])
def test_no_more_workers_start_than_the_memory_is_likely_to_hold(limit: int, workers: int) -> None:
    assert memory(limit).workers(4, 10**8) == workers


def test_a_limit_that_does_not_hold_this_process_is_refused_before_anything_begins() -> None:
    with pytest.raises(SpecError, match=r"does not hold the table: the fit itself holds 1.0 GB"):
        memory(GB + 5 * 10**7).workers(2, 10**6)
    assert memory(GB + 10**8).workers(2, 10**6) == 0  # this process works on its own
    assert memory(None, free=0).workers(2, 10**6) == 1


def test_containers_limit_what_is_free(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    8000 kB\n")
    assert available(tmp_path, tmp_path / "none") == 8000 * 1024
    for name, text in (("max", "5000000"), ("current", "4000000"), ("stat", "anon 7\ninactive_file 1000000\n")):
        (tmp_path / f"memory.{name}").write_text(text)
    assert available(tmp_path, tmp_path) == 2_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert available(tmp_path, tmp_path) == 8000 * 1024
    assert available(tmp_path / "none", tmp_path / "none") is None


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="seen on Linux")
def test_what_a_process_holds_is_seen() -> None:
    assert (resident(os.getpid()) or 0) > 10**7
    assert resident(2**30) is None


@pytest.mark.parametrize(("text", "amount"), [("4GB", 4 * GB), ("500 mb", 5 * 10**8), ("2GiB", 2**31), ("4g", 4 * GB)])
def test_amounts_of_memory_are_read(text: str, amount: int) -> None:
    assert parse_bytes(text) == amount


@pytest.mark.parametrize("text", ["", "GB", "0GB", "-1GB", "4 giga", "1e9"])
def test_other_amounts_are_refused(text: str) -> None:
    with pytest.raises(SpecError, match="is not an amount"):
        parse_bytes(text)


def test_amounts_are_told() -> None:
    assert (told(1_500_000_000), told(250_000_000)) == ("1.5 GB", "250 MB")


@pytest.mark.skipif(resident(os.getpid()) is None, reason="how much a process asks for is seen on Linux")
def test_code_of_others_cannot_take_the_memory_of_the_machine() -> None:
    with pytest.raises(MemoryError), address_space(10**9):
        bytearray(2 * 10**9)
    assert len(bytearray(2 * 10**9)) == 2 * 10**9  # never touched, so never held; the limit is gone again
