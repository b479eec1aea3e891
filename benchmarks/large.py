"""A million rows of thirty columns: does the fit keep to its time and memory, and is it worth its time?

    python benchmarks/large.py [--rows 1000000] [--budget 180s] [--memory 6GB]

The table is made up (numbers, categories of few and many levels, a date, missing cells, one answer of two with noise)
and kept as Parquet under ``.bench``. LightGBM with its defaults gets the same rows, with
categories as its own category kind.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from process import run
from results import append, circumstances, markdown
from suite import COMMAND, document, score_of, seconds_of

FOLDER = Path(".bench/large")
N_NUMBERS, LEVELS = 20, (2, 4, 12, 50, 300, 2_000, 20_000, 5, 30)


def table(n_rows: int, seed: int) -> pa.Table:
    """Return the made-up table, `n_rows` of 30 columns and the answer ``bought``."""
    rng = np.random.default_rng(seed)
    truth = np.random.default_rng(7)  # the same world for training and test rows
    numbers = rng.normal(size=(n_rows, N_NUMBERS))
    numbers[:, 10:15] = np.exp(numbers[:, 10:15])
    codes = [np.minimum((rng.pareto(1.0, n_rows) * levels / 20).astype(np.int64), levels - 1) for levels in LEVELS]
    day = rng.integers(0, 1_000, n_rows)
    score = 0.8 * numbers[:, 0] * numbers[:, 1] + np.sin(2 * numbers[:, 2]) + 0.3 * np.log(numbers[:, 10])
    score += 0.6 * (numbers[:, 3] > 0.5) * numbers[:, 4] + 0.4 * np.cos(2 * np.pi * day / 365)
    for column, levels in zip(codes, LEVELS, strict=True):
        score += truth.normal(scale=0.5, size=levels)[column]
    bought = rng.random(n_rows) < 1 / (1 + np.exp(-score + 1.5))
    columns: dict[str, Any] = {}
    for i in range(N_NUMBERS):
        missing = rng.random(n_rows) < (0.05 if i % 4 == 0 else 0.0)
        columns[f"number_{i}"] = pa.array(numbers[:, i], mask=missing)
    for i, (column, levels) in enumerate(zip(codes, LEVELS, strict=True)):
        words = pa.array([f"v{k}" for k in range(levels)])
        columns[f"category_{i}"] = pa.DictionaryArray.from_arrays(pa.array(column.astype(np.int32)), words)
    columns["day"] = pa.array(np.datetime64("2023-01-01") + day)
    columns["bought"] = pa.array(np.where(bought, "yes", "no"))
    return pa.table(columns)


def lightgbm_auc(train: Path, test: Path) -> str:
    """Return a program that prints what LightGBM's defaults reach, and the seconds they take."""
    return f"""
import time
import lightgbm, numpy as np, pandas as pd
from sklearn.metrics import roc_auc_score
train, test = (pd.read_parquet(path) for path in ({str(train)!r}, {str(test)!r}))
answers = [frame.pop("bought") == "yes" for frame in (train, test)]
for frame in (train, test):
    frame["day"] = pd.to_datetime(frame["day"]).astype("int64")
began = time.perf_counter()
model = lightgbm.LGBMClassifier(n_jobs=2, verbose=-1).fit(train, answers[0])
seconds = time.perf_counter() - began
print(roc_auc_score(answers[1], model.predict_proba(test)[:, 1]), seconds)
"""


def main() -> None:
    """Fit, measure and tell."""
    parser = argparse.ArgumentParser(description="Fit a million rows within limits of time and memory.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--budget", default="180s")
    parser.add_argument("--memory", default="6GB")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    train, test, file = (FOLDER / name for name in (f"train-{options.rows}.parquet", "test.parquet", "large.onnx"))
    if not train.exists():
        pq.write_table(table(options.rows, 0), train)
        pq.write_table(table(100_000, 1), test)
    limits = ["--budget", options.budget, "--memory", options.memory]
    fit = run([*COMMAND, "fit", str(train), "--target", "bought", *limits, "-o", str(file), "--json"], 1_800)
    line = {"rows": options.rows, "budget": options.budget, "memory": options.memory, **circumstances()}
    line |= {"code": fit.code, "seconds": round(fit.seconds, 1), "peak_bytes": fit.peak_bytes}
    if fit.code == 0:
        evaluated = document(run([*COMMAND, "evaluate", str(file), str(test), "--json"], 900))
        told = document(run([*COMMAND, "inspect", str(file), "--json"], 60))
        members = {trial["id"]: trial["weight"] for trial in told["leaderboard"] if trial["weight"]}
        line |= {**score_of(evaluated, "roc_auc"), "bytes": file.stat().st_size, "members": members}
    else:
        line["error"] = fit.errors[-500:]
    peer = run([sys.executable, "-c", lightgbm_auc(train, test)], 900)
    line["lightgbm"] = [float(word) for word in peer.output.split()] if peer.code == 0 else peer.errors[-500:]
    append("large", line)
    within = line["seconds"] <= 1.05 * seconds_of(options.budget) + 3
    shown = {**line, "in time": within, "peak GiB": round(line["peak_bytes"] / 2**30, 2)}
    print(markdown(["what", "value"], list(shown.items())))


if __name__ == "__main__":
    main()
