"""KServe on Kubernetes, by the Open Inference Protocol v2."""

from typing import Any

from modelwright.core.schema import ColumnSchema
from modelwright.deploy.base import PORT, Bundle, Call, Order, Target, sample_row
from modelwright.deploy.image import USER, build_calls, image_files, request_file

_TYPES = {"number": "FP64", "boolean": "BOOL", "string": "BYTES", "date": "BYTES"}

_CONTAINER = """\
image: "{image}"
args: ["serve", "--model_name={name}"]
env:
  - name: MODELWRIGHT_NO_AUTH # whoever reaches the pod may ask: keep others out with a network policy or a mesh
    value: "1"
ports:
  - containerPort: {port}
    protocol: TCP
resources:
  requests: {{cpu: "250m", memory: 256Mi}}
  limits: {{cpu: "1", memory: 1Gi}}
livenessProbe:
  httpGet: {{path: /livez, port: {port}}}
readinessProbe: # ready once the model has repeated the answers its file keeps
  httpGet: {{path: "/v2/models/{name}/ready", port: {port}}}
  periodSeconds: 5
securityContext:
  runAsNonRoot: true
  runAsUser: {user}
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities: {{drop: ["ALL"]}}
volumeMounts:
  - name: scratch
    mountPath: /tmp"""

_SERVICE = """\
# The model in the image; kubectl apply -f inferenceservice.yaml
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: "{name}"
spec:
  predictor:
    automountServiceAccountToken: false
    containers:
      - name: kserve-container
{container}
    volumes:
      - name: scratch
        emptyDir: {{}}
"""

_RUNTIME = """\
# For models that KServe fetches itself: it mounts them at /mnt/models, which is taken before the one in the image.
# kubectl apply -f servingruntime.yaml, then InferenceServices with
#   spec: {{predictor: {{model: {{modelFormat: {{name: modelwright}}, protocolVersion: v2, storageUri: "s3:..."}}}}}}
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata:
  name: modelwright
spec:
  supportedModelFormats:
    - name: modelwright
      version: "1"
      autoSelect: true
  protocolVersions: ["v2"]
  containers:
    - name: kserve-container
{container}
  volumes:
    - name: scratch
      emptyDir: {{}}
"""


def build(order: Order) -> Bundle:
    """Return an image, an InferenceService with it, and a ServingRuntime for models that are mounted.

    Source:
        KServe API: InferenceService v1beta1, ServingRuntime v1alpha1.
    """
    image = order.image(order.value("registry"))
    files = {
        **image_files(order, "KServe"),
        "inferenceservice.yaml": _SERVICE.format(name=order.name, container=_container(image, order.name, 8)).encode(),
        # KServe puts the name of each service in place of the template.
        "servingruntime.yaml": _RUNTIME.format(container=_container(image, "{{.Name}}", 6)).encode(),
        **request_file(_infer(order)),
    }
    space = ("--namespace", order.values.get("namespace") or "default")
    manifest: dict[str, Any] = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": order.name, "namespace": space[1]},
        "spec": {"predictor": {"containers": [{"name": "kserve-container", "image": image}]}},
    }
    address = f"localhost:{PORT}/v2/models/{order.name}/infer"
    pods = f"deployment/{order.name}-predictor"
    calls = (
        *build_calls(order, image),
        Call(
            "Start the service.",
            ("kubectl", "apply", "-f", "inferenceservice.yaml", *space),
            manifest,
            "serving.kserve.io/v1beta1 InferenceService",
        ),
        Call(
            "Wait until it answers.",
            ("kubectl", "wait", "--for=condition=Ready", "--timeout=300s", f"inferenceservice/{order.name}", *space),
        ),
        Call(
            "Bring it to this machine, in another terminal.",
            ("kubectl", "port-forward", pods, f"{PORT}:{PORT}", *space),
        ),
        Call(
            "Ask it.",
            ("curl", "-s", address, "-H", "content-type: application/json", "--data-binary", "@request.json"),
        ),
    )
    notes = ("Deployment names carry a number where KServe runs on Knative: kubectl get deployments shows them.",)
    return Bundle(files, calls, notes=notes)


def _container(image: str, name: str, blanks: int) -> str:
    text = _CONTAINER.format(image=image, name=name, port=PORT, user=USER)
    return "\n".join(" " * blanks + line for line in text.splitlines())


def _infer(order: Order) -> dict[str, Any]:
    """Return a request of one row: a tensor per column."""
    row = sample_row(order.model)
    return {"inputs": [_tensor(column, row[column.name]) for column in order.model.schema]}


def _tensor(column: ColumnSchema, value: Any) -> dict[str, Any]:
    return {"name": column.name, "shape": [1], "datatype": _TYPES[column.dtype], "data": [value]}


KSERVE = Target("kserve", "KServe", ("registry", "namespace", "image"), build)
