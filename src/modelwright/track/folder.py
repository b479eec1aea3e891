"""Runs as plain folders: ``run.json``, the model file, and the report where there is one.

A fit of several targets is a folder with their one file, and in it such a folder of each: ``1-price``, ``2-churned``.

A folder appears under its name whole or not at all: it is filled under a name that starts with a dot and then renamed.
"""

import datetime as dt
import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from modelwright.core.errors import DataError, ModelwrightError, OutputError, SpecError, listed, nearest
from modelwright.modelfile import store as files
from modelwright.modelfile.manifest import dumps
from modelwright.track.base import Parcel, Store
from modelwright.track.record import Run

if TYPE_CHECKING:
    from modelwright.model.joint import JointModel
    from modelwright.model.model import Model

RUN = "run.json"
_LARGEST_RUN = 64 * 1024 * 1024
_MOST_SAME = 1000
_OF_TARGET = re.compile(r"(\d{1,4})-", re.ASCII)
"""Begins the name of a target's folder, and of no run's: a moment has more digits."""


@final
class FolderStore(Store):
    """A folder that holds one folder per run, named by moment and name."""

    def __init__(self, address: str) -> None:
        self._base = Path(address)

    def check(self) -> None:
        """Make the folder and try to write in it."""
        with _named(self._base):
            self._base.mkdir(parents=True, exist_ok=True)
            trial = self._base / f".{secrets.token_hex(8)}"
            trial.mkdir()
            trial.rmdir()

    def keep(self, run: Run, parcel: Parcel) -> str:
        """Write the folder of a run and return its path."""
        with self._partial() as partial:
            _fill(partial, run, parcel)
            return str(_moved(partial, self._base, _folder_name(run.began, run.name)))

    def keep_targets(self, name: str, kept: Sequence[tuple[Run, Parcel]], model: "JointModel") -> str:
        """Write the folder of a fit of several targets and return its path."""
        with self._partial() as partial:
            model.save(partial / f"{_slug(name)}.onnx")
            for number, (run, parcel) in enumerate(kept, start=1):
                inner = partial / f"{number}-{_slug(run.name)}"
                inner.mkdir()
                _fill(inner, run, parcel)
            return str(_moved(partial, self._base, _folder_name(kept[0][0].began, name)))

    @contextmanager
    def _partial(self) -> Iterator[Path]:
        """Yield a folder to fill and to move; what is left of it at the end is taken away."""
        with _named(self._base):
            self._base.mkdir(parents=True, exist_ok=True)
            partial = self._base / f".{secrets.token_hex(8)}.partial"
            partial.mkdir()
            try:
                yield partial
            finally:
                shutil.rmtree(partial, ignore_errors=True)  # it is gone when all went well

    def register(self, model: "Model | JointModel", name: str, alias: str | None = None) -> str:
        """Write ``NAME/DIGEST.onnx``, and ``NAME/ALIAS.onnx`` in one move: a server that has it goes on with it."""
        folder = self._base / name
        with _named(folder):
            folder.mkdir(parents=True, exist_ok=True)
            version = folder / f"{model.digest}.onnx"
            if not version.exists():
                model.save(version)
            if alias is None:
                return str(version)
            model.save(folder / f"{alias}.onnx")
            return str(folder / f"{alias}.onnx")


@final
@dataclass(frozen=True, slots=True)
class Kept:
    """A run in its folder.

    Attributes:
        run: The run.
        path: Its folder.
        fit: That of the whole fit: another one, around it, where there were several targets.
    """

    run: Run
    path: Path
    fit: Path

    @property
    def id(self) -> str:
        """Name of the folder, after that of the fit where it is within one."""
        return self.path.relative_to(self.fit.parent).as_posix()

    @property
    def model_path(self) -> Path | None:
        """The model file, None where the fit failed or the file was taken away."""
        return next(iter(sorted(self.path.glob("*.onnx"))), None)

    @property
    def report_path(self) -> Path | None:
        """The report, None where there is none."""
        path = self.path / "report.html"
        return path if path.is_file() else None


def keep_record(place: str | os.PathLike[str], run: Run) -> None:
    """Write what is known of a run into a folder that the fit itself kept, so that it is listed among the others.

    Raises:
        OutputError: It cannot be written.
    """
    with _named(Path(place)):
        _write(Path(place) / RUN, _dumped(run.to_json()))


def read_runs(base: str | os.PathLike[str]) -> tuple[tuple[Kept, ...], tuple[str, ...]]:
    """Return the runs in a folder, newest first, and a sentence on each folder that could not be read.

    Raises:
        DataError: There is no such folder.
    """
    base = Path(base)
    if not base.is_dir():
        raise DataError(
            f"There is no folder '{base}'. Runs are kept by: modelwright fit DATA --target COL --track {base}"
        )
    runs, troubles = [], []
    for path in sorted(base.iterdir()):
        if path.name.startswith("."):
            continue
        of_targets = sorted(
            (file for file in path.glob(f"*/{RUN}") if _OF_TARGET.match(file.parent.name)), key=_place_of_target
        )
        for file in [path / RUN] if (path / RUN).is_file() else of_targets:
            try:
                runs.append(Kept(_read(file), file.parent, path))
            except ModelwrightError as error:
                troubles.append(f"'{file.parent}' is passed over. {error}")
    began = {kept.fit: kept.run.began for kept in reversed(runs)}  # targets of one fit stand in their order
    return tuple(sorted(runs, key=lambda kept: (began[kept.fit], kept.fit.name), reverse=True)), tuple(troubles)


def find_run(runs: tuple[Kept, ...], name: str) -> Kept:
    """Return a run by the name of its folder, the beginning of it, or its place from the newest: "1" is the newest.

    Raises:
        SpecError: There is none, or several begin so.
    """
    if re.fullmatch(r"[1-9]\d{0,5}", name, re.ASCII) and int(name) <= len(runs):
        return runs[int(name) - 1]
    exact = [kept for kept in runs if kept.id == name]
    found = exact or [kept for kept in runs if kept.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise SpecError(f"Several runs begin with '{name}': {listed(k.id for k in found)}. Write more of the name.")
    ids = [kept.id for kept in runs]
    raise SpecError(f"There is no run '{name}'.{nearest(name, ids)} Runs: {listed(ids) or 'none'}.")


def remove_fit(path: Path) -> None:
    """Remove the folder of a fit; while that lasts it no longer has its name, so nobody reads half of it.

    Raises:
        OutputError: It cannot be removed.
    """
    with _named(path):
        going = path.with_name(f".{secrets.token_hex(8)}.removed")
        path.rename(going)
        shutil.rmtree(going)


def _fill(place: Path, run: Run, parcel: Parcel) -> None:
    if parcel.model is not None:
        parcel.model.save(place / _file_name(run))
    if parcel.report is not None:
        _write(place / "report.html", parcel.report.to_html())
        _write(place / "report.json", _dumped(parcel.report.to_json()))
    _write(place / RUN, _dumped(run.to_json()))


def _place_of_target(file: Path) -> int:
    return int(file.parent.name.partition("-")[0])


def _read(path: Path) -> Run:
    if path.stat().st_size > _LARGEST_RUN:
        raise DataError(f"'{path}' is larger than {_LARGEST_RUN // 2**20} MB.")
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise DataError(f"'{path}' is no usable JSON: {error}.") from error
    return Run.from_json(value)


def _folder_name(began: float, name: str) -> str:
    moment = dt.datetime.fromtimestamp(began, tz=dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{moment}-{_slug(name)}"


def _file_name(run: Run) -> str:
    return f"{_slug(str(run.parameters.get('target') or run.name))}.onnx"


def _slug(name: str) -> str:
    """Return a name without what file systems refuse."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._")[:60] or "run"


def _moved(partial: Path, base: Path, name: str) -> Path:
    """Give a folder its name, with a number where another run of the same second has it."""
    for number in range(1, _MOST_SAME):
        place = base / (name if number == 1 else f"{name}-{number}")
        try:
            # On POSIX an empty folder would be taken over; run folders never are.
            return partial.rename(place)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.EACCES) or not place.exists():
                raise
    raise OutputError(f"'{base}' holds {_MOST_SAME} runs of one second called '{name}'. Give this one another name.")


def _write(path: Path, text: str) -> None:
    files.write(path, text.encode())


def _dumped(value: Any) -> str:
    strict = json.loads(dumps(value, "run"))  # numbers that are not finite become null
    return json.dumps(strict, ensure_ascii=False, indent=1) + "\n"


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn what the system says into an error that names the folder and the remedy."""
    try:
        yield
    except ModelwrightError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).rstrip(".")
        raise OutputError(f"The run folder '{path}' cannot be written: {reason}. Name another folder.") from error
