"""MLJAR in its mode for the best score; it has no pruning of its own, so its whole folder is what ships."""

from typing import Any

import pandas as pd
from runner import Answer, Job, Runner, parts

METRICS = {"roc_auc": "auc", "average_precision": "average_precision", "log_loss": "logloss", "rmse": "rmse"}
TASKS = {
    "binary": "binary_classification",
    "multiclass": "multiclass_classification",
    "regression": "regression",
}


def start(_job: Job) -> None:
    import supervised  # noqa: F401  # imported before the clock starts


def fit(job: Job, train: pd.DataFrame) -> Any:
    from supervised.automl import AutoML

    automl = AutoML(
        results_path=str(job.model / "results"),
        mode="Compete",
        ml_task=TASKS[job["task"]],
        eval_metric=METRICS[job["metric"]],
        total_time_limit=job["seconds"],
        explain_level=0,
        n_jobs=job["cores"],
        random_state=job["seed"],
    )
    automl.fit(train.drop(columns=[job["target"]]), train[job["target"]])
    return automl


def save(job: Job, automl: Any) -> None:
    job.note("members", [automl._best_model.get_name()])


def load(job: Job) -> Answer:
    from supervised.automl import AutoML

    automl = AutoML(results_path=str(job.model / "results"))
    if job["task"] == "regression":
        return automl.predict

    def answer(rows: pd.DataFrame) -> Any:
        return automl.predict_all(rows).filter(regex="^prediction_")

    _, test = parts(job)
    first = answer(test.drop(columns=[job["target"]]).head(1))
    job.note("classes", [name.removeprefix("prediction_") for name in first.columns])

    return answer


if __name__ == "__main__":
    Runner(("mljar-supervised", "lightgbm", "catboost", "xgboost", "pandas", "numpy"), start, fit, save, load).main()
