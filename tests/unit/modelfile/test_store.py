import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelwright.core.errors import DataError, FileRefusedError, OutputError
from modelwright.modelfile import store


def test_what_was_written_is_read(tmp_path: Path) -> None:
    store.write(tmp_path / "a.onnx", b"first")
    store.write(tmp_path / "a.onnx", b"second")
    assert store.read(tmp_path / "a.onnx") == b"second"
    assert [p.name for p in tmp_path.iterdir()] == ["a.onnx"]


def test_missing_file_suggests_a_near_one(tmp_path: Path) -> None:
    store.write(tmp_path / "churn.onnx", b"x")
    with pytest.raises(
        DataError, match=r"There is no model file .*chrun\.onnx'\. Did you mean '.*churn\.onnx'\?"
    ) as error:
        store.read(tmp_path / "chrun.onnx")
    assert error.value.exit_code == 3
    with pytest.raises(DataError, match=r"Model files there: churn\.onnx"):
        store.read(tmp_path / "zzz")
    with pytest.raises(DataError, match="no folder"):
        store.read(tmp_path / "nowhere" / "a.onnx")
    with pytest.raises(DataError, match="is a folder"):
        store.read(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        store.read("a\0b.onnx")


def test_file_beyond_the_cap_is_refused(tmp_path: Path) -> None:
    store.write(tmp_path / "a.onnx", b"12345")
    assert store.read(tmp_path / "a.onnx", largest=5) == b"12345"
    with pytest.raises(FileRefusedError, match="at most"):
        store.read(tmp_path / "a.onnx", largest=4)


def test_pipes_and_devices_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    for place in (tmp_path / "pipe.onnx", Path("/dev/zero")):
        with pytest.raises(FileRefusedError, match="no ordinary file"):
            store.read(place)


def test_unwritable_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no folder"):
        store.write(tmp_path / "nowhere" / "a.onnx", b"x")
    with pytest.raises(OutputError, match="folder"):
        store.write(tmp_path, b"x")
    assert [p.name for p in tmp_path.iterdir()] == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KB, where the machine lets us mount one."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting needs root on Linux")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine does not allow mounting")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_full_disk_leaves_the_old_file_and_nothing_else(small_disk: Path) -> None:
    store.write(small_disk / "a.onnx", b"old")
    with pytest.raises(OutputError, match="no space"):
        store.write(small_disk / "a.onnx", bytes(100_000))
    assert store.read(small_disk / "a.onnx") == b"old"
    assert [p.name for p in small_disk.iterdir()] == ["a.onnx"]


def test_disk_that_fills_at_the_last_moment_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(tmp_path / "a.onnx", b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="no space"):
        store.write(tmp_path / "a.onnx", b"new")
    assert (tmp_path / "a.onnx").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.onnx"]


KILLED = """
import os, sys
from pathlib import Path
from modelwright.modelfile import store
real = os.fsync
os.fsync = lambda handle: os._exit(9)
store.write(sys.argv[1], b"new" * 1000)
"""


def test_process_killed_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    store.write(tmp_path / "a.onnx", b"old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a.onnx")], check=False)
    assert done.returncode == 9
    assert store.read(tmp_path / "a.onnx") == b"old"


def test_a_common_ending_alone_makes_no_names_alike(tmp_path: Path) -> None:
    store.write(tmp_path / "house.onnx", b"x")
    with pytest.raises(DataError, match=r"There is no model file .*nope\.onnx'\. Model files there: house\.onnx"):
        store.read(tmp_path / "nope.onnx")
