"""Long tables answered in constant memory: peak memory of ``modelwright predict`` at one and at ten million rows.

python benchmarks/batch.py [--rows 1000000 10000000] [--only "folder by city"]

The tables are made under .bench/batch at the first run, from a fixed seed; the model is one small trial on their
beginning, since what is looked at is how memory grows with rows and not how fast a large model is.
"""

import argparse
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

import modelwright as mw
from bench import MODELWRIGHT
from cases import CACHE
from modelwright.core.spec import Budget
from process import run
from results import append, circumstances, markdown

FOLDER = CACHE / "batch"
BLOCK = 500_000
CITIES = np.array(["Rome", "Oslo", "Quito", "Osaka", "Accra", "Perth", "Turku", ""], dtype=object)
WAYS = {
    "CSV to Parquet": ("csv", "answers.parquet", ()),
    "Parquet to CSV, with intervals": ("parquet", "answers.csv", ("--interval", "0.9")),
    "CSV to a folder": ("csv", "answers/", ()),
    "Parquet to a folder by city": ("parquet", "answers/", ("--partition-by", "city")),
}


def main() -> None:
    """Measure every way at every length."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--only", default="", help="part of the names of the ways to measure")
    asked = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = []
    for way, (form, output, options) in WAYS.items():
        if asked.only not in way:
            continue
        cells = []
        for n_rows in asked.rows:
            data, place = table(n_rows, form), FOLDER / output.removesuffix("/")
            remove(place)
            command = [*MODELWRIGHT, "predict", str(model()), str(data), "-o", f"{FOLDER}/{output}", *options, "-q"]
            done = run(command, 3600)
            if done.code != 0:
                raise SystemExit(done.errors)
            found = {"way": way, "rows": n_rows, "megabytes": done.peak_bytes / 1e6, "seconds": done.seconds}
            append("batch", {**found, **circumstances()})
            cells += [f"{done.peak_bytes / 1e6:.0f} MB", f"{done.seconds:.0f} s"]
            remove(place)
        rows.append([way, *cells])
        print(rows[-1], flush=True)
    print(markdown(["way", *(f"{n:,} rows: {what}" for n in asked.rows for what in ("peak", "time"))], rows))


def model() -> Path:
    """Return the model, fitted the first time."""
    place = FOLDER / "model.onnx"
    if not place.exists():
        learned = block(0, 20_000)
        mw.fit(learned.to_pydict(), target="y", budget=Budget(trials=1), out=place)
    return place


def table(n_rows: int, form: str) -> Path:
    """Return a table of so many rows, written the first time, a block at a time."""
    place = FOLDER / f"rows-{n_rows}.{form}"
    if place.exists():
        return place
    unfinished = place.with_suffix(".unfinished")
    schema = block(0, 1).schema
    opened = pa.csv.CSVWriter(unfinished, schema) if form == "csv" else pq.ParquetWriter(unfinished, schema)
    with opened as file:
        for start in range(0, n_rows, BLOCK):
            file.write_table(block(start, min(BLOCK, n_rows - start)))
    unfinished.replace(place)
    return place


def block(start: int, n_rows: int) -> pa.Table:
    """Return rows from a seed of their own."""
    rng = np.random.default_rng(start)
    a, b, c = rng.normal(size=(3, n_rows)).round(4)
    city = CITIES[rng.integers(0, len(CITIES), n_rows)]
    day = np.datetime64("2024-01-01") + rng.integers(0, 900, n_rows)
    y = 2 * a - b + (city == "Oslo") + rng.normal(size=n_rows).round(4)
    return pa.table({"a": a, "b": b, "c": c, "city": city, "day": day, "y": y})


def remove(place: Path) -> None:
    """Take away what an earlier run wrote."""
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
