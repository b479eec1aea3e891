"""Azure ML: a managed online endpoint."""

from modelwright.deploy.base import PORT, Bundle, Call, Order, Target, sample_row
from modelwright.deploy.image import build_calls, image_files, request_file

SCHEMAS = "https://azuremlschemas.azureedge.net/latest"

_ENDPOINT = """\
# The address that callers know; az ml online-endpoint create -f endpoint.yml
$schema: {schemas}/managedOnlineEndpoint.schema.json
name: "{name}"
auth_mode: key # Azure ML asks for it before it forwards a request
"""

_DEPLOYMENT = """\
# What answers there; az ml online-deployment create -f deployment.yml --all-traffic
$schema: {schemas}/managedOnlineDeployment.schema.json
name: "m{tag}" # carries the model's digest, so that a new model is a new deployment
endpoint_name: "{name}"
model:
  path: model/ # mounted at $AZUREML_MODEL_DIR, and taken before the one in the image
environment:
  name: "{name}-image"
  image: "{image}"
  inference_config:
{routes}
instance_type: "{machine}"
instance_count: 1
request_settings:
  request_timeout_ms: 30000
  max_concurrent_requests_per_instance: 8
"""


def build(order: Order) -> Bundle:
    """Return an image, and the documents of an endpoint and of the deployment behind it.

    Source:
        Azure ML CLI v2 schemas of managed online endpoints and deployments.
    """
    image = order.image(f"{order.value('registry')}.azurecr.io")
    machine = order.values.get("instance") or "Standard_DS2_v2"
    row = sample_row(order.model)
    deployment = _DEPLOYMENT.format(
        schemas=SCHEMAS,
        tag=order.tag,
        name=order.name,
        image=image,
        machine=machine,
        routes=_indented(_ROUTES, 4),
    )
    files = {
        **image_files(order, "Azure ML", environment={"MODELWRIGHT_NO_AUTH": "1"}),
        "endpoint.yml": _ENDPOINT.format(schemas=SCHEMAS, name=order.name).encode(),
        "deployment.yml": deployment.encode(),
        "inference_config.yml": f"# Which routes Azure ML asks; deployment.yml holds the same.\n{_ROUTES}\n".encode(),
        **request_file({"input_data": {"columns": list(row), "index": [0], "data": [list(row.values())]}}),
    }
    place = ("--resource-group", order.value("group"), "--workspace-name", order.value("workspace"))
    online = ("az", "ml", "online-endpoint")
    calls = (
        *build_calls(order, image),
        Call(
            "Make the address.",
            (*online, "create", "-f", "endpoint.yml", *place),
            {"name": order.name, "properties": {"authMode": "Key"}},
            "onlineEndpoints/createOrUpdate",
        ),
        Call(
            "Start the model behind it.",
            ("az", "ml", "online-deployment", "create", "-f", "deployment.yml", "--all-traffic", *place),
            {
                "endpointName": order.name,
                "deploymentName": f"m{order.tag}",
                "properties": {"endpointComputeType": "Managed", "instanceType": machine},
                "sku": {"name": "Default", "capacity": 1},
            },
            "onlineDeployments/createOrUpdate",
        ),
        Call("Ask it.", (*online, "invoke", "--name", order.name, "--request-file", "request.json", *place)),
    )
    notes = (
        "Azure ML asks callers for a key before it forwards a request, so the image lets every caller ask.",
        "/score answers a list with a value per row; with "
        '"params": {"output": "probabilities"} beside "input_data" the shares of the classes.',
    )
    return Bundle(files, calls, notes=notes)


def _indented(text: str, blanks: int) -> str:
    return "\n".join(" " * blanks + line for line in text.splitlines())


_ROUTES = f"""\
liveness_route: # does the process live?
  path: /livez
  port: {PORT}
readiness_route: # has the model repeated the answers its file keeps?
  path: /readyz
  port: {PORT}
scoring_route:
  path: /score
  port: {PORT}"""

AZUREML = Target("azureml", "Azure ML", ("registry", "group", "workspace", "image", "instance"), build)
