import pytest

from modelwright.core.errors import SpecError
from modelwright.serve.environment import surroundings


def test_nothing_said_is_the_default() -> None:
    found = surroundings({"PATH": "/bin"})
    assert (found.port, found.workers) == (8080, None)
    assert not found.settings.is_sagemaker
    assert found.settings.vertex.predict is None


def test_sagemaker_says_port_payload_and_workers() -> None:
    found = surroundings(
        {"SAGEMAKER_BIND_TO_PORT": "9000", "SAGEMAKER_MAX_PAYLOAD_IN_MB": "20", "SAGEMAKER_MODEL_SERVER_WORKERS": "3"}
    )
    assert (found.port, found.workers, found.settings.is_sagemaker) == (9000, 3, True)
    assert found.settings.limits.body_bytes == 20 * 1024 * 1024


def test_vertex_says_port_and_addresses() -> None:
    found = surroundings({"AIP_HTTP_PORT": "7080", "AIP_HEALTH_ROUTE": "/h", "AIP_PREDICT_ROUTE": "/v1/p:predict"})
    assert found.port == 7080
    assert (found.settings.vertex.health, found.settings.vertex.predict) == ("/h", "/v1/p:predict")
    assert found.settings.limits.body_bytes == 1_572_864


@pytest.mark.parametrize(
    "environment",
    [
        {"PORT": "eighty"},
        {"PORT": "0"},
        {"PORT": "70000"},
        {"PORT": "٣"},
        {"AIP_PREDICT_ROUTE": "p"},
        {"AIP_HEALTH_ROUTE": "/{x}"},
    ],
)
def test_what_makes_no_sense_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(SpecError, match=next(iter(environment))):
        surroundings(environment)
