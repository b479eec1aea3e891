"""H2O AutoML, shipped as the saved leader, answered by a server that has loaded it.

The free edition of 3.46.0.12 does not export a MOJO any more ("requires H2O-3 Secure"), so the binary model that it
does save is what a user can ship; it opens in a server of the same version.
"""

from typing import Any

import pandas as pd
from runner import Answer, Job, Runner, is_text

METRICS = {"roc_auc": "AUC", "average_precision": "AUCPR", "log_loss": "logloss", "rmse": "RMSE"}


def start(job: Job) -> None:
    import h2o

    h2o.init(nthreads=job["cores"], ice_root=str(job.work), log_dir=str(job.work), name=job.folder.name)
    h2o.no_progress()


def stop() -> None:
    import h2o

    h2o.cluster().shutdown()


def kinds(rows: pd.DataFrame) -> dict[str, str]:
    """Return H2O's kind of every column."""
    found = {}
    for name in rows.columns:
        date = pd.api.types.is_datetime64_any_dtype(rows[name])
        found[name] = "enum" if is_text(rows[name]) else "time" if date else "numeric"
    return found


def fit(job: Job, train: pd.DataFrame) -> Any:
    import h2o
    from h2o.automl import H2OAutoML

    columns = kinds(train)
    if job["task"] != "regression":
        columns[job["target"]] = "enum"
    job.note("kinds", columns)
    automl = H2OAutoML(max_runtime_secs=job["seconds"], seed=job["seed"], sort_metric=METRICS[job["metric"]])
    automl.train(y=job["target"], training_frame=h2o.H2OFrame(train, column_types=columns))
    return automl


def save(job: Job, automl: Any) -> None:
    import h2o

    leader = automl.leader
    h2o.save_model(leader, path=str(job.model))
    job.note("members", [leader.model_id])
    if job["task"] != "regression":
        job.note("classes", [str(label) for label in leader._model_json["output"]["domains"][-1]])


def load(job: Job) -> Answer:
    import h2o

    model = h2o.load_model(str(next(job.model.iterdir())))
    columns = {name: kind for name, kind in job.noted("kinds").items() if name != job["target"]}

    def answer(rows: pd.DataFrame) -> Any:
        found = model.predict(h2o.H2OFrame(rows, column_types=columns)).as_data_frame()
        return found.iloc[:, 0] if job["task"] == "regression" else found.iloc[:, 1:]

    return answer


if __name__ == "__main__":
    Runner(("h2o", "pandas", "numpy"), start, fit, save, load, stop).main()
