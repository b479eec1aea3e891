"""Categories encoded by us or by the boosting library: what is lost by keeping native categories out of the file?

    python benchmarks/encodings.py collect [--only german_credit …]
    python benchmarks/encodings.py report

CatBoost's exporter refuses its native categories, so ours are statistics, counts and one-hots of the tree view. Both
libraries learn a sample of each training part twice with the same settings: on the tree view, and with its features of
categories replaced by the categories themselves. Each stops by the rows held out, and its loss there is kept under
``.bench/encodings``; the test parts are never read.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import numpy as np

from cases import Case, tabular_cases
from modelwright.core.spec import FitSpec
from modelwright.core.table import Array, Table
from modelwright.data import read
from modelwright.search.folds import plan_folds
from modelwright.search.question import frame_question
from modelwright.transform.category import FittedCategories
from modelwright.transform.view import FittedView, fit_view
from results import markdown

FOLDER = Path(".bench/encodings")
MOST_ROWS, FOLDS, ROUNDS, PATIENCE = 3_000, 2, 300, 30
"""Rows sampled of a set, folds fitted of three, most rounds, and rounds without a gain before the end."""

SETS = (
    *("german_credit", "hr_attrition", "telco_churn", "titanic", "amazon_access", "adult", "houston_flights"),
    *("soybean", "car_evaluation", "ames_housing", "nyc_airbnb", "diamonds"),
)
"""Sets with categories, of each task, few and many levels."""

LIGHTGBM = {"learning_rate": 0.05, "num_leaves": 31, "min_data_in_leaf": 5, "feature_fraction": 0.7, "lambda_l2": 1.0}
CATBOOST = {"learning_rate": 0.08, "depth": 6}
OBJECTIVES = {
    "binary": ("binary", "binary_logloss", "Logloss"),
    "multiclass": ("multiclass", "multi_logloss", "MultiClass"),
    "regression": ("regression", "rmse", "RMSE"),
}

Part = tuple[Array, Array]
"""Features and answers."""


def collect(case: Case) -> None:
    """Fit both libraries on both encodings of one set, and store losses and processor seconds."""
    question = frame_question(read(case.parts()[0]), case.target, FitSpec(task=case.task, drop=case.drop))
    rng = np.random.default_rng(0)
    rows = np.sort(rng.permutation(len(question.target))[:MOST_ROWS])
    table, target = question.features.take(rows), question.target.take(rows)
    found: dict[str, list[tuple[float, float]]] = {}
    for number, fold in enumerate(plan_folds(target, 30.0, rng).folds[:FOLDS]):
        parts, known = (table.take(fold.train), table.take(fold.valid)), target.take(fold.train)
        view, matrix = fit_view("tree", parts[0], known, number)
        answers = known.values, target.values[fold.valid]
        own = (matrix, answers[0]), (view.apply(parts[1]), answers[1])
        (first, names), (second, _) = native(view, parts[0]), native(view, parts[1])
        raw = (first, answers[0]), (second, answers[1])
        for name, fit in {"LightGBM": by_lightgbm, "CatBoost": by_catboost}.items():
            for encoding, (train, valid), categories in (("ours", own, 0), ("native", raw, names)):
                started = time.process_time()
                loss = fit(train, valid, categories, case.task)
                found.setdefault(f"{name} {encoding}", []).append((loss, time.process_time() - started))
    FOLDER.mkdir(parents=True, exist_ok=True)
    told = {name: [float(np.mean(column)) for column in zip(*pairs, strict=True)] for name, pairs in found.items()}
    (FOLDER / f"{case.name}.json").write_text(json.dumps(told), encoding="utf-8")


def native(view: FittedView, table: Table) -> tuple[Array, int]:
    """Return the codes of categories in front of the other features of the view, and how many are in front."""
    names = [name for part in view.parts if isinstance(part, FittedCategories) for name in part.columns]
    codes = [table.column(name).values.astype(np.float64)[:, None] for name in names]
    others = [part.apply(table) for part in view.parts if not isinstance(part, FittedCategories)]
    return np.concatenate([*codes, *others], axis=1), len(names)


def by_lightgbm(train: Part, valid: Part, n_categories: int, task: str) -> float:
    """Return LightGBM's best loss on the held-out rows."""
    objective, metric, _ = OBJECTIVES[task]
    classes = {"num_class": int(train[1].max()) + 1} if task == "multiclass" else {}
    settings = {**LIGHTGBM, **classes, "objective": objective, "metric": metric, "num_threads": 1, "verbosity": -1}
    categories = list(range(n_categories)) or "auto"
    seen = lightgbm.Dataset(*train, categorical_feature=categories)
    held_out = lightgbm.Dataset(*valid, reference=seen, categorical_feature=categories)
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    booster = lightgbm.train(settings, seen, ROUNDS, [held_out], ["held out"], callbacks=[stop])
    return float(booster.best_score["held out"][metric])


def by_catboost(train: Part, valid: Part, n_categories: int, task: str) -> float:
    """Return CatBoost's best loss on the held-out rows."""
    loss = OBJECTIVES[task][2]
    kind = catboost.CatBoostRegressor if task == "regression" else catboost.CatBoostClassifier
    model = kind(
        **CATBOOST, iterations=ROUNDS, loss_function=loss, thread_count=1, random_seed=0, allow_writing_files=False
    )
    pools = [_pool(part, n_categories) for part in (train, valid)]
    model.fit(pools[0], eval_set=pools[1], early_stopping_rounds=PATIENCE, verbose=False)
    return float(model.get_best_score()["validation"][loss])


def _pool(part: Part, n_categories: int) -> catboost.Pool:
    features, answers = part
    if not n_categories:
        return catboost.Pool(features, answers)
    cells = features.astype(object)
    cells[:, :n_categories] = features[:, :n_categories].astype(np.int64)
    return catboost.Pool(cells, answers, cat_features=list(range(n_categories)))


def report() -> str:
    """Return the loss of native categories beside ours, and the processor seconds of both."""
    rows, relative = [], []
    for name in SETS:
        if not (FOLDER / f"{name}.json").exists():
            continue
        told: Mapping[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        line = [name]
        for library in ("LightGBM", "CatBoost"):
            (ours, spent), (theirs, longer) = told[f"{library} ours"], told[f"{library} native"]
            line += [
                f"{ours:.5g}",
                f"{theirs:.5g}",
                f"{100 * (theirs / ours - 1):+.1f} %",
                f"{spent:.1f}, {longer:.1f}",
            ]
        relative.append([told[f"{lib} native"][0] / told[f"{lib} ours"][0] - 1 for lib in ("LightGBM", "CatBoost")])
        rows.append(line)
    summaries: tuple[tuple[str, Callable[..., Any]], ...] = (("mean", np.mean), ("median", np.median))
    for title, summary in summaries:
        first, second = (f"{100 * value:+.1f} %" for value in summary(np.array(relative), axis=0))
        rows.append([title, "", "", first, "", "", "", second, ""])
    head = ["set"]
    for library in ("LightGBM", "CatBoost"):
        head += [f"{library}, ours", "native", "native beside ours", "s"]
    return markdown(head, rows)


def main() -> None:
    """Collect or report."""
    parser = argparse.ArgumentParser(description="Compare our encoding of categories with the libraries' own.")
    parser.add_argument("what", choices=["collect", "report"])
    parser.add_argument("--only", nargs="*", default=SETS, help="names of sets")
    options = parser.parse_args()
    if options.what == "report":
        print(report())
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    cases = {case.name: case for case in tabular_cases()}
    for name in options.only:
        if not (FOLDER / f"{name}.json").exists():
            collect(cases[name])
            print(name, flush=True)


if __name__ == "__main__":
    main()
