"""Predicting on one core, beside LightGBM as people serve it: in a scikit-learn pipeline, and with own preparation.

    python benchmarks/prediction.py model.onnx examples/churn.csv Churn N_TREES N_LEAVES

prints the medians as JSON. It runs in a process of its own, held to one core, so both sides compute on one thread.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

import modelwright as mw
from measure import Measure, in_turns

ROWS = 10_000


def measures(model: Path, data: Path, target: str, shape: tuple[int, int]) -> list[Measure]:
    """Measure in a process held to one core."""
    command = [sys.executable, __file__, str(model), str(data), target, *map(str, shape)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    one, pipeline = found["one"], found["one_pipeline"]
    batch, native = found["batch"], found["batch_native"]
    same = f"LightGBM of {shape[0]:,} trees with {shape[1]} leaves"
    return [
        Measure("one row, a dictionary", one, "µs", pipeline, f"scikit-learn pipeline, {same}", "≤ 150 µs", one <= 150),
        Measure(
            "one row, how many times faster", pipeline / one, "×", None, "the same", "≥ 50 ×", pipeline >= 50 * one
        ),
        Measure(
            f"{ROWS:,} rows, a pandas frame", batch, "ms", native, f"own preparation, {same}", "≤ 1 ×", batch <= native
        ),
    ]


def main() -> None:
    """Time both sides and print the medians."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    path, data, target, n_trees, n_leaves = sys.argv[1:]
    learner = lgb.LGBMClassifier(n_estimators=int(n_trees), num_leaves=int(n_leaves), n_jobs=1, verbose=-1)
    model = mw.load(path)
    frame = pd.read_csv(data)
    rows, answers = frame.drop(columns=[target]), frame[target]
    pipeline = fitted_pipeline(rows, answers, learner)
    predict_native = fitted_native(rows, answers, learner)
    batch = rows.iloc[np.arange(ROWS) % len(rows)].reset_index(drop=True)
    one_frame = rows.iloc[[0]].reset_index(drop=True)
    one: dict[str, Any] = json.loads(rows.iloc[0].to_json())
    single = in_turns(2000, lambda: model.predict(one))[0]
    slow = in_turns(200, lambda: pipeline.predict_proba(one_frame))[0]
    ours, native = in_turns(7, lambda: model.predict_proba(batch), lambda: predict_native(batch))
    print(
        json.dumps({"one": single * 1e6, "one_pipeline": slow * 1e6, "batch": ours * 1e3, "batch_native": native * 1e3})
    )


def text_columns(rows: pd.DataFrame) -> list[str]:
    """Return the columns that are not numbers and are not different in every row."""
    return [c for c in rows if not pd.api.types.is_numeric_dtype(rows[c]) and rows[c].nunique() < len(rows) / 2]


def fitted_pipeline(rows: pd.DataFrame, answers: pd.Series, learner: lgb.LGBMClassifier) -> Pipeline:
    """Return the usual pipeline of columns, fitted."""
    numbers = [c for c in rows if pd.api.types.is_numeric_dtype(rows[c])]
    columns = ColumnTransformer(
        [
            ("numbers", SimpleImputer(strategy="median"), numbers),
            ("categories", OneHotEncoder(handle_unknown="ignore", min_frequency=5), text_columns(rows)),
        ]
    )
    return make_pipeline(columns, clone(learner)).fit(rows, answers)


def fitted_native(rows: pd.DataFrame, answers: pd.Series, learner: lgb.LGBMClassifier) -> Callable[[pd.DataFrame], Any]:
    """Return LightGBM's own booster behind the preparation that a careful user would write in pandas."""
    levels = {column: pd.CategoricalDtype(sorted(rows[column].dropna().unique())) for column in text_columns(rows)}
    numbers = [c for c in rows if pd.api.types.is_numeric_dtype(rows[c])]

    def prepare(frame: pd.DataFrame) -> pd.DataFrame:
        prepared = frame[[*numbers, *levels]].copy()
        for column, kind in levels.items():
            prepared[column] = prepared[column].astype(kind)
        return prepared

    booster = clone(learner).fit(prepare(rows), answers).booster_
    return lambda frame: booster.predict(prepare(frame), num_threads=1)


if __name__ == "__main__":
    main()
