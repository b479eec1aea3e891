"""Vertex AI: an uploaded model and an endpoint."""

from modelwright.deploy.base import PORT, Bundle, Call, Order, Target, json_bytes
from modelwright.deploy.image import build_calls, image_files, instances, request_file

HEALTH = "/vertex/health"
PREDICT = "/vertex/predict"


def build(order: Order) -> Bundle:
    """Return an image, and the documents that upload it as a model and deploy it.

    Source:
        Vertex AI API v1: projects.locations.models.upload, endpoints.create, endpoints.deployModel.
    """
    region, project = order.value("region"), order.value("project")
    image = order.image(f"{region}-docker.pkg.dev/{project}/models")
    machine = order.values.get("instance") or "n1-standard-2"
    parent = f"projects/{project}/locations/{region}"
    alias = f"m{order.tag}"
    container = {
        "imageUri": image,
        "ports": [{"containerPort": PORT}],
        "healthRoute": HEALTH,
        "predictRoute": PREDICT,
    }
    upload = {"model": {"displayName": order.name, "versionAliases": [alias], "containerSpec": container}}
    resources = {"machineSpec": {"machineType": machine}, "minReplicaCount": 1, "maxReplicaCount": 1}
    deployed = {
        "model": f"{parent}/models/{order.name}",
        "displayName": order.name,
        "dedicatedResources": resources,
    }
    deploy = {"deployedModel": deployed, "trafficSplit": {"0": 100}}
    endpoint = {"displayName": order.name}
    environment = {
        "MODELWRIGHT_NO_AUTH": "1",
        # Vertex AI overwrites these with what the uploaded model says; they make the image usable by itself.
        "AIP_HTTP_PORT": str(PORT),
        "AIP_HEALTH_ROUTE": HEALTH,
        "AIP_PREDICT_ROUTE": PREDICT,
    }
    files = {
        **image_files(order, "Vertex AI", environment=environment),
        "model_upload.json": json_bytes({"parent": parent, "modelId": order.name, **upload}),
        "endpoint.json": json_bytes(endpoint),
        "deploy_model.json": json_bytes(deploy),
        **request_file(instances(order)),
    }
    where = ("--region", region, "--project", project)
    ai = ("gcloud", "ai")
    calls = (
        *build_calls(order, image),
        Call(
            "Upload it as a model.",
            (
                *(*ai, "models", "upload", *where, "--model-id", order.name, "--display-name", order.name),
                *("--container-image-uri", image, "--container-ports", str(PORT)),
                *("--container-health-route", HEALTH, "--container-predict-route", PREDICT),
                *("--version-aliases", alias),
            ),
            {"parent": parent, "modelId": order.name, **upload},
            "projects.locations.models.upload",
        ),
        Call(
            "Make an endpoint.",
            (*ai, "endpoints", "create", *where, "--endpoint-id", ENDPOINT, "--display-name", order.name),
            {"parent": parent, "endpointId": ENDPOINT, "endpoint": endpoint},
            "projects.locations.endpoints.create",
        ),
        Call(
            "Start the model on it.",
            (
                *(*ai, "endpoints", "deploy-model", ENDPOINT, *where, "--model", order.name),
                *("--display-name", order.name, "--machine-type", machine, "--traffic-split", "0=100"),
            ),
            {"endpoint": f"{parent}/endpoints/{ENDPOINT}", **deploy},
            "projects.locations.endpoints.deployModel",
        ),
        Call("Ask it.", (*ai, "endpoints", "predict", ENDPOINT, *where, "--json-request", "request.json")),
    )
    notes = (
        "Vertex AI asks callers who they are before it forwards a request, so the image lets every caller ask.",
        "The image holds the model. Where the uploaded model names an artifactUri, the one .onnx file there is taken "
        "before it; the service account must be allowed to read it.",
        "A request may hold 1.5 MB.",
    )
    return Bundle(files, calls, notes=notes)


ENDPOINT = "1001"
"""Vertex AI's own endpoint names are numbers; another one is as good."""

VERTEX = Target("vertex", "Vertex AI", ("project", "region", "image", "instance"), build)
