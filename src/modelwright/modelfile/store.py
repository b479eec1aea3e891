"""Model files on disk: read whole under a cap, written whole or not at all."""

import contextlib
import os
from pathlib import Path

from modelwright.core.destination import whole_file
from modelwright.core.errors import DataError, FileRefusedError, nearest_files
from modelwright.modelfile.audit import LARGEST_FILE


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
    with whole_file(path) as beside:
        beside.write_bytes(data)
    _settle(Path(path).parent)


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


def _beside(place: Path) -> str:
    folder = place if place.is_dir() else place.parent
    if not folder.is_dir():
        return f" There is no folder '{folder}' either."
    names = sorted(entry.name for entry in folder.iterdir() if entry.suffix == ".onnx")
    near = nearest_files(place.name, names)
    if near:
        return f" Did you mean '{folder / near[0]}'?"
    return f" Model files there: {', '.join(names[:5])}." if names else ""
