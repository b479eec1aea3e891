"""The image that every bundle builds: one Dockerfile, the model, and nothing that a server does not need."""

from modelwright.deploy.base import PORT, Call, Order, json_bytes, package, sample_row
from modelwright.deploy.location import BAKED

USER = 10001
"""Without a name and without rights; Kubernetes can prove of a number that it is not root."""

BASE_MEGABYTES = 125
"""Unpacked size of the slim base image, rounded up."""

_DOCKERFILE = """\
# {title}: serves {file} with modelwright. Build with: docker build -t {local} .
FROM python:{python}-slim-bookworm

# What the image can do: "serve" answers over HTTP; "serve,read" also predicts files; "serve,fit" also trains.
ARG EXTRAS=serve
# A number, so that Kubernetes can prove that it is not root. SageMaker wants root: --build-arg USER=root
ARG USER={user}

# The root file system may be read-only: nothing is written but temporary files.
ENV PYTHONDONTWRITEBYTECODE=1 \\
    PYTHONUNBUFFERED=1 \\
    HOME=/tmp \\
    OMP_NUM_THREADS=1
{environment}
{wheel}# LightGBM needs OpenMP's library to train, which slim images lack. No compiler is needed for anything.
RUN case ",${{EXTRAS}}," in *,fit,*) apt-get update \\
    && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* ;; esac
RUN python -m pip install --no-cache-dir --disable-pip-version-check --only-binary=:all: "{package}" \\
    && find /usr/local/lib/python{python}/site-packages -type d -name tests -prune -exec rm -rf {{}} +

# Whatever a platform mounts where it mounts models is taken before this one.
COPY model/ /{baked}/

USER ${{USER}}
WORKDIR /
EXPOSE {port}
{health}# Exec form: the server itself is process 1 and gets the platform's SIGTERM. Others: train, predict DATA.
ENTRYPOINT ["python", "-m", "modelwright.deploy.entrypoint"]
CMD ["serve"]
"""

_HEALTH = (
    "# Ready means that the model has repeated the answers its file keeps.\n"
    'HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["python", "-c", '
    "\"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{port}/readyz', timeout=4)\"]\n"
)


def image_files(
    order: Order, title: str, *, environment: dict[str, str] | None = None, is_checked: bool = False
) -> dict[str, bytes]:
    """Return the files that build the image.

    Args:
        order: What to deploy.
        title: The platform, for readers.
        environment: Variables of the image.
        is_checked: Whether Docker itself asks if the server is ready.
    """
    lines = [f"ENV {name}={value}" for name, value in (environment or {}).items()]
    text = _DOCKERFILE.format(
        title=title,
        file=order.file,
        local=order.local,
        python=order.python,
        user=USER,
        environment="\n".join(lines) + ("\n" if lines else ""),
        wheel="" if order.wheel is None else "COPY wheels/ /wheels/\n",
        package=package(order, "${EXTRAS}"),
        baked=BAKED,
        port=PORT,
        health=_HEALTH.format(port=PORT) if is_checked else "",
    )
    files = {
        "Dockerfile": text.encode(),
        ".dockerignore": b"*\n!Dockerfile\n!model\n!wheels\n",
        f"model/{order.file}": order.model.to_bytes(),
    }
    if order.wheel is not None:
        files[f"wheels/{order.wheel.name}"] = order.wheel.read_bytes()
    return files


def request_file(body: object) -> dict[str, bytes]:
    """Return the file with a request to try the deployment with."""
    return {"request.json": json_bytes(body)}


def instances(order: Order) -> dict[str, object]:
    """Return a request of one row as Vertex AI and SageMaker take it."""
    return {"instances": [sample_row(order.model)]}


def build_calls(order: Order, image: str, *options: str) -> tuple[Call, ...]:
    """Return the calls that build the image and bring it to its registry."""
    calls = [Call("Build the image.", ("docker", "build", "--platform", "linux/amd64", *options, "-t", image, "."))]
    if image != order.local:
        calls.append(Call("Bring it to the registry.", ("docker", "push", image)))
    return tuple(calls)
