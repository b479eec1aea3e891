"""The calls that a bundle for SageMaker makes, against a stand-in of its control plane."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from modelwright.deploy import folder
from modelwright.deploy.base import Order
from modelwright.deploy.sagemaker import SAGEMAKER
from modelwright.model.model import Model

REGION = "eu-west-1"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def test_the_documents_make_an_endpoint(
    small_file: Callable[..., bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moto = pytest.importorskip("moto")
    boto3 = pytest.importorskip("boto3")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    values = {
        "account": "123456789012",
        "bucket": "models-of-ours",
        "region": REGION,
        "role": "arn:aws:iam::123456789012:role/scorer",
    }
    order = Order(Model.open(small_file()), "churn", values=values)
    folder.write(SAGEMAKER, order, SAGEMAKER.build(order), tmp_path / "bundle")
    documents = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "bundle").glob("create_*.json")}
    told = json.loads((tmp_path / "bundle" / "bundle.json").read_text())
    with moto.mock_aws():
        client = boto3.client("sagemaker", region_name=REGION)
        for call in told["calls"]:
            if "operation" in call:
                assert call["body"] == documents[call["operation"]]
                getattr(client, call["operation"])(**call["body"])  # botocore checks every name and type
        client.create_training_job(**documents["create_training_job"])
        endpoint = client.describe_endpoint(EndpointName="churn")
        job = client.describe_training_job(TrainingJobName=documents["create_training_job"]["TrainingJobName"])
        model = client.describe_model(ModelName=documents["create_model"]["ModelName"])
    assert endpoint["EndpointStatus"] == "InService"
    assert job["HyperParameters"]["target"] == "answer"
    assert model["PrimaryContainer"]["Image"] == f"123456789012.dkr.ecr.{REGION}.amazonaws.com/{order.local}"
