"""What was asked of a kept run, as its folder says it: enough to go on without the one who asked."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, final

import modelwright
from modelwright.core.errors import DataError, FileRefusedError, SpecError
from modelwright.core.pack import from_plain, pack, plain
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Table

SCHEMA = "modelwright/run-folder/1"
"""Form of a run folder; another one is refused."""

LARGEST = 16 * 1024 * 1024


@final
@dataclass(frozen=True, slots=True)
class Request:
    """A fit, as it was asked for.

    Attributes:
        target: Column to predict.
        budget: Limits; those of the latest wish.
        spec: What else was asked.
        seed: Seed of every random choice.
        planned: Limits that rows, folds and learners are planned by: those of the first wish, whatever is added later.
        table: Digest of the table.
        has_test: Whether there are rows that are only scored on.
    """

    target: str
    budget: Budget
    spec: FitSpec
    seed: int
    planned: Budget
    table: str
    has_test: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no seed."""
        if self.seed < 0:
            raise SpecError(f"A seed is a whole number from 0 on, not {self.seed}.")

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` reverses it."""
        # Where the folder lies is not written into it: it may be moved.
        mappings: dict[str, Any] = {name: dict(getattr(self.spec, name)) for name in ("kinds", "monotone", "cost")}
        asked = replace(self, spec=replace(self.spec, **mappings, run=None))
        return {"schema": SCHEMA, "version": modelwright.__version__, **plain(asked)["fields"]}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Build a request from `to_json` output.

        Raises:
            FileRefusedError: It is no request, or of another form.
        """
        if not isinstance(value, dict) or value.get("schema") != SCHEMA:
            told = value.get("schema") if isinstance(value, dict) else None
            raise FileRefusedError(
                f"The run folder has the form '{told}'; this version continues {SCHEMA}."
                " Continue it with the version that began it, or fit again."
            )
        name = f"{cls.__module__}:{cls.__qualname__}"
        fields = {key: inner for key, inner in value.items() if key not in ("schema", "version")}
        try:
            request: Self = from_plain({"type": name, "fields": fields})
        except DataError as error:
            raise FileRefusedError(f"The request of the run folder cannot be understood. {error}") from error
        return request


def read_request(path: Path) -> Request:
    """Return the request in a file.

    Raises:
        DataError: There is none.
        FileRefusedError: It is damaged or of another form.
    """
    if not path.is_file():
        raise DataError(
            f"There is no run in '{path.parent}'. A run that can be continued is begun with:"
            f" modelwright fit DATA --target COL --run {path.parent}"
        )
    try:
        with path.open("rb") as stream:
            value = json.loads(stream.read(LARGEST))
    except (ValueError, RecursionError) as error:
        raise FileRefusedError(f"'{path}' is no usable JSON: {error}. Fit again into another folder.") from error
    return Request.from_json(value)


def digest(table: Table) -> str:
    """Return a hash of a table with all its columns, kinds and notes."""
    return hashlib.sha256(pack(table)).hexdigest()
