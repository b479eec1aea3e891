"""What SageMaker asks beyond ``/ping`` and ``/invocations``, which it shares with MLflow."""

from typing import TYPE_CHECKING

from modelwright.serve.exchange import Reply, Request, Route, json_reply

if TYPE_CHECKING:
    from modelwright.serve.service import Service

MEGABYTE = 1024 * 1024


def execution_parameters(service: "Service", request: Request) -> Reply:  # noqa: ARG001  # the signature of handlers
    """Answer how batch transform jobs should send their records."""
    settings = service.settings
    return json_reply(
        {
            "MaxConcurrentTransforms": settings.threads,
            "BatchStrategy": "MULTI_RECORD",
            "MaxPayloadInMB": max(1, settings.limits.body_bytes // MEGABYTE),
        }
    )


ROUTES = (Route("GET", "/execution-parameters", execution_parameters, "SageMaker: how to send batches.", is_open=True),)
