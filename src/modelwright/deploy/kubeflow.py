"""Kubeflow Pipelines: the pipeline that makes the next model, and its components."""

from modelwright.deploy.base import Bundle, Call, Order, Target
from modelwright.deploy.image import build_calls, image_files
from modelwright.deploy.pipeline import NAME, PARTS, component, train_pipeline, yaml_text

EXTRAS = "serve,fit,report"
"""What the image of a pipeline can do; registering with MLflow needs ``mlflow`` too."""

_COMMENT = """\
{about}
Upload it in the pages of Kubeflow Pipelines, or: kfp run create --experiment-name {name} --package-file pipeline.yaml
Nothing is taken from an earlier run's cache: the same address may hold other rows today."""


def build(order: Order) -> Bundle:
    """Return an image that can train, the pipeline that follows the model's own question, and its components."""
    image = order.image(order.value("registry"))
    model = order.single  # its steps judge and watch one target
    pipeline = train_pipeline(
        image, target=model.manifest.target, task=model.task.name, metric=model.metric, name=order.name
    )
    about = pipeline["pipelineInfo"]["description"]
    files = {
        **image_files(order, "Kubeflow Pipelines"),
        "pipeline.yaml": yaml_text(pipeline, _COMMENT.format(about=about, name=order.name)).encode(),
    }
    for name, part in PARTS.items():
        use = "In a pipeline of your own: kfp.components.load_component_from_file"
        files[f"components/{name}.yaml"] = yaml_text(component(name, image), f"{part.about}\n{use}").encode()
    started = ("kfp", "run", "create", "--experiment-name", order.name, "--package-file", "pipeline.yaml")
    places = ("train_uri=TRAIN_URI", "test_uri=TEST_URI", "new_uri=NEW_URI", "limit=LIMIT", "registry=MODELS")
    calls = (
        *build_calls(order, image, "--build-arg", f"EXTRAS={EXTRAS}"),
        Call("Bring the pipeline to Kubeflow.", ("kfp", "pipeline", "create", "-p", NAME, "pipeline.yaml")),
        Call("Run it; put what is in capitals in place.", (*started, *places)),
    )
    notes = (
        "TRAIN_URI, TEST_URI and NEW_URI are addresses such as s3://bucket/train.parquet, whose tables hold the "
        "target, except the new rows'. LIMIT is what the metric must keep on the test rows.",
        "MODELS is a folder on a volume of the step, or the address of an MLflow server, for which the image is built "
        f"with --build-arg EXTRAS={EXTRAS},mlflow.",
        "A gate that is not passed ends its step with exit code 4: nothing is registered then, and nothing predicted.",
    )
    return Bundle(files, calls, notes=notes)


KUBEFLOW = Target("kubeflow", "Kubeflow Pipelines", ("registry", "image"), build)
