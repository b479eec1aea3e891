"""Where runs can be kept, by the scheme of the address."""

STORES: dict[str, str] = {
    "": "modelwright.track.folder:FolderStore",
    "databricks": "modelwright.track.mlflow_store:MlflowStore",
    "file": "modelwright.track.mlflow_store:MlflowStore",
    "http": "modelwright.track.mlflow_store:MlflowStore",
    "https": "modelwright.track.mlflow_store:MlflowStore",
    "mysql": "modelwright.track.mlflow_store:MlflowStore",
    "postgresql": "modelwright.track.mlflow_store:MlflowStore",
    "sqlite": "modelwright.track.mlflow_store:MlflowStore",
}
"""Scheme to ``"module:attribute"`` of a store; an address without a scheme is a folder of run folders."""
