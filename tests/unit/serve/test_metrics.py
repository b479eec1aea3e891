import json
import os
import re
from pathlib import Path

import pytest

from modelwright.serve.metrics import Counter, Gauge, Histogram, Registry, resident_bytes

LINE = re.compile(
    r'[a-z_]+(\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})? [-+.0-9einfInf]+'
)


def registry(folder: Path | None = None) -> tuple[Registry, Counter, Histogram]:
    counter = Counter("things_total", "Things.", ("name",))
    histogram = Histogram("sizes", "Sizes.", ("name",), (1.0, 2.5), special={"odd": (7.0,)})
    return (
        Registry([counter, histogram, Gauge("level", "Level.")], None if folder is None else str(folder)),
        counter,
        histogram,
    )


def test_the_text_is_prometheus_own() -> None:
    made, counter, histogram = registry()
    counter.add(2, 'a "quoted"\nback\\slash')
    for value in (0.5, 1.0, 2.0, 99.0):
        histogram.observe(value, "x")
    histogram.observe(7.5, "odd")
    text = made.expose()
    assert text.endswith("\n")
    for line in text.splitlines():
        assert line.startswith("# ") or LINE.fullmatch(line), line
    assert 'things_total{name="a \\"quoted\\"\\nback\\\\slash"} 2' in text
    assert 'sizes_bucket{name="x",le="1"} 2' in text
    assert 'sizes_bucket{name="x",le="2.5"} 3' in text
    assert 'sizes_bucket{name="x",le="+Inf"} 4' in text
    assert 'sizes_sum{name="x"} 102.5' in text
    assert 'sizes_bucket{name="odd",le="7"} 0' in text
    assert len(re.findall("^# TYPE sizes histogram$", text, re.M)) == 1


def test_workers_count_together(tmp_path: Path) -> None:
    made, counter, histogram = registry(tmp_path)
    counter.add(2, "a")
    histogram.observe(2.0, "x")
    made.snapshot()
    own = tmp_path / f"{os.getpid()}.json"
    (tmp_path / "1.json").write_text(own.read_text())
    (tmp_path / "2.json").write_text(json.dumps({"things_total": [[["b"], 5.0]]}))
    text = made.expose()
    assert 'things_total{name="a"} 4' in text
    assert 'things_total{name="b"} 5' in text
    assert 'sizes_count{name="x"} 2' in text


def test_the_memory_is_told() -> None:
    assert 1e6 < resident_bytes() < 1e11


def test_a_snapshot_of_one_worker_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    registry()[0].snapshot()
    assert list(tmp_path.iterdir()) == []
