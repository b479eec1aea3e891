"""``/explain``: contributions that add up, within limits."""

from collections.abc import Callable
from typing import Any

import pytest

ROW = {"age": 41.5, "member": True, "city": "Rome", "since": "2024-01-31"}


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def client(request: pytest.FixtureRequest, served: Callable[..., Any]) -> Any:
    return served(request.param)


def test_base_and_contributions_add_up_to_what_the_model_says(client: Any) -> None:
    rows = [ROW, {**ROW, "city": "Oslo", "age": None}]
    found = client.post("/explain", json={"records": rows}).json()
    said = client.post("/predict", json=rows).json()["predictions"]
    assert len(found["explanations"]) == 2
    for explained, answer in zip(found["explanations"], said, strict=True):
        for name, of_name in explained.items():
            assert set(of_name["contributions"]) == set(of_name["errors"]) == set(ROW)
            total = found["base"][name] + sum(of_name["contributions"].values())
            assert total == pytest.approx(of_name["given"], abs=1e-9)
            assert of_name["given"] == pytest.approx(answer.get(f"probability_{name}", answer.get("prediction")))


def test_the_same_row_is_explained_alike_alone_and_in_a_named_model(client: Any) -> None:
    one = client.post("/explain", json=[ROW]).json()
    assert client.post("/models/small/explain", json=[ROW]).json() == one
    assert "independent" in one["notes"][0]


@pytest.mark.parametrize(
    ("rows", "status", "told"),
    [
        ([ROW] * 101, 413, "at most 100"),
        ([], 400, "no rows"),
        ([{**ROW, "age": "secret"}] * 2, 400, "Column 'age', row 1"),
    ],
)
def test_what_cannot_be_explained_is_refused(client: Any, rows: list[Any], status: int, told: str) -> None:
    answer = client.post("/explain", json=rows)
    assert answer.status_code == status
    assert told in answer.json()["error"]["message"]
    assert "secret" not in answer.text


def test_it_is_in_the_document(client: Any) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/explain"]["post"]
    assert "application/json" in operation["requestBody"]["content"]
