"""What platforms say through environment variables: SageMaker, Vertex AI, and whoever sets PORT."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

from modelwright.core.errors import SpecError
from modelwright.serve.settings import MEGABYTE, Settings, Vertex

PORT = 8080
VERTEX_BODY_BYTES = 3 * MEGABYTE // 2
"""Vertex AI sends no larger request."""


@final
@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the platform wants.

    Attributes:
        port: Where it will ask.
        workers: Processes it wants, or None.
        settings: The defaults, changed as it says.
    """

    port: int
    workers: int | None
    settings: Settings


def surroundings(environment: Mapping[str, str]) -> Surroundings:
    """Read what the platform wants from its variables.

    Raises:
        SpecError: A variable holds what makes no sense.
    """
    port = next((n for name in _PORTS if (n := _number(environment, name, 65535)) is not None), PORT)
    workers = _number(environment, "SAGEMAKER_MODEL_SERVER_WORKERS", 256)
    vertex = Vertex(_address(environment, "AIP_HEALTH_ROUTE"), _address(environment, "AIP_PREDICT_ROUTE"))
    payload = _number(environment, "SAGEMAKER_MAX_PAYLOAD_IN_MB", 1024)
    settings = Settings(vertex=vertex, is_sagemaker=any(name.startswith("SAGEMAKER_") for name in environment))
    if payload:
        settings = replace(settings, limits=replace(settings.limits, body_bytes=payload * MEGABYTE))
    elif vertex.predict:
        settings = replace(settings, limits=replace(settings.limits, body_bytes=VERTEX_BODY_BYTES))
    return Surroundings(port, workers, settings)


_PORTS = ("PORT", "AIP_HTTP_PORT", "SAGEMAKER_BIND_TO_PORT")


def _number(environment: Mapping[str, str], name: str, most: int) -> int | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise SpecError(f"The environment variable {name} must be a whole number from 1 to {most}.")
    return int(text)


def _address(environment: Mapping[str, str], name: str) -> str | None:
    text = environment.get(name, "").strip()
    if text and (not text.startswith("/") or "{" in text or "}" in text):
        raise SpecError(f"The environment variable {name} must be a path that begins with '/'.")
    return text or None
