"""AutoGluon: one preset, pruned by clone_for_deployment, loaded and persisted in memory."""

from typing import Any

import pandas as pd
from runner import Answer, Job, Runner

METRICS = {
    "roc_auc": "roc_auc",
    "average_precision": "average_precision",
    "log_loss": "log_loss",
    "rmse": "root_mean_squared_error",
}


def start(_job: Job) -> None:
    import autogluon.tabular  # noqa: F401  # imported before the clock starts


def fit(job: Job, train: pd.DataFrame) -> Any:
    from autogluon.tabular import TabularPredictor

    predictor = TabularPredictor(
        label=job["target"],
        problem_type=job["task"],
        eval_metric=METRICS[job["metric"]],
        path=str(job.work / "predictor"),
    )
    limits = {"time_limit": job["seconds"], "num_cpus": job["cores"], "num_gpus": 0}
    return predictor.fit(train, presets=job["preset"], **limits)


def save(job: Job, predictor: Any) -> None:
    # The clone keeps what the best model needs and nothing else: delete_models and save_space in one step.
    predictor.clone_for_deployment(str(job.model / "predictor"), dirs_exist_ok=True)
    job.note("members", predictor.model_names())


def load(job: Job) -> Answer:
    from autogluon.tabular import TabularPredictor

    predictor = TabularPredictor.load(str(job.model / "predictor"))
    predictor.persist()
    if job["task"] == "regression":
        return lambda rows: predictor.predict(rows, as_pandas=False)
    job.note("classes", [str(label) for label in predictor.class_labels])
    return lambda rows: predictor.predict_proba(rows, as_pandas=False, as_multiclass=True)


if __name__ == "__main__":
    packages = ("autogluon.tabular", "lightgbm", "catboost", "xgboost-cpu", "torch", "fastai", "ray", "pandas", "numpy")
    Runner(packages, start, fit, save, load).main()
