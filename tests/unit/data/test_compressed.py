"""Compressed files and archives: one table in each, and no more memory than a table needs."""

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from modelwright.core.errors import DataError
from modelwright.data import bounded, read, scan

TEXT = b"a,b\n" + b"".join(b"%d,x%d\n" % (i, i % 3) for i in range(60))


def packed(place: Path, content: bytes) -> Path:
    """Write the bytes in the form that the file's name tells."""
    how = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
    if place.suffix in how:
        place.write_bytes(how[place.suffix](content))
    elif place.suffix == ".zip":
        with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("__MACOSX/._t.csv", b"junk")
            archive.writestr("data/t.csv", content)
    else:
        with pa.CompressedOutputStream(str(place), place.suffix.replace("zst", "zstd")[1:]) as stream:
            stream.write(content)
    return place


@pytest.mark.parametrize("ending", ["csv.gz", "csv.bz2", "csv.xz", "csv.zst", "csv.lz4", "zip"])
def test_every_form_is_read_whole_and_in_pieces(tmp_path: Path, ending: str) -> None:
    place = packed(tmp_path / f"t.{ending}", TEXT)
    table = read(place)
    assert table.column("a").values.tolist() == list(range(60))
    pieces = scan(place, table.schema, rows=25)
    assert [p.n_rows for p in pieces] == [25, 25, 10]


@pytest.mark.parametrize("ending", ["csv.gz", "csv.bz2", "csv.xz", "csv.zst", "zip"])
def test_a_file_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "LEAST_LIMIT", 100_000)
    place = packed(tmp_path / f"t.{ending}", b"a,b\n" + b"1,2\n" * 1_000_000)
    with pytest.raises(DataError, match=r"unpacks to more than [\d,]+ bytes.*unpack it first"):
        read(place)
    with pytest.raises(DataError, match="unpacks to more than"):
        list(scan(place, read({"a": [1], "b": [2]}).schema))


@pytest.mark.parametrize("ending", ["csv.gz", "csv.xz", "csv.zst", "zip"])
def test_a_file_that_was_cut_off_is_one_clear_error(tmp_path: Path, ending: str) -> None:
    place = packed(tmp_path / f"t.{ending}", TEXT * 50)
    place.write_bytes(place.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"cut off|damaged|whole"):
        read(place)


def test_an_archive_of_several_files_names_them(tmp_path: Path) -> None:
    place = tmp_path / "t.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("a.csv", TEXT)
        archive.writestr("b.csv", TEXT)
    with pytest.raises(DataError, match=r"t\.zip holds 2 files: a\.csv, b\.csv\. Unpack it"):
        read(place)


def test_an_archive_cannot_write_elsewhere(tmp_path: Path) -> None:
    place = tmp_path / "t.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("../../evil.csv", TEXT)
    assert read(place).n_rows == 60
    assert not (tmp_path.parent / "evil.csv").exists()
