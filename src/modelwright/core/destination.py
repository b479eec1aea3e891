"""Where a result is written: tried before the work begins, filled in one move after it."""

import errno
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from modelwright.core.errors import OutputError


def check_writable(path: str | os.PathLike[str], reads: Iterable[object] = ()) -> Path:
    """Return `path` once a file has been made and removed beside it, so that an hour's work is not lost at its end.

    Args:
        path: Where the result is to be.
        reads: What the work reads; files among it must not be written over.

    Raises:
        OutputError: Nothing can be written there, or what is there is read.
    """
    path = Path(path)
    with named(path):
        if path.is_dir():
            raise OutputError(f"'{path}' is a folder. Name a file in it: {path / 'model.onnx'}")
        _check_is_no_device(path)
        if any(_is_same(path, thing) for thing in reads):
            raise OutputError(f"'{path}' is read here, and writing would destroy it. Name another file with -o.")
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, "the file there is read-only")
        handle, trial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        Path(trial).unlink()
    return path


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary file beside `path` and move it there when the block ends well; else leave nothing.

    Raises:
        OutputError: It cannot be written: no such folder, no permission, no space left.
    """
    path = Path(path)
    with named(path):
        _check_is_no_device(path)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            with temporary.open("rb+") as written:
                os.fsync(written.fileno())
            temporary.chmod(path.stat().st_mode if path.exists() else 0o666 & ~_umask())
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink()


def kept(path: Path, write: Callable[[Path], None]) -> None:
    """Write what cannot be made again cheaply; where its place fails, keep it elsewhere and say where.

    Args:
        path: Where it is to be.
        write: Writes it to the path given, whole or not at all.

    Raises:
        OutputError: It could not be written to `path`; the text names the file that holds it instead, if any does.
    """
    try:
        write(path)
    except OSError as error:
        reason = str(error) if isinstance(error, OutputError) else f"'{path}' cannot be written: {error}."
        elsewhere = _written_elsewhere(path, write)
        told = "It could be kept nowhere else." if elsewhere is None else f"What was made is kept in '{elsewhere}'."
        raise OutputError(f"{reason} {told}") from error


def _written_elsewhere(path: Path, write: Callable[[Path], None]) -> Path | None:
    """Return the first place that takes it: the system's temporary folder, the home, the current folder."""
    for folder in (tempfile.gettempdir, Path.home, Path.cwd):
        try:
            # A folder of its own, so that nothing of the same name is written over.
            own = Path(tempfile.mkdtemp(prefix="modelwright-", dir=folder()))
        except (OSError, RuntimeError):  # no such folder, no home
            continue
        try:
            write(own / path.name)
        except OSError:
            with suppress(OSError):
                own.rmdir()
            continue
        return own / path.name
    return None


def _check_is_no_device(path: Path) -> None:
    # What is moved to a device's name takes its place, also for everyone else.
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OutputError(f"'{path}' is a device or a pipe, not a file. Name a file with -o.")


def _is_same(path: Path, thing: object) -> bool:
    if not isinstance(thing, str | os.PathLike):
        return False
    with suppress(OSError, ValueError):  # an address, or no file at all
        return path.samefile(thing)
    return False


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Turn what the system says about writing into an error that names the file and the remedy."""
    try:
        yield
    except FileNotFoundError as error:
        raise OutputError(f"'{path}' cannot be written: there is no folder '{path.parent}'. Make it first.") from error
    except OutputError:
        raise
    except OSError as error:
        if error.errno not in _REMEDIES:
            raise
        what, remedy = _REMEDIES[error.errno]
        raise OutputError(f"'{path}' cannot be written: {what}. {remedy}") from error


_REMEDIES: dict[int | None, tuple[str, str]] = {
    errno.EACCES: ("permission is denied", "Name another place with -o."),
    errno.EPERM: ("permission is denied", "Name another place with -o."),
    errno.EROFS: ("the file system is read-only", "Name another place with -o."),
    errno.ENOTDIR: ("a part of its path is a file, not a folder", "Name another place with -o."),
    errno.EEXIST: ("a part of its path is a file, not a folder", "Name another place."),
    errno.EISDIR: ("it is a folder", "Name a file in it with -o."),
    errno.ENAMETOOLONG: ("the name is too long", "Name a shorter one with -o."),
    errno.EINVAL: ("the name is not allowed here", "Name another one with -o."),
    errno.ENOSPC: ("no space is left on the device", "Free some, or name another place with -o."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space, or name another place with -o."),
    errno.EFBIG: ("the file would be larger than allowed", "Raise the limit (ulimit -f)."),
}


def _umask() -> int:
    # The mask can only be read by setting it; both happen before anything else of ours runs in this thread.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
