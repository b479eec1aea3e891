"""A run of several targets that is kept: one folder, which holds a run folder of each.

::

    targets.json    which targets, in which order, and the limits for all together
    1-price/        the run folder of the first (see `run_folder`), 2-churned/ that of the second; and so on

`targets.json` is written when every one of them holds its request and its table, and before the first race.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final

import modelwright
from modelwright.core.destination import named
from modelwright.core.errors import DataError, FileRefusedError, listed
from modelwright.core.pack import from_plain, plain
from modelwright.core.spec import Budget
from modelwright.core.table import Table
from modelwright.energy.energy import NOTHING, Energy
from modelwright.model.naming import safe_name
from modelwright.search.request import LARGEST, Request
from modelwright.search.run_folder import begun, held, opened, write

TARGETS = "targets.json"
SCHEMA = "modelwright/run-targets/1"
"""Form of the folder; another one is refused."""

LONGEST_NAME = 60
"""Characters of a target's name in that of its folder."""


@final
@dataclass(frozen=True, slots=True)
class Kept:
    """What the folder of a run says.

    Attributes:
        path: The folder.
        targets: The targets, in the order in which they are fitted.
        budget: Limits for all together; those of the latest wish.
    """

    path: Path
    targets: tuple[str, ...]
    budget: Budget

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read it.

        Raises:
            DataError: There is no run of several targets.
            FileRefusedError: It is damaged or of another form.
        """
        file = Path(path) / TARGETS
        if not file.is_file():
            raise DataError(f"There is no run of several targets in '{path}': it has no '{TARGETS}'.")
        try:
            with file.open("rb") as stream:
                value = json.loads(stream.read(LARGEST))
            if value["schema"] != SCHEMA:
                raise FileRefusedError(f"'{file}' has the form '{value['schema']}'; this version continues {SCHEMA}.")
            budget = from_plain(value["budget"])
            if not isinstance(budget, Budget) or not all(isinstance(name, str) for name in value["targets"]):
                raise DataError("It names no budget and targets.")
            return cls(Path(path), tuple(value["targets"]), budget)
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            if isinstance(error, FileRefusedError):
                raise
            raise FileRefusedError(f"'{file}' cannot be understood: {error}. Fit again into another folder.") from error

    def write(self) -> None:
        """Write it, whole or not at all."""
        told = {
            "schema": SCHEMA,
            "version": modelwright.__version__,
            "budget": plain(self.budget),
            "targets": list(self.targets),
        }
        write(self.path / TARGETS, json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n")

    @property
    def folders(self) -> dict[str, Path]:
        """The run folder of each target: its place and its name, as far as file systems take it."""
        return {
            target: self.path / f"{number}-{safe_name(target)[:LONGEST_NAME]}"
            for number, target in enumerate(self.targets, start=1)
        }


@final
@dataclass(frozen=True, slots=True)
class Past:
    """What became of one target until now.

    Attributes:
        request: What was asked.
        is_over: Whether it has its file.
        seconds: Time spent.
        energy: Energy spent.
    """

    request: Request
    is_over: bool
    seconds: float
    energy: Energy

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read it from the run folder of the target.

        Raises:
            DataError: There is none.
            FileRefusedError: It is damaged or of another form.
            OutputError: Another process works in it.
        """
        with opened(path) as folder:
            spent: dict[str, Any] = folder.spent()
            energy = Energy.from_json(spent["energy"]) if "energy" in spent else NOTHING
            return cls(folder.request, folder.model is not None, float(spent["at"]), energy)


@contextmanager
def begun_targets(kept: Kept, asked: Sequence[tuple[Request, Table, Table | None]]) -> Iterator[Mapping[str, Path]]:
    """Begin a run of several targets, hold its folder for the block, and yield the run folder of each.

    Args:
        kept: The folder, and what it is to say.
        asked: The request, the table and the rows that are only scored on, of each target in turn.

    Raises:
        DataError: The folder holds a run of other targets or over another table, or things that are no run.
        OutputError: It cannot be written, or another process works in it.
    """
    path, folders = kept.path, kept.folders
    with named(path / TARGETS):
        path.mkdir(parents=True, exist_ok=True)
        ours = {TARGETS, *(folder.name for folder in folders.values())}
        others = sorted(p.name for p in path.iterdir() if not p.name.startswith(".") and p.name not in ours)
    with held(path):
        if (path / TARGETS).exists() and (earlier := Kept.read(path)).targets != kept.targets:
            raise DataError(
                f"The run folder '{path}' belongs to other targets ({listed(earlier.targets)}), or has them in another"
                " order. Name another folder with --run, or remove this one."
            )
        if others:
            raise DataError(
                f"The folder '{path}' holds '{others[0]}' and is no run of these targets. Name an empty one."
            )
        for folder, (request, table, test) in zip(folders.values(), asked, strict=True):
            with begun(folder, request, table, test):
                pass  # the race comes when all are laid out
        kept.write()
        yield folders


@contextmanager
def opened_targets(path: str | os.PathLike[str]) -> Iterator[tuple[Kept, Mapping[str, Past]]]:
    """Open a run of several targets, hold its folder for the block, and yield what it says and what became of each.

    Raises:
        DataError: There is none.
        FileRefusedError: It is of another form, or damaged.
        OutputError: Another process works in it.
    """
    Kept.read(path)
    with held(Path(path)):
        kept = Kept.read(path)
        yield kept, {target: Past.read(folder) for target, folder in kept.folders.items()}
