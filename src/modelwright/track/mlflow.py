"""The MLflow flavor: save, log and load a model; what `mlflow.pyfunc` calls to load one and to ask it.

MLflow imports this module by the name that a saved folder gives, and nothing else of that folder is imported.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np

from modelwright.core.errors import MissingExtraError, SpecError, listed, nearest
from modelwright.core.table import Array
from modelwright.insight.background import Background, make_background
from modelwright.insight.shapley import shapley
from modelwright.model.model import Model
from modelwright.track import mlmodel

try:
    import mlflow
    from mlflow.models import Model as Description
    from mlflow.models import ModelSignature
    from mlflow.models.model import ModelInfo
except ModuleNotFoundError as missing:
    if missing.name != "mlflow":
        raise
    raise MissingExtraError("MLflow", "mlflow") from missing


def save_model(
    model: Model,
    path: str | os.PathLike[str],
    mlflow_model: Description | None = None,
    *,
    signature: ModelSignature | None = None,
) -> None:
    """Write a model as an MLflow folder.

    Args:
        model: The model.
        path: Where to; it must not be there yet, or be empty.
        mlflow_model: What MLflow knows of it already; given by `log_model`.
        signature: What MLflow should check; None names answer and parameter only, see `column_signature`.

    Raises:
        OutputError: It cannot be written.
    """
    folder = mlmodel.write_folder(model, path)
    described = Description() if mlflow_model is None else mlflow_model
    for name, settings in mlmodel.flavors(model).items():
        described.add_flavor(name, **settings)
    described.signature = signature or ModelSignature.from_dict(mlmodel.signature(model))
    described.metadata = {**mlmodel.metadata(model), **(described.metadata or {})}
    described.model_size_bytes = model.size_bytes
    described.save(str(folder / "MLmodel"))


def log_model(
    model: Model,
    name: str = "model",
    *,
    registered_model_name: str | None = None,
    aliases: Sequence[str] = (),
    run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    signature: ModelSignature | None = None,
) -> ModelInfo:
    """Log a model to the active run, and register it where a name is given.

    Args:
        model: The model.
        name: Its name in the run.
        registered_model_name: Register it as the next version of this name.
        aliases: Aliases of the registry that then mean this version, such as "champion".
        run_id: The run; the active one by default, or a new one.
        tags: Tags of the logged and of the registered model.
        signature: As in `save_model`.

    Raises:
        SpecError: There are aliases but no name to register.
    """
    if aliases and registered_model_name is None:
        raise SpecError("An alias belongs to a registered model. Give registered_model_name too.")
    info = Description.log(
        artifact_path=None,
        name=name,
        flavor=_Flavor,
        registered_model_name=registered_model_name,
        run_id=run_id,
        tags=None if tags is None else dict(tags),
        model=model,
        signature=signature,
        flavor_name=mlmodel.FLAVOR,
    )
    for alias in aliases:
        mlflow.MlflowClient().set_registered_model_alias(registered_model_name, alias, info.registered_model_version)
    return info


def column_signature(model: Model) -> ModelSignature:
    """Return a signature that names the columns too, for registries that ask for it, such as Unity Catalog.

    With it MLflow's own server takes JSON and Parquet but no CSV; see `modelwright.track.mlmodel.signature`.
    """
    return ModelSignature.from_dict(mlmodel.signature(model, columns=True))


def load_model(model_uri: str, dst_path: str | None = None) -> Model:
    """Open a logged, registered or saved model.

    Args:
        model_uri: As MLflow writes it: ``models:/name@alias``, ``runs:/id/model``, or a folder.
        dst_path: Where to copy it to; a temporary folder by default.

    Raises:
        FileRefusedError: The file is corrupt, foreign, too new or hostile.
    """
    folder = Path(model_uri)
    if folder.is_dir():
        return Model.open(_file_in(folder))
    with tempfile.TemporaryDirectory() as temporary:
        fetched = mlflow.artifacts.download_artifacts(artifact_uri=model_uri, dst_path=dst_path or temporary)
        return Model.open(_file_in(Path(fetched)))


def _load_pyfunc(path: str) -> "Answerer":
    """Return what `mlflow.pyfunc` asks; called by MLflow with the path of the file."""
    return Answerer(Model.open(_file_in(Path(path))))


@final
class Answerer:
    """Answers frames as MLflow expects: one label or number per row, or what ``params={"output": …}`` asks for."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._background: Background | None = None

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Return the answers.

        Args:
            data: A pandas frame, or anything else that the model reads.
            params: ``output`` is "predictions" (an array), "probabilities" (a frame, a column per class), "full" (label
                and probability_CLASS, or prediction; as `modelwright predict` writes), "interval" (full and the ends
                of the interval, or the set of classes) or "explain" (what is expected and what each column added).

        Raises:
            SpecError: There is no such output, or the model cannot give it.
            SchemaError: A column is absent or a cell is of a wrong kind.
        """
        output = (params or {}).get("output", mlmodel.OUTPUTS[0])
        data = _columns(data) if isinstance(data, Mapping) else data
        if output == "predictions":
            return np.asarray(self.model.predict(data))
        if output not in _COLUMNS:
            raise SpecError(
                f"There is no output '{output}'.{nearest(str(output), mlmodel.OUTPUTS)} "
                f"Outputs: {listed(mlmodel.OUTPUTS)}."
            )
        return _frame(data, _COLUMNS[output](self, data))

    def probabilities(self, data: Any) -> dict[str, Array]:
        """Return the probabilities by class."""
        shares = np.asarray(self.model.predict_proba(data))
        return {str(label): shares[:, i] for i, label in enumerate(self.model.classes)}

    def full(self, data: Any) -> dict[str, Array]:
        """Return label and probabilities, or the number."""
        answers = np.asarray(self.model.predict(data))
        if not self.model.classes:
            return {"prediction": answers}
        return {"label": answers, **{f"probability_{name}": p for name, p in self.probabilities(data).items()}}

    def interval(self, data: Any) -> dict[str, Array]:
        """Return the answers and how sure they are: lower and upper, or a column per class that the set may hold."""
        if self.model.classes:
            inside = self.model.predict_membership(data)
            sets = {f"in_set_{label}": inside[:, i] for i, label in enumerate(self.model.classes)}
            return {"label": np.asarray(self.model.predict(data)), **sets}
        lower, upper = (np.asarray(end) for end in self.model.predict_interval(data))
        return {"prediction": np.asarray(self.model.predict(data)), "lower": lower, "upper": upper}

    def explain(self, data: Any) -> dict[str, Array]:
        """Return what each column added to the answer: of the last class of two, else of the most probable one."""
        if self._background is None:
            self._background = make_background(self.model)
        found = shapley(self.model, data, background=self._background)
        chosen = found.given.argmax(axis=1)  # 0 where one answer is explained
        rows = np.arange(len(found))
        added = found.values[rows, chosen]  # (n_rows, n_columns)
        columns = {f"added_{name}": added[:, i] for i, name in enumerate(found.columns)}
        return {
            "explained": np.array(found.answers, dtype=object)[chosen],
            "given": found.given[rows, chosen],
            "expected": found.base[chosen],
            **columns,
        }


_COLUMNS = {
    "probabilities": Answerer.probabilities,
    "full": Answerer.full,
    "interval": Answerer.interval,
    "explain": Answerer.explain,
}


@final
class _Flavor:
    """What `mlflow.models.Model.log` calls; it hands over its options by name."""

    @staticmethod
    def save_model(path: str, mlflow_model: Description, model: Model, signature: ModelSignature | None = None) -> None:
        save_model(model, path, mlflow_model, signature=signature)


def _file_in(path: Path) -> Path:
    return path / mlmodel.MODEL_FILE if path.is_dir() else path


def _columns(data: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return what MLflow's server makes of JSON as plain columns: its cells may be arrays without a dimension."""
    columns = {name: values if isinstance(values, list | np.ndarray) else [values] for name, values in data.items()}
    return {name: [_cell(cell) for cell in values] for name, values in columns.items()}


def _cell(cell: Any) -> Any:
    return cell.item() if isinstance(cell, np.generic | np.ndarray) and cell.ndim == 0 else cell


def _frame(data: Any, columns: dict[str, Array]) -> Any:
    """Return columns as the caller's kind of frame with its index; MLflow hands over pandas frames."""
    if type(data).__module__.partition(".")[0] != "pandas":
        return columns
    return type(data)(columns, index=data.index)
