"""The public tabular data sets as benchmark cases: what to predict, what to leave out, the fixed split.

The sets are described by ``datasets.json`` in the folder that MODELWRIGHT_DATA names. The two parts of each set are
written once, with their cells as they came, and kept under ``.bench/``.
"""

import csv
import gzip
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final

import pyarrow.compute as pc
import pyarrow.parquet as pq

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".bench"
LOWER_IS_BETTER = frozenset({"log_loss", "rmse"})


@final
@dataclass(frozen=True, slots=True)
class Case:
    """One data set.

    Attributes:
        name: Name of the set.
        source: The whole set as its publisher left it, CSV (possibly gzipped) or Parquet.
        task: "binary", "multiclass" or "regression".
        target: Column to predict.
        metric: The metric the set is judged by.
        drop: Identifier and leakage columns, left out for a fair score.
        reference: Scores of LightGBM with its defaults on the test part, by metric.
        separator: Separator of a CSV.
        n_rows: Rows of the whole set.
        may_lack_target: Whether rows without a target are known.
        missing_markers: Words that stand for a missing cell.
        skip_blanks: Whether every cell of the CSV begins with a blank that means nothing.
        positive: The positive class of a binary task, as text; "" for the other tasks.
        dates: Columns known to hold dates.
    """

    name: str
    source: Path
    task: str
    target: str
    metric: str
    drop: tuple[str, ...]
    reference: Mapping[str, float]
    separator: str
    n_rows: int
    may_lack_target: bool
    missing_markers: tuple[str, ...]
    skip_blanks: bool
    positive: str
    dates: tuple[str, ...]

    @classmethod
    def from_json(cls, folder: Path, value: Mapping[str, Any]) -> Self:
        """Read one entry of ``datasets.json``."""
        default = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[value["task"]]
        return cls(
            name=value["name"],
            source=folder / value["file"],
            task=value["task"],
            target=value["target"],
            metric=value.get("metric", default),
            drop=(*value.get("id_columns", ()), *value.get("leakage_columns", ())),
            reference=value["lightgbm_default"],
            separator=value.get("separator", ","),
            n_rows=value["rows"],
            may_lack_target=bool(value.get("rows_without_target")),
            missing_markers=tuple(value.get("missing_markers", ())),
            skip_blanks=bool(value.get("skipinitialspace")),
            positive=str(value.get("positive_class", "")),
            dates=tuple(value.get("datetime_columns", ())),
        )

    def parts(self) -> tuple[Path, Path]:
        """Return the files of training and test rows, writing them the first time."""
        suffix = ".parquet" if self.source.suffix == ".parquet" else ".csv"
        paths = tuple(CACHE / "parts" / f"{self.name}.{part}{suffix}" for part in ("train", "test"))
        if not all(path.exists() for path in paths):
            paths[0].parent.mkdir(parents=True, exist_ok=True)
            (_split_parquet if suffix == ".parquet" else _split_csv)(self, paths)
        return paths[0], paths[1]


def data_folder() -> Path:
    """Return the folder of the public data sets."""
    folder = Path(os.environ.get("MODELWRIGHT_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "datasets.json").exists():
        raise SystemExit("Set MODELWRIGHT_DATA to the folder that holds datasets.json.")
    return folder


def tabular_cases() -> list[Case]:
    """Return every tabular set, in the order of ``datasets.json``."""
    folder = data_folder()
    entries = json.loads((folder / "datasets.json").read_text(encoding="utf-8"))["datasets"]
    return [Case.from_json(folder, entry) for entry in entries if entry["group"] == "tabular"]


def is_test(name: str, position: int) -> bool:
    """Return whether the data row at a position, counted from 0, belongs to the test part."""
    return int(hashlib.sha1(f"{name}:{position}".encode(), usedforsecurity=False).hexdigest(), 16) % 4 == 0


def _split_parquet(case: Case, paths: tuple[Path, ...]) -> None:
    table = pq.read_table(case.source)
    table = table.append_column("#test", [[is_test(case.name, i) for i in range(table.num_rows)]])
    table = table.filter(pc.is_valid(pc.field(case.target)))
    train, test = (table.filter(pc.field("#test") == wanted).drop_columns(["#test"]) for wanted in (False, True))
    if case.task != "regression":
        # Two test rows of KDD-99 have a class that no training row has: nothing can be scored on them.
        test = test.filter(pc.field(case.target).isin(train.column(case.target).unique()))
    for path, rows in zip(paths, (train, test), strict=True):
        _write(path, lambda part, rows=rows: pq.write_table(rows, part))


def _split_csv(case: Case, paths: tuple[Path, ...]) -> None:
    raw = case.source.read_bytes()
    records = list(_records(gzip.decompress(raw) if case.source.suffix == ".gz" else raw))
    header, rows = records[0], records[1:]
    if len(rows) != case.n_rows:
        raise SystemExit(f"{case.source.name} has {len(rows)} rows, datasets.json says {case.n_rows}.")
    at = _cells(header, case.separator).index(case.target)
    kept: tuple[list[bytes], list[bytes]] = ([header], [header])
    for position, row in enumerate(rows):
        if not case.may_lack_target or _cells(row, case.separator)[at].strip() not in ("", "NA"):
            kept[is_test(case.name, position)].append(row)
    for path, part_rows in zip(paths, kept, strict=True):
        _write(path, lambda part, part_rows=part_rows: part.write_bytes(b"".join(part_rows)))


def _records(raw: bytes) -> Iterator[bytes]:
    """Yield the records of a CSV with their line ends, quoted line breaks kept inside."""
    begun = b""
    for line in raw.splitlines(keepends=True):
        begun += line
        if begun.count(b'"') % 2 == 0:
            if begun.strip():
                yield begun if begun.endswith(b"\n") else begun + b"\n"
            begun = b""


def _cells(record: bytes, separator: str) -> list[str]:
    return next(csv.reader([record.decode("utf-8-sig", errors="replace")], delimiter=separator))


def _write(path: Path, write: Any) -> None:
    part = path.with_suffix(".part")
    write(part)
    part.replace(path)
