"""Model files on disk: read whole under a cap, written whole or not at all."""

import contextlib
import difflib
import errno
import os
import secrets
from pathlib import Path

from modelwright.core.errors import DataError, FileRefusedError, OutputError
from modelwright.modelfile.audit import LARGEST_FILE

_CHUNK = 1 << 24


def read(path: str | os.PathLike[str], *, largest: int = LARGEST_FILE) -> bytes:
    """Return the bytes of a model file.

    Raises:
        DataError: There is no such file, or it may not be read; the text suggests a near name.
        FileRefusedError: It is larger than `largest` or no ordinary file.
    """
    place = Path(path)
    try:
        if place.is_dir():
            raise DataError(f"'{place}' is a folder, not a model file.{_beside(place)}")
        if not place.is_file() and place.exists():
            raise FileRefusedError(f"'{place}' is no ordinary file.")
        with place.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > largest:
                raise FileRefusedError(f"'{place}' has {size / 1e9:.2f} GB; at most {largest / 1e9:.2f} GB are read.")
            data = stream.read(largest + 1)
    except FileNotFoundError as error:
        raise DataError(f"There is no model file '{place}'.{_beside(place)}") from error
    except (OSError, ValueError) as error:
        if isinstance(error, DataError | FileRefusedError):
            raise
        raise DataError(f"The model file '{place}' cannot be read: {_reason(error)}.") from error
    if len(data) > largest:
        raise FileRefusedError(f"'{place}' grew beyond {largest / 1e9:.2f} GB while it was read.")
    return data


def write(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file so that its name holds either the old bytes or all of the new ones, even if the power fails.

    Raises:
        OutputError: No such folder, no permission, no space; nothing is left behind.
    """
    place = Path(path)
    if place.is_dir():
        raise OutputError(f"Cannot write '{place}': it is a folder. Name a file in it, such as '{place / 'a.onnx'}'.")
    beside = place.with_name(f".{place.name}.{secrets.token_hex(4)}.part")
    try:
        _fill(beside, data)
        beside.replace(place)
        _settle(place.parent)
    except OSError as error:
        raise OutputError(f"Cannot write '{place}': {_reason(error)}.{_remedy(error, place)}") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def _fill(place: Path, data: bytes) -> None:
    # O_EXCL: never follow or overwrite what someone else put there.
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest[:_CHUNK]) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _settle(folder: Path) -> None:
    # The new name itself reaches the disk only with its folder; where folders cannot be synced, this is all there is.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _reason(error: BaseException) -> str:
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)).rstrip(".")


def _remedy(error: OSError, place: Path) -> str:
    if error.errno == errno.ENOENT:
        return f" Make the folder '{place.parent}' first."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return " Free some space or choose another disk; nothing was left behind."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return " Choose a folder you may write to."
    return ""


def _beside(place: Path) -> str:
    folder = place if place.is_dir() else place.parent
    if not folder.is_dir():
        return f" There is no folder '{folder}' either."
    names = sorted(entry.name for entry in folder.iterdir() if entry.suffix == ".onnx")
    near = difflib.get_close_matches(place.name, names, n=1, cutoff=0.5)
    if near:
        return f" Did you mean '{folder / near[0]}'?"
    return f" Model files there: {', '.join(names[:5])}." if names else ""
