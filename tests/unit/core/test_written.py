import json
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pytest

from modelwright.core.errors import DataError
from modelwright.core.table import Array
from modelwright.core.written import Written


@dataclass(frozen=True, slots=True)
class Point:
    at: float | None
    value: float


@dataclass(frozen=True, slots=True)
class Curve(Written):
    SCHEMA: ClassVar[str] = "modelwright/curve-of-a-test/1"

    kind: Literal["up", "down"]
    points: tuple[Point, ...]
    ends: tuple[float, str]
    values: Array
    n_rows: int = 0


@dataclass(frozen=True, slots=True)
class Two(Written):
    SCHEMA: ClassVar[str] = "modelwright/two-of-a-test/1"

    first: Curve
    second: Curve | None


CURVE = Curve("up", (Point(None, float("nan")), Point(1.0, 2.0)), (0.5, "end"), np.array([[1.0, np.inf]]), 3)


def test_a_result_comes_back_as_its_types_say() -> None:
    document = json.loads(json.dumps(CURVE.to_json(), allow_nan=False))
    assert document["points"] == [{"at": None, "value": None}, {"at": 1.0, "value": 2.0}]
    assert document["values"] == [[1.0, None]]
    again = Curve.from_json(document)
    assert again.points[0].at is None and np.isnan(again.points[0].value)
    assert again.ends == (0.5, "end") and again.values.shape == (1, 2)
    assert again.to_json() == document


def test_a_result_inside_another_keeps_the_name_of_its_form() -> None:
    document = Two(CURVE, None).to_json()
    assert document["first"]["schema"] == Curve.SCHEMA
    assert Two.from_json(document).to_json() == document


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema": "modelwright/else/1"}, "not a document of the form modelwright/curve-of-a-test/1"),
        ({"kind": "sideways"}, "cannot be understood"),
        ({"n_rows": "many"}, "cannot be understood"),
        ({"points": [{"at": 1.0}]}, "cannot be understood"),
        ({"ends": [0.5]}, "cannot be understood"),
    ],
)
def test_what_is_no_such_document_is_refused(change: dict[str, object], told: str) -> None:
    with pytest.raises(DataError, match=told):
        Curve.from_json(CURVE.to_json() | change)
