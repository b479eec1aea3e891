"""The MLflow flavor: save, log and load a model; what `mlflow.pyfunc` calls to load one and to ask it.

MLflow imports this module by the name that a saved folder gives, and nothing else of that folder is imported.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from modelwright.core.errors import MissingExtraError, SpecError
from modelwright.model.joint import JointModel, load
from modelwright.model.model import Model
from modelwright.track import mlmodel
from modelwright.track.answerer import Answerer, JointAnswerer

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
    model: Model | JointModel,
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
    model: Model | JointModel,
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


def column_signature(model: Model | JointModel) -> ModelSignature:
    """Return a signature that names the columns too, for registries that ask for it, such as Unity Catalog.

    With it MLflow's own server takes JSON and Parquet but no CSV; see `modelwright.track.mlmodel.signature`.
    """
    return ModelSignature.from_dict(mlmodel.signature(model, columns=True))


def load_model(model_uri: str, dst_path: str | None = None) -> Model | Any:  # Any: a JointModel, seldom
    """Open a logged, registered or saved model, of one target or of several.

    Args:
        model_uri: As MLflow writes it: ``models:/name@alias``, ``runs:/id/model``, or a folder.
        dst_path: Where to copy it to; a temporary folder by default.

    Raises:
        FileRefusedError: The file is corrupt, foreign, too new or hostile.
    """
    folder = Path(model_uri)
    if folder.is_dir():
        return load(_file_in(folder))
    with tempfile.TemporaryDirectory() as temporary:
        fetched = mlflow.artifacts.download_artifacts(artifact_uri=model_uri, dst_path=dst_path or temporary)
        return load(_file_in(Path(fetched)))


def _load_pyfunc(path: str) -> Answerer | JointAnswerer:
    """Return what `mlflow.pyfunc` asks; called by MLflow with the path of the file."""
    model = load(_file_in(Path(path)))
    return JointAnswerer(model) if isinstance(model, JointModel) else Answerer(model)


@final
class _Flavor:
    """What `mlflow.models.Model.log` calls; it hands over its options by name."""

    @staticmethod
    def save_model(
        path: str, mlflow_model: Description, model: Model | JointModel, signature: ModelSignature | None = None
    ) -> None:
        save_model(model, path, mlflow_model, signature=signature)


def _file_in(path: Path) -> Path:
    return path / mlmodel.MODEL_FILE if path.is_dir() else path
