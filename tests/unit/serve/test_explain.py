"""``/explain``: contributions that add up, within limits."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from modelwright.core.table import Table
from modelwright.model.model import Model
from modelwright.serve.exchange import Request
from modelwright.serve.explainer import Explainer
from modelwright.serve.given import as_table, from_records
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.settings import Limits, Settings
from modelwright.serve.threaded import Threaded

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


class Clock:
    """Seconds that grow by a step at every look."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture(scope="module")
def explainer(small_file: Callable[..., bytes]) -> Explainer:
    found = Explainer.of(Model.open(small_file("binary")))
    assert found is not None
    return replace(found, n_pairs=16)


def rows(model: Model, n_rows: int) -> Table:
    return as_table(from_records([{**ROW, "age": float(i)} for i in range(n_rows)], model.schema, n_rows), model.schema)


def test_with_time_enough_the_clock_changes_nothing(explainer: Explainer) -> None:
    table = rows(explainer.model, 25)
    found = explainer.explain(table, until=1e9, clock=Clock(0.001))
    assert len(found) == 25
    assert found.rows == tuple(range(1, 26))
    assert not any("Time was short" in note for note in found.notes)
    for first in (0, 10):  # every part is what it would be alone
        alone = explainer.explain(table.take(np.arange(first, first + 10)))
        np.testing.assert_array_equal(found.values[first : first + 10], alone.values)


def test_little_time_means_larger_errors_that_are_told(explainer: Explainer) -> None:
    table = rows(explainer.model, 20)
    plenty = explainer.explain(table)
    found = explainer.explain(table, until=2.5, clock=Clock(1.0))  # ten rows took 1 of 1.5 seconds
    assert "Time was short: some rows were explained with 4 instead of 16 pairs of orders" in found.notes[-1]
    np.testing.assert_array_equal(found.values[:10], plenty.values[:10])
    assert found.errors[10:].mean() > plenty.errors[10:].mean()
    total = found.base + found.values.sum(axis=2)
    np.testing.assert_allclose(total, found.given, atol=1e-9)


def test_what_cannot_be_done_in_time_is_refused_with_what_can(explainer: Explainer) -> None:
    with pytest.raises(RefusedRequestError, match=r"100 rows cannot .* Send at most (1\d|[2-9]\d)\.") as caught:
        explainer.explain(rows(explainer.model, 100), until=10.0, clock=Clock(4.0))
    assert caught.value.status == 413


def test_a_model_too_slow_for_the_limit_is_no_fault_of_the_server(small_file: Callable[..., bytes]) -> None:
    threaded = Threaded(Model.open(small_file("binary")), Settings(Limits(seconds=1e-6), log_level="error"))
    body = io.BytesIO(json.dumps([ROW] * 100).encode())
    reply = threaded.reply(Request("POST", "/explain", {"content-type": "application/json"}), body.read)
    assert reply.status == 413
    assert "in the time of an answer" in reply.body.decode()
