"""A small registry of counters and histograms, written as Prometheus text (exposition format 0.0.4).

Each worker process counts for itself and leaves a snapshot for the others, so that whichever is asked answers for
all; the snapshots of workers that are gone stay, since counters never fall.
"""

import json
import os
import threading
import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
ROWS = (1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 500.0, 1000.0, 5000.0, 10000.0)

Key = tuple[str, ...]


@final
class Counter:
    """Numbers by labels that are added up."""

    kind = "counter"

    def __init__(self, name: str, text: str, labels: Sequence[str] = ()) -> None:
        self.name, self.text, self.labels = name, text, tuple(labels)
        self.values: dict[Key, float] = {}

    def add(self, amount: float, *key: str) -> None:
        """Add to the number of the labels."""
        self.values[key] = self.values.get(key, 0.0) + amount

    def lines(self, values: Mapping[Key, Any]) -> Iterable[str]:
        """Yield the lines of the exposition."""
        for key, value in values.items():
            yield f"{self.name}{_labels(self.labels, key)} {_number(value)}"

    @staticmethod
    def merge(one: Any, other: Any) -> Any:
        """Return the numbers of two workers as one."""
        return one + other


@final
class Gauge:
    """A number that goes up and down.

    Args:
        name: Name of the metric.
        text: What it tells.
        labels: Names of the labels.
        is_sum: Whether the numbers of workers add up; else the smallest tells for all.
    """

    kind = "gauge"

    def __init__(self, name: str, text: str, labels: Sequence[str] = (), *, is_sum: bool = True) -> None:
        self.name, self.text, self.labels, self._is_sum = name, text, tuple(labels), is_sum
        self.values: dict[Key, float] = {}

    def set(self, value: float, *key: str) -> None:
        """Set the number of the labels."""
        self.values[key] = value

    def lines(self, values: Mapping[Key, Any]) -> Iterable[str]:
        """Yield the lines of the exposition."""
        for key, value in values.items():
            yield f"{self.name}{_labels(self.labels, key)} {_number(value)}"

    def merge(self, one: Any, other: Any) -> Any:
        """Return the numbers of two workers as one."""
        return one + other if self._is_sum else min(one, other)


@final
class Histogram:
    """Counts of values in buckets, by labels.

    Args:
        name: Name of the metric.
        text: What it tells.
        labels: Names of the labels.
        edges: Upper ends of the buckets.
        special: Other ends for some values of the first label.
    """

    kind = "histogram"

    def __init__(
        self,
        name: str,
        text: str,
        labels: Sequence[str],
        edges: Sequence[float],
        *,
        special: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        self.name, self.text, self.labels = name, text, tuple(labels)
        self._edges = tuple(edges)
        self._special = {key: tuple(ends) for key, ends in (special or {}).items()}
        self.values: dict[Key, list[float]] = {}

    def observe(self, value: float, *key: str) -> None:
        """Count one value."""
        edges = self.edges(key)
        counts = self.values.get(key)
        if counts is None:
            counts = self.values[key] = [0.0] * (len(edges) + 2)
        counts[bisect_left(edges, value)] += 1
        counts[-1] += value

    def edges(self, key: Key) -> tuple[float, ...]:
        """Return the ends of the buckets for the labels."""
        return self._special.get(key[0], self._edges) if self._special else self._edges

    def lines(self, values: Mapping[Key, Any]) -> Iterable[str]:
        """Yield the lines of the exposition; the last number of a key is the sum of its values."""
        for key, counts in values.items():
            total = 0.0
            for edge, count in zip((*self.edges(key), float("inf")), counts, strict=False):
                total += count
                yield f"{self.name}_bucket{_labels((*self.labels, 'le'), (*key, _number(edge)))} {_number(total)}"
            yield f"{self.name}_sum{_labels(self.labels, key)} {_number(counts[-1])}"
            yield f"{self.name}_count{_labels(self.labels, key)} {_number(total)}"

    @staticmethod
    def merge(one: Any, other: Any) -> Any:
        """Return the counts of two workers as one."""
        return [a + b for a, b in zip(one, other, strict=True)]


Instrument = Counter | Gauge | Histogram


@final
class Registry:
    """All instruments of a worker.

    Args:
        instruments: Written in this order.
        folder: Where snapshots lie; None with a single worker.
    """

    def __init__(self, instruments: Sequence[Instrument], folder: str | None = None) -> None:
        self._instruments = tuple(instruments)
        self._folder = None if folder is None else Path(folder)
        self._lock = threading.Lock()
        self.last_snapshot = time.monotonic()

    @property
    def lock(self) -> threading.Lock:
        """Held while numbers change: threads score."""
        return self._lock

    def expose(self) -> str:
        """Return the text that Prometheus reads."""
        values = self._merged()
        lines = []
        for instrument in self._instruments:
            lines += [f"# HELP {instrument.name} {instrument.text}", f"# TYPE {instrument.name} {instrument.kind}"]
            lines += instrument.lines(values[instrument.name])
        return "\n".join([*lines, ""])

    def snapshot(self) -> None:
        """Leave the numbers for the other workers."""
        self.last_snapshot = time.monotonic()
        if self._folder is None:
            return
        with self._lock:
            own = {i.name: [[list(k), v] for k, v in i.values.items()] for i in self._instruments}
        place = self._folder / f"{os.getpid()}.json"
        beside = place.with_suffix(".new")
        beside.write_text(json.dumps(own), encoding="utf-8")
        beside.replace(place)

    def _merged(self) -> dict[str, dict[Key, Any]]:
        with self._lock:
            merged: dict[str, dict[Key, Any]] = {i.name: {**i.values} for i in self._instruments}
        for place in sorted(self._folder.glob("*.json")) if self._folder is not None else ():
            if place.stem == str(os.getpid()):
                continue
            theirs = json.loads(place.read_text(encoding="utf-8"))
            for instrument in self._instruments:
                if isinstance(instrument, Gauge) and not _lives(int(place.stem)):
                    continue  # what was counted stays, what was held is gone
                into = merged[instrument.name]
                for labels, value in theirs.get(instrument.name, ()):
                    key = tuple(labels)
                    into[key] = instrument.merge(into[key], value) if key in into else value
        return merged


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def resident_bytes() -> float:
    """Return the memory of this process that is in use now, or the most it ever was where the system tells no more."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return float(pages * os.sysconf("SC_PAGE_SIZE"))
    except (OSError, ValueError, IndexError, AttributeError):
        return _peak_bytes()


def _peak_bytes() -> float:
    try:
        import resource  # not on Windows

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
    except ImportError:
        return 0.0


def _labels(names: Sequence[str], values: Sequence[str]) -> str:
    if not names:
        return ""
    pairs = ",".join(f'{n}="{_escaped(v)}"' for n, v in zip(names, values, strict=True))
    return "{" + pairs + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
