"""What every peer's runner does around its own fit, save and load; run by the Python of the peer's environment.

    python run_<peer>.py fit FOLDER     learn from the training part, leave what is needed to predict in FOLDER/model
    python run_<peer>.py use FOLDER     load it, answer the test part, time one row and 10,000

FOLDER/job.json says what to do. Answers are left as answers.npy with classes.json, so that one and the same code
judges all peers. Nothing here knows modelwright.
"""

import importlib.metadata
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import pandas as pd

BATCH = 10_000
SECONDS_OF_TIMING = 5.0
FEWEST_REPEATS = 3

Answer = Callable[[pd.DataFrame], Any]
"""Takes raw rows; gives probabilities (n_rows, n_classes) or values (n_rows,)."""


@final
@dataclass(frozen=True)
class Job:
    """One fit.

    Attributes:
        facts: Everything in job.json: target, task, metric, seconds, seed, cores, preset, how to read the parts.
        folder: Where the runner may write.
    """

    facts: dict[str, Any]
    folder: Path

    def __getitem__(self, name: str) -> Any:
        """Return one fact."""
        return self.facts[name]

    @property
    def model(self) -> Path:
        """The folder whose size is what a user must ship."""
        return self.folder / "model"

    @property
    def work(self) -> Path:
        """A folder for everything that is not shipped."""
        return self.folder / "work"

    def note(self, name: str, value: Any) -> None:
        """Leave a JSON document for a later step."""
        (self.folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")

    def noted(self, name: str) -> Any:
        """Return what `note` left."""
        return json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))


@final
@dataclass(frozen=True)
class Runner:
    """How a peer is driven.

    Attributes:
        packages: Packages whose versions are recorded, the peer's own first.
        start: Imports and starts what a user would have running already; not timed.
        fit: Learns within the seconds of the job; timed.
        save: Prunes by the peer's own means and writes what must be shipped to the model folder.
        load: Opens that folder again and returns what answers rows.
        stop: Ends what `start` started.
    """

    packages: tuple[str, ...]
    start: Callable[[Job], Any]
    fit: Callable[[Job, pd.DataFrame], Any]
    save: Callable[[Job, Any], None]
    load: Callable[[Job], Answer]
    stop: Callable[[], None] = lambda: None

    def main(self) -> None:
        """Do the step that the command line names."""
        step, folder = sys.argv[1], Path(sys.argv[2])
        job = Job(json.loads((folder / "job.json").read_text(encoding="utf-8")), folder)
        job.model.mkdir(exist_ok=True)
        job.work.mkdir(exist_ok=True)
        self.start(job)
        (self._fit if step == "fit" else self._use)(job)
        self.stop()

    def _fit(self, job: Job) -> None:
        train, _ = parts(job)
        began = time.perf_counter()
        state = self.fit(job, train)
        fitted = time.perf_counter()
        self.save(job, state)
        saved = time.perf_counter()
        job.note(
            "fit",
            {
                "fit_seconds": round(fitted - began, 2),
                "save_seconds": round(saved - fitted, 2),
                "versions": versions(self.packages),
            },
        )

    def _use(self, job: Job) -> None:
        _, test = parts(job)
        rows = test.drop(columns=[job["target"]])
        answer = self.load(job)
        answers = np.asarray(answer(rows), dtype=np.float64)
        np.save(job.folder / "answers.npy", answers)
        batch = rows.iloc[np.arange(BATCH) % len(rows)].reset_index(drop=True)
        one = [rows.iloc[[i % len(rows)]].reset_index(drop=True) for i in range(50)]
        job.note("use", {"microseconds_1": timed(answer, one), "microseconds_10k": timed(answer, [batch]) / BATCH})


def timed(answer: Answer, frames: list[pd.DataFrame]) -> float:
    """Return the median microseconds of a call, the frames taken in turn."""
    spent: list[float] = []
    answer(frames[0])
    while len(spent) < FEWEST_REPEATS or (sum(spent) < SECONDS_OF_TIMING and len(spent) < 1000):
        began = time.perf_counter()
        answer(frames[len(spent) % len(frames)])
        spent.append(time.perf_counter() - began)
        if sum(spent) > 10 * SECONDS_OF_TIMING:
            break
    return statistics.median(spent) * 1e6


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the installed versions."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "absent"
    return found


def parts(job: Job) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the training and the test rows as a careful user would read them: the same frame for every peer."""
    train, test = (_frame(job, Path(job[part])) for part in ("train", "test"))
    for name in train.columns:
        if is_text(train[name]) != is_text(test[name]):  # a part may lack the few words among the numbers
            words = [c.map(lambda cell: cell if pd.isna(cell) else str(cell)) for c in (train[name], test[name])]
            train[name], test[name] = (column.astype(object) for column in words)
    return train, test


def is_text(column: "pd.Series[Any]") -> bool:
    """Return whether a column holds words."""
    return not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column))


def _frame(job: Job, path: Path) -> pd.DataFrame:
    markers = job["missing_markers"]
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        words = [name for name in frame.columns if name != job["target"] and is_text(frame[name])]
        frame[words] = frame[words].replace(["", *markers], None)
    else:
        frame = pd.read_csv(
            path, sep=job["separator"], skipinitialspace=job["skip_blanks"], na_values=markers, low_memory=False
        )
    frame = frame.drop(columns=job["drop"])
    for name in job["dates"]:
        date = pd.to_datetime(frame[name], format="ISO8601", errors="coerce") if is_text(frame[name]) else frame[name]
        frame[name] = date if date.notna().sum() == frame[name].notna().sum() else frame[name]
    if job["task"] != "regression":
        frame[job["target"]] = frame[job["target"]].astype(str)
    return frame
