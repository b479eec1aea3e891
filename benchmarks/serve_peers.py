"""The peers of the server, run by the Python of ``.bench/serve``: the usual pipeline behind FastAPI, MLflow, BentoML.

    .bench/serve/bin/python benchmarks/serve_peers.py fit examples/churn.csv Churn N_TREES N_LEAVES FOLDER
    .bench/serve/bin/python benchmarks/serve_peers.py fastapi FOLDER PORT
    .bench/serve/bin/python benchmarks/serve_peers.py bentoml FOLDER PORT

The pipeline is what people write: pandas in front, imputed numbers, one-hot categories, LightGBM of as many trees.
"""

import os
import sys
from pathlib import Path
from typing import Any


def fit(data: str, target: str, n_trees: str, n_leaves: str, folder: str) -> None:
    """Learn, and leave the pipeline for the servers."""
    import joblib
    import lightgbm as lgb
    import mlflow.sklearn
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    frame = pd.read_csv(data)
    rows, answers = frame.drop(columns=[target]), frame[target]
    numbers = [c for c in rows if pd.api.types.is_numeric_dtype(rows[c])]
    texts = [c for c in rows if c not in numbers and rows[c].nunique() < len(rows) / 2]
    encoder = OneHotEncoder(handle_unknown="ignore", min_frequency=5)
    columns = ColumnTransformer([("n", SimpleImputer(strategy="median"), numbers), ("c", encoder, texts)])
    learner = lgb.LGBMClassifier(n_estimators=int(n_trees), num_leaves=int(n_leaves), n_jobs=1, verbose=-1)
    pipeline = make_pipeline(columns, learner).fit(rows, answers)
    joblib.dump(pipeline, Path(folder) / "pipeline.joblib")
    mlflow.sklearn.save_model(
        pipeline, str(Path(folder) / "mlflow"), pyfunc_predict_fn="predict", serialization_format="cloudpickle"
    )


def fastapi(folder: str, port: str) -> None:
    """Serve the pipeline behind FastAPI, as its own documentation would."""
    import joblib
    import pandas as pd
    import uvicorn
    from fastapi import FastAPI
    from pydantic import BaseModel

    pipeline = joblib.load(Path(folder) / "pipeline.joblib")
    app = FastAPI()

    class Body(BaseModel):
        records: list[dict[str, Any]]

    @app.get("/livez")
    def live() -> dict[str, bool]:
        return {"live": True}

    @app.post("/predict")
    def predict(body: Body) -> dict[str, Any]:
        shares = pipeline.predict_proba(pd.DataFrame(body.records).fillna(float("nan")))
        return {"predictions": [{"label": str(pipeline.classes_[row.argmax()]), "p": row.tolist()} for row in shares]}

    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", access_log=False)


def bentoml(folder: str, port: str) -> None:
    """Serve the pipeline with BentoML, one worker."""
    place = Path(folder) / "bento"
    place.mkdir(exist_ok=True)
    (place / "service.py").write_text(
        "import joblib, bentoml, pandas as pd\n"
        "from typing import Any\n"
        "@bentoml.service(workers=1)\n"
        "class Churn:\n"
        "    def __init__(self) -> None:\n"
        f"        self.pipeline = joblib.load({str(Path(folder).resolve() / 'pipeline.joblib')!r})\n"
        "    @bentoml.api\n"
        "    def predict(self, records: list[dict[str, Any]]) -> dict[str, Any]:\n"
        "        shares = self.pipeline.predict_proba(pd.DataFrame(records))\n"
        "        return {'predictions': shares.tolist()}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "bentoml", "serve", "service:Churn", "--host", "127.0.0.1", "--port", port]
    os.environ |= {"BENTOML_DO_NOT_TRACK": "true", "BENTOML_HOME": str(Path(folder).resolve() / "bento-home")}
    os.chdir(place)
    os.execv(sys.executable, command)


if __name__ == "__main__":
    {"fit": fit, "fastapi": fastapi, "bentoml": bentoml}[sys.argv[1]](*sys.argv[2:])
