"""A container on any machine with Docker or Podman."""

from modelwright.deploy.base import PORT, Bundle, Call, Order, Target, sample_row
from modelwright.deploy.image import build_calls, image_files, request_file


def build(order: Order) -> Bundle:
    """Return an image and a Compose file that runs it with a read-only root."""
    image = order.values.get("image") or order.local
    files = {
        **image_files(order, "A container", is_checked=True),
        "compose.yaml": _COMPOSE.format(name=order.name, image=image, port=PORT).encode(),
        **request_file({"records": [sample_row(order.model)]}),
    }
    safe = ("--read-only", "--tmpfs", "/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges")
    local = ("-p", f"127.0.0.1:{PORT}:{PORT}", "-e", "MODELWRIGHT_NO_AUTH=1")
    posted = ("-H", "content-type: application/json", "--data-binary", "@request.json")
    calls = (
        *build_calls(order, image),
        Call("Run it for this machine only.", ("docker", "run", "--detach", "--rm", *safe, *local, image)),
        Call("Ask it.", ("curl", "-s", f"localhost:{PORT}/predict", *posted)),
    )
    notes = (
        "The server refuses to start until it knows who may ask: MODELWRIGHT_TOKEN_FILE names a file of bearer "
        "tokens, one a line; MODELWRIGHT_NO_AUTH=1 lets everybody who reaches the port ask.",
        "Predicting files inside the image needs docker build --build-arg EXTRAS=serve,read.",
    )
    return Bundle(files, calls, notes=notes)


_COMPOSE = """\
# docker compose up. The file `tokens` holds bearer tokens, one a line: openssl rand -hex 32 > tokens
services:
  {name}:
    build: .
    image: "{image}"
    read_only: true # nothing is written but temporary files
    tmpfs: ["/tmp"]
    cap_drop: ["ALL"]
    security_opt: ["no-new-privileges:true"]
    ports: ["127.0.0.1:{port}:{port}"] # put a proxy with TLS before it, then name its host with --allowed-host
    environment:
      MODELWRIGHT_TOKEN_FILE: "/run/secrets/tokens"
    secrets: ["tokens"]
    stop_grace_period: 30s # what is in flight is answered first
    restart: unless-stopped
secrets:
  tokens:
    file: ./tokens
"""

DOCKER = Target("docker", "Docker", ("image",), build)
