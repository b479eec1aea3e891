"""Where a model file can be brought, and what the one entrypoint of every image can do."""

TARGETS: dict[str, str] = {
    "docker": "modelwright.deploy.docker:DOCKER",
    "sagemaker": "modelwright.deploy.sagemaker:SAGEMAKER",
    "vertex": "modelwright.deploy.vertex:VERTEX",
    "azureml": "modelwright.deploy.azureml:AZUREML",
    "kserve": "modelwright.deploy.kserve:KSERVE",
}
"""Name to ``"module:attribute"`` of a `Target`."""

MODES: dict[str, str] = {
    "serve": "modelwright.deploy.serving:serve",
    "train": "modelwright.deploy.training:train",
    "predict": "modelwright.deploy.serving:predict",
}
"""First argument of the entrypoint to ``"module:attribute"`` of what it starts."""
