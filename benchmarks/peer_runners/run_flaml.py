"""FLAML with its defaults, shipped as a pickle."""

import pickle
from typing import Any

import pandas as pd
from runner import Answer, Job, Runner

METRICS = {"roc_auc": "roc_auc", "average_precision": "ap", "log_loss": "log_loss", "rmse": "rmse"}


def start(_job: Job) -> None:
    import flaml.automl  # noqa: F401  # imported before the clock starts


def fit(job: Job, train: pd.DataFrame) -> Any:
    from flaml import AutoML

    automl = AutoML()
    automl.fit(
        X_train=train.drop(columns=[job["target"]]),
        y_train=train[job["target"]],
        task="regression" if job["task"] == "regression" else "classification",
        metric=METRICS[job["metric"]],
        time_budget=job["seconds"],
        n_jobs=job["cores"],
        seed=job["seed"],
        verbose=1,
    )
    return automl


def save(job: Job, automl: Any) -> None:
    (job.model / "automl.pickle").write_bytes(pickle.dumps(automl))
    job.note("members", [automl.best_estimator])


def load(job: Job) -> Answer:
    automl = pickle.loads((job.model / "automl.pickle").read_bytes())  # noqa: S301  # written by the step before
    if job["task"] == "regression":
        return automl.predict
    job.note("classes", [str(label) for label in automl.classes_])
    return automl.predict_proba


if __name__ == "__main__":
    Runner(("flaml", "lightgbm", "xgboost-cpu", "scikit-learn", "pandas", "numpy"), start, fit, save, load).main()
