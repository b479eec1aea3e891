"""modelwright: one file."""

from typing import Any

import pandas as pd
from runner import Answer, Job, Runner


def start(_job: Job) -> None:
    import modelwright.api  # noqa: F401  # imported before the clock starts


def fit(job: Job, train: pd.DataFrame) -> Any:
    import modelwright as mw
    from modelwright.core.spec import FitSpec

    spec = FitSpec(task=job["task"], metric=job["metric"])
    budget = f"{job['seconds']}s"
    return mw.fit(train, job["target"], budget=budget, out=job.model / "model.onnx", seed=job["seed"], spec=spec)


def save(job: Job, model: Any) -> None:
    """Nothing is left to do: the fit has written the file."""


def load(job: Job) -> Answer:
    import modelwright as mw

    model = mw.load(job.model / "model.onnx")
    if job["task"] == "regression":
        return model.predict
    job.note("classes", [str(label) for label in model.task.classes])
    return model.predict_proba


if __name__ == "__main__":
    Runner(("onnxruntime", "lightgbm", "catboost", "pandas", "numpy"), start, fit, save, load).main()
