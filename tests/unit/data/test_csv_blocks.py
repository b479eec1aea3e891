"""Separated values parsed in blocks: the same table as parsed whole, wherever the cuts fall."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from modelwright.core.table import Table
from modelwright.data import csv_blocks, csv_file, read
from modelwright.data.raw import Selection, Unlisted, made

N_ROWS = 3000


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make blocks tiny; the list holds how many rows each file had that was read by them."""
    for name in ("_BLOCK", "_PARSED_AT_ONCE"):
        monkeypatch.setattr(csv_file, name, 4096)
    monkeypatch.setattr(csv_file, "_BYTES_PER_COLUMN", 1)
    seen: list[int] = []

    def watched(stream: object, plan: csv_blocks.Blocks) -> object:
        table = csv_blocks.read_blocks(stream, plan)
        seen.append(table.num_rows)
        return table

    monkeypatch.setattr(csv_file, "read_blocks", watched)
    return seen


def columns() -> dict[str, list[object]]:
    """Return columns of every kind, texts and ranges changing from block to block."""
    days = np.datetime64("2020-01-01") + np.arange(N_ROWS)
    return {
        "small": [i % 7 for i in range(N_ROWS)],
        "grows": [i * i * 1000 for i in range(N_ROWS)],
        "late decimals": [i if i < 2000 else i + 0.25 for i in range(N_ROWS)],
        "gaps": ["" if i % 3 else i for i in range(N_ROWS)],
        "empty at first": ["" if i < 1500 else "seen" for i in range(N_ROWS)],
        "truth": ["true" if i % 2 else "false" for i in range(N_ROWS)],
        "day": ["" if i % 11 == 0 else str(day) for i, day in enumerate(days)],
        "city": [f"city {i // 250 + i % 3}" for i in range(N_ROWS)],
        "key": [f"k{i * 7919 % 100_003:06d}" for i in range(N_ROWS)],
        "reference": [f"order {i * 7919 % 100_003:06d}" for i in range(N_ROWS)],
        "seldom": [float(i % 700 == 5) for i in range(N_ROWS)],
        "dense later": [0 if i < 1500 else i for i in range(N_ROWS)],
        "zero of a kind": ["-0.0" if i % 5 == 0 else "0.0" for i in range(N_ROWS)],
    }


def written(file: Path, cells: dict[str, list[object]], quoting: int = csv.QUOTE_MINIMAL) -> Path:
    """Write columns as CSV and return the file."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, quoting=quoting)  # type: ignore[arg-type]  # the stubs want a literal
        writer.writerow(cells)
        writer.writerows(zip(*cells.values(), strict=True))
    return file


def assert_same(one: Table, other: Table) -> None:
    """Check schema, notes and cells."""
    assert one.schema == other.schema
    assert one.notes == other.notes
    for left, right in zip(one.columns, other.columns, strict=True):
        assert left.values.tobytes() == right.values.tobytes()
        assert (left.levels is None) == (right.levels is None)
        if left.levels is not None and right.levels is not None:
            assert left.levels.tolist() == right.levels.tolist()


def whole(file: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    """Return the file read without blocks."""
    with monkeypatch.context() as patch:
        patch.setattr(csv_file, "_beginning", lambda _plan: None)
        return read(file)


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_blocks_give_the_same_table(
    tmp_path: Path, blocks: list[int], monkeypatch: pytest.MonkeyPatch, quoting: int
) -> None:
    file = written(tmp_path / "data.csv", columns(), quoting)
    assert_same(read(file), whole(file, monkeypatch))
    assert blocks == [N_ROWS]


def test_line_breaks_and_quotes_in_cells_are_kept_wherever_the_cuts_fall(
    tmp_path: Path, blocks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [f'he said "no {i}"\nthen, "yes"' if i % 2 else f"line\n\n{i}" for i in range(N_ROWS)]
    file = written(tmp_path / "data.csv", {"n": list(range(N_ROWS)), "said": list(said), "m": [5, 6, 7] * 1000})
    table = read(file)
    assert table.column("said").strings().tolist() == said
    assert_same(table, whole(file, monkeypatch))
    assert blocks == [N_ROWS]


@pytest.mark.parametrize("late", ["abc", "9007199254740995", "12:30", '5" wide', 'an "odd'])
def test_what_blocks_cannot_hold_is_read_whole(
    tmp_path: Path, blocks: list[int], monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    cells = columns()
    cells["small"][-5] = late
    lines = [",".join(cells)] + [",".join(map(str, row)) for row in zip(*cells.values(), strict=True)]
    file = tmp_path / "data.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    table = read(file)
    assert table.schema.column("small").dtype == "string"
    assert table.column("small").strings()[-5] == late
    assert_same(table, whole(file, monkeypatch))
    assert blocks == []


def test_texts_of_one_byte_encodings_are_read_in_blocks(tmp_path: Path, blocks: list[int]) -> None:
    cities = [f"Zürich € {i % 5}" for i in range(N_ROWS)]
    file = tmp_path / "data.csv"
    file.write_bytes("".join(["n,city\n", *(f"{i},{city}\n" for i, city in enumerate(cities))]).encode("cp1252"))
    assert read(file).column("city").strings().tolist() == cities
    assert blocks == [N_ROWS]


@pytest.mark.parametrize("repeated", [None, 2950])
def test_texts_that_hardly_repeat_keep_their_order_over_the_blocks(
    blocks: list[int], tmp_path: Path, repeated: int | None
) -> None:
    """Chunks are listed one after the other, and a text met again in a later block has the code of its first row."""
    texts = [f"{row * 7919 % 100_003:05d}x{row}" for row in range(N_ROWS)]
    if repeated is not None:
        texts[repeated] = texts[3]
    path = tmp_path / "refs.csv"
    path.write_text("ref,n\n" + "".join(f"{text},{row % 5}\n" for row, text in enumerate(texts)))
    column = read(path).column("ref")
    assert blocks == [N_ROWS]
    assert column.levels is not None
    assert column.levels.tolist() == list(dict.fromkeys(texts))
    assert column.levels[column.values].tolist() == texts
    assert column.schema.kind == "identifier"


def test_the_last_row_may_lack_a_date(tmp_path: Path) -> None:
    rows = [f"{i % 97},2021-01-{i % 28 + 1:02d},word{i % 7}" for i in range(260_000)]
    path = tmp_path / "days.csv"
    path.write_text("\n".join(["x,day,note", *rows, "1,,word1"]) + "\n")
    table = read(path)
    assert table.n_rows == 260_001
    assert table.column("day").schema.dtype == "date"
    assert table.column("day").missing.tolist()[-2:] == [False, True]


def test_quotes_in_few_blocks_are_minded_there(
    tmp_path: Path, blocks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[object] = [f"word {i % 3}" for i in range(N_ROWS)]
    words[1700] = 'two\nlines, and a "quote"'
    file = written(tmp_path / "data.csv", {"word": words, "n": list(range(N_ROWS))})
    table = read(file)
    assert table.column("word").strings()[1700] == words[1700]
    assert_same(table, whole(file, monkeypatch))
    assert blocks == [N_ROWS]


def test_quotes_without_the_last_column_are_read_whole(tmp_path: Path, blocks: list[int]) -> None:
    words: list[object] = [f"word {i % 3}" for i in range(N_ROWS)]
    words[1700] = "two\nlines"
    file = written(tmp_path / "data.csv", {"word": words, "n": list(range(N_ROWS))})
    table = csv_file.read(file, Selection(frozenset(["word"])))
    assert table.n_rows == N_ROWS
    assert blocks == []


def test_a_line_longer_than_a_block_grows_the_buffer(tmp_path: Path, blocks: list[int]) -> None:
    words: list[object] = [f"word {i % 3}" for i in range(N_ROWS)]
    words[1700] = "line\n" * 4000 + "end"
    words[2500] = "x" * 30_000
    file = written(tmp_path / "data.csv", {"word": words, "n": list(range(N_ROWS))})
    assert read(file).column("word").strings().tolist() == words
    assert blocks == [N_ROWS]


def test_texts_all_different_become_objects_when_looked_at(tmp_path: Path, blocks: list[int]) -> None:
    texts: list[object] = [f"order {i * 7919 % 100_003:06d}" for i in range(N_ROWS)]
    table = csv_file.read(written(tmp_path / "data.csv", {"reference": texts, "n": [1, 2] * 1500}))
    raw = made(table.columns[0])
    assert isinstance(raw.levels, Unlisted)
    assert raw.texts().tolist() == texts
    assert raw.texts() is raw.texts()
    assert raw.values.tolist() == list(range(N_ROWS))
    assert blocks == [N_ROWS]


PEAK = """
import sys
from modelwright.data import csv_file, read
def memory(what):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(what))
before = memory("VmRSS")
table = read(sys.argv[1])
print(memory("VmHWM") - before)
"""


def peak(file: Path) -> float:
    """Return by how many times the size of a file reading it, in a new process, adds to the memory held."""
    done = subprocess.run([sys.executable, "-c", PEAK, str(file)], capture_output=True, text=True, check=True)
    return int(done.stdout) / file.stat().st_size


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is counted on Linux only")
def test_reading_many_zeros_adds_no_more_than_three_times_the_file(tmp_path: Path) -> None:
    """The values of all cells alone are 3.9 times the file: what is zero must not be written."""
    file = tmp_path / "data.csv"
    zeros, seldom = "0," * 49, "0," * 20 + "3.5," + "0," * 28
    lines = [f"{seldom if i % 4000 == 7 else zeros}{i % 1000}" for i in range(400_000)]
    file.write_text("\n".join([",".join(f"x{i}" for i in range(50)), *lines]) + "\n")
    assert peak(file) <= 3.0


def test_texts_listed_leave_nothing_with_arrow(tmp_path: Path) -> None:
    texts: list[object] = [f"order {i * 7919 % 1_000_003:07d}" for i in range(400_000)]
    table = csv_file.read(written(tmp_path / "data.csv", {"reference": texts, "n": [1, 2] * 200_000}))
    raw = made(table.columns[0])
    held = pa.total_allocated_bytes()
    assert raw.texts()[-1] == texts[-1]
    assert held - pa.total_allocated_bytes() > 400_000 * len(str(texts[0]))
