"""Amazon SageMaker AI: a hosted endpoint, and the training job that the same image can run."""

import json
from typing import Any

from modelwright.deploy.base import Bundle, Call, Order, Target, json_bytes
from modelwright.deploy.image import build_calls, image_files, instances, request_file

VARIANT = "AllTraffic"
STARTUP_SECONDS = 120
"""The server is ready in about a second; the rest is for pulling a model."""

_FROM_FILE = "file:" + "//"  # how the AWS command line names a file


def build(order: Order) -> Bundle:
    """Return an image, and the three documents that make an endpoint of it.

    Source:
        Amazon SageMaker API: CreateModel, CreateEndpointConfig, CreateEndpoint, CreateTrainingJob.
    """
    registry = f"{order.value('account')}.dkr.ecr.{order.value('region')}.amazonaws.com"
    image = order.image(registry)
    documents = _documents(order, image)
    files = {
        **image_files(order, "Amazon SageMaker AI", environment={"MODELWRIGHT_NO_AUTH": "1"}),
        **{f"{name}.json": json_bytes(body) for name, body in documents.items()},
        **request_file(instances(order)),
    }
    region = ("--region", order.value("region"))
    invoked = ("--endpoint-name", order.name, "--content-type", "application/json", *region)
    calls = (
        *build_calls(order, image, "--build-arg", "USER=root"),
        *(
            Call(
                why,
                ("aws", "sagemaker", operation, "--cli-input-json", f"{_FROM_FILE}{name}.json", *region),
                documents[name],
                name,
            )
            for why, operation, name in _MAKING
        ),
        Call("Wait until it answers.", ("aws", "sagemaker", "wait", "endpoint-in-service", *invoked[:2], *region)),
        Call(
            "Ask it.",
            (
                *("aws", "sagemaker-runtime", "invoke-endpoint", *invoked),
                *("--body", "fileb:" + "//request.json", "answer.json"),
            ),
        ),
    )
    notes = (
        "SageMaker asks for AWS credentials before it forwards a request, so the image lets every caller ask.",
        "The image holds the model. A ModelDataUrl with another model.tar.gz in create_model.json is taken before it.",
        "To train, build with --build-arg EXTRAS=serve,fit and fill in create_training_job.json: the hyperparameters "
        "are those of `modelwright fit`, the channel `train` holds one file. SIGTERM keeps the best model so far.",
    )
    return Bundle(files, calls, notes=notes)


_MAKING = (
    ("Tell SageMaker of the model.", "create-model", "create_model"),
    ("Say what it runs on.", "create-endpoint-config", "create_endpoint_config"),
    ("Start it.", "create-endpoint", "create_endpoint"),
)


def _documents(order: Order, image: str) -> dict[str, dict[str, Any]]:
    """Return the bodies of the calls by the name of the operation in boto3."""
    # What can be changed under a running endpoint carries the model's digest in its name.
    name = f"{order.name}-{order.tag}"
    machine = order.values.get("instance") or "ml.c5.large"
    role = order.value("role")
    variant = {
        "VariantName": VARIANT,
        "ModelName": name,
        "InitialInstanceCount": 1,
        "InstanceType": machine,
        "ContainerStartupHealthCheckTimeoutInSeconds": STARTUP_SECONDS,
    }
    bucket = f"s3://{order.value('bucket')}/{order.name}"
    names = order.targets
    target = names[0] if len(names) == 1 else json.dumps(names, ensure_ascii=False)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"{bucket}/train/", "S3DataDistributionType": "FullyReplicated"}
    return {
        "create_model": {
            "ModelName": name,
            "PrimaryContainer": {"Image": image, "Mode": "SingleModel"},
            "ExecutionRoleArn": role,
        },
        "create_endpoint_config": {"EndpointConfigName": name, "ProductionVariants": [variant]},
        "create_endpoint": {"EndpointName": order.name, "EndpointConfigName": name},
        "create_training_job": {
            "TrainingJobName": f"{name}-again",
            "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
            "RoleArn": role,
            "HyperParameters": {"target": target, "budget": "10m"},
            "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
            "OutputDataConfig": {"S3OutputPath": f"{bucket}/output/"},
            "ResourceConfig": {"InstanceType": "ml.c5.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
    }


SAGEMAKER = Target(
    "sagemaker", "Amazon SageMaker AI", ("account", "region", "role", "bucket", "image", "instance"), build
)
