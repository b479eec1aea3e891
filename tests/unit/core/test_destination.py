import errno
import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from modelwright.core.destination import check_writable, kept, whole_file
from modelwright.core.errors import OutputError


def test_a_good_place_is_returned_and_left_empty(tmp_path: Path) -> None:
    assert check_writable(tmp_path / "a.onnx") == tmp_path / "a.onnx"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "said"), [("no/a.onnx", "no folder"), (".", "folder"), ("x" * 300, "too long")])
def test_a_bad_place_is_found_out_before_the_work(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(OutputError, match=said):
        check_writable(tmp_path / name)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="not a folder"):
        check_writable(tmp_path / "file" / "a.onnx")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_one_may_not_write_to_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permission is denied"):
        check_writable(tmp_path / "a.onnx")


def test_the_file_appears_whole_and_replaces_the_old(tmp_path: Path) -> None:
    place = tmp_path / "a.csv"
    place.write_text("old")
    with whole_file(place) as temporary:
        temporary.write_text("new")
        assert place.read_text() == "old"
    assert place.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_what_is_read_and_devices_are_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a")
    (tmp_path / "b.csv").symlink_to(tmp_path / "a.csv")
    with pytest.raises(OutputError, match="is read here"):
        check_writable(tmp_path / "b.csv", (None, 3, "-", "sqlite:///x?table=t", str(tmp_path / "a.csv")))
    assert check_writable(tmp_path / "c.csv", (tmp_path / "a.csv", "\0")) == tmp_path / "c.csv"
    with pytest.raises(OutputError, match="is a device or a pipe"), whole_file("/dev/null"):
        raise AssertionError("never entered")


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "a.csv"
    place.write_text("old")
    with pytest.raises(ValueError, match="halfway"), whole_file(place) as temporary:
        temporary.write_text("half")
        raise ValueError("halfway")
    assert place.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_a_full_disk_is_told_with_the_remedy(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"a\.csv' cannot be written: no space is left") as caught,
        whole_file(tmp_path / "a.csv"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files are a matter of POSIX")
def test_the_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with whole_file(tmp_path / "a.csv"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o640


def test_what_finds_no_space_is_kept_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spare = tmp_path / "spare"
    spare.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spare))

    def write(place: Path) -> None:
        if spare not in place.parents:
            raise OSError(errno.EIO, "Input/output error")
        place.write_text("new")

    with pytest.raises(
        OutputError, match=r"a\.onnx' cannot be written: .*Input/output error\. .* is kept in '"
    ) as caught:
        kept(tmp_path / "a.onnx", write)
    [own] = spare.iterdir()
    assert (own / "a.onnx").read_text() == "new"
    assert str(own / "a.onnx") in str(caught.value)
    assert caught.value.exit_code == 2


def test_nothing_is_left_where_no_place_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "none")
    monkeypatch.chdir(tmp_path)

    def write(place: Path) -> None:
        raise OutputError(f"'{place.name}' cannot be written: no space is left on the device. Free some.")

    with pytest.raises(OutputError, match=r"no space is left .* could be kept nowhere else"):
        kept(tmp_path / "a.onnx", write)
    assert list(tmp_path.iterdir()) == []
