"""LightGBM with its defaults: words as its own categories, dates as numbers, nothing tuned."""

import json
from typing import Any

import numpy as np
import pandas as pd
from runner import Answer, Job, Runner, is_text


def start(_job: Job) -> None:
    import lightgbm  # noqa: F401  # imported before the clock starts


def prepared(rows: pd.DataFrame, categories: dict[str, list[str]]) -> pd.DataFrame:
    """Return the rows as LightGBM takes them; a word that was not seen is missing."""
    columns = {}
    for position, name in enumerate(rows.columns):
        column = rows[name]
        if name in categories:
            words = column.map(lambda cell: cell if pd.isna(cell) else str(cell)).astype(object)
            column = pd.Series(pd.Categorical(words, categories=categories[name]), index=rows.index)
        elif pd.api.types.is_datetime64_any_dtype(column):
            column = column.astype("int64")
        columns[f"c{position}"] = column  # LightGBM refuses some names
    return pd.DataFrame(columns)


def fit(job: Job, train: pd.DataFrame) -> Any:
    import lightgbm as lgb

    rows, answers = train.drop(columns=[job["target"]]), train[job["target"]]
    words = [name for name in rows.columns if is_text(rows[name])]
    categories = {name: sorted({str(cell) for cell in rows[name].dropna()}) for name in words}
    classes = sorted(set(answers)) if job["task"] != "regression" else []
    codes = answers.map({label: code for code, label in enumerate(classes)}) if classes else answers
    learner = (lgb.LGBMClassifier if classes else lgb.LGBMRegressor)(
        random_state=job["seed"], n_jobs=job["cores"], verbose=-1
    )
    learner.fit(prepared(rows, categories), codes)
    return learner.booster_, {"categories": categories, "classes": classes}


def save(job: Job, state: Any) -> None:
    booster, preparation = state
    booster.save_model(str(job.model / "model.txt"))
    (job.model / "preparation.json").write_text(json.dumps(preparation), encoding="utf-8")


def load(job: Job) -> Answer:
    import lightgbm as lgb

    booster = lgb.Booster(model_file=str(job.model / "model.txt"))
    preparation = json.loads((job.model / "preparation.json").read_text(encoding="utf-8"))
    job.note("classes", preparation["classes"])

    def answer(rows: pd.DataFrame) -> Any:
        found = np.asarray(booster.predict(prepared(rows, preparation["categories"])))
        return np.column_stack([1.0 - found, found]) if len(preparation["classes"]) == 2 else found

    return answer


if __name__ == "__main__":
    Runner(("lightgbm", "scikit-learn", "pandas", "numpy"), start, fit, save, load).main()
