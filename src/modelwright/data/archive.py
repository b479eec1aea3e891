"""Zip archives with one table in them."""

import zipfile
import zlib
from pathlib import Path, PurePosixPath

from modelwright.core.errors import DataError, listed
from modelwright.data.bounded import Bounded, limit_of

_PIECE = 1 << 20


def is_archive(location: Path) -> bool:
    """Whether a file is a zip archive by name and content; workbooks are zip archives by content alone."""
    if location.suffix.lower() != ".zip":
        return False
    with location.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def unpacked(location: Path, folder: Path) -> Path:
    """Write the one table of an archive into a folder and return where.

    Raises:
        DataError: There is none or more than one, it is encrypted or damaged, or it unpacks to too much.
    """
    try:
        with zipfile.ZipFile(location) as archive:
            member = _only(archive, location.name)
            place = folder / PurePosixPath(member.filename.replace("\\", "/")).name
            source = Bounded(archive.open(member), location.name, limit_of(location.stat().st_size))
            with source, place.open("wb") as file:
                while piece := source.read(_PIECE):
                    file.write(piece)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise DataError(f"{location.name} is a damaged zip archive: {error}. Pack it again, or unpack it.") from error
    except RuntimeError as error:  # what zipfile raises for a password
        raise DataError(f"{location.name} is encrypted. Unpack it first and give the file in it.") from error
    return place


def _only(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = [m for m in archive.infolist() if not m.is_dir() and not _is_hidden(m.filename)]
    if not members:
        raise DataError(f"{name} holds no file. Give an archive with one table in it.")
    if len(members) > 1:
        raise DataError(
            f"{name} holds {len(members)} files: {listed([m.filename for m in members], 6)}. Unpack it, and give "
            "one of them, or the folder where all are parts of one table."
        )
    return members[0]


def _is_hidden(path: str) -> bool:
    return any(
        part.startswith("__MACOSX") or (part[:1] == "." and part != "..") for part in path.replace("\\", "/").split("/")
    )
