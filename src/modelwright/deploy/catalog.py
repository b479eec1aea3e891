"""Where a model file can be brought, and what the one entrypoint of every image can do."""

TARGETS: dict[str, str] = {
    "docker": "modelwright.deploy.docker:DOCKER",
    "sagemaker": "modelwright.deploy.sagemaker:SAGEMAKER",
    "vertex": "modelwright.deploy.vertex:VERTEX",
    "azureml": "modelwright.deploy.azureml:AZUREML",
    "kserve": "modelwright.deploy.kserve:KSERVE",
    "kubeflow": "modelwright.deploy.kubeflow:KUBEFLOW",
}
"""Name to ``"module:attribute"`` of a `Target`."""

MODES: dict[str, str] = {
    "serve": "modelwright.deploy.serving:serve",
    "train": "modelwright.deploy.training:train",
    "predict": "modelwright.deploy.serving:predict",
    "kubeflow": "modelwright.deploy.step:kubeflow",
}
"""First argument of the entrypoint to ``"module:attribute"`` of what it starts."""

STEPS: dict[str, str] = {
    "check": "modelwright.deploy.step:check",
    "fit": "modelwright.deploy.step:fit",
    "gate": "modelwright.deploy.step:gate",
    "register": "modelwright.deploy.step:register",
    "predict": "modelwright.deploy.step:predict",
}
"""Steps of a Kubeflow pipeline, the second argument of the entrypoint's ``kubeflow``."""
