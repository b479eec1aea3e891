from collections.abc import Callable

import numpy as np
import pytest

from modelwright.core.errors import FileRefusedError
from modelwright.data import read
from modelwright.model.model import Model
from modelwright.model.verify import difference, verify, witness

Build = Callable[..., bytes]


def sealed(small_file: Build, kind: str, **changes: object) -> Model:
    kept = witness(Model.open(small_file(kind)), seed=5)
    return Model.open(small_file(kind, parity={"n_rows": 3, "witness": {**kept, **changes}}))


@pytest.mark.parametrize("kind", ["binary", "flag", "multiclass", "regression"])
def test_file_answers_its_witness_again(kind: str, small_file: Build) -> None:
    found = verify(sealed(small_file, kind))
    assert found.passed
    assert found.n_rows == 200
    assert found.largest_difference is not None
    assert found.largest_difference < 1e-8
    assert found.to_json()["passed"] is True


def test_table_is_answered_alike_in_bulk_and_one_by_one(small_file: Build) -> None:
    model = sealed(small_file, "binary")
    rows = [
        {"age": 3, "member": True, "city": "Rome", "since": "2020-01-01"},
        {"age": None, "member": None, "city": None, "since": None},
    ]
    found = verify(model, read(rows, schema=model.schema))
    assert found.passed
    assert found.n_given == 2
    assert found.largest_row_difference is not None


def test_other_answers_fail(small_file: Build) -> None:
    kept = witness(Model.open(small_file("binary")), seed=5)["answers"]
    found = verify(sealed(small_file, "binary", answers=[kept[0] + 0.1, *kept[1:]]))
    assert not found.passed
    assert found.largest_difference == pytest.approx(0.1)


def test_file_without_a_witness_is_audited_only(small_file: Build) -> None:
    found = verify(Model.open(small_file("binary")))
    assert found.passed
    assert (found.n_rows, found.largest_difference) == (0, None)


@pytest.mark.parametrize(
    "changes", [{"recipe": 9}, {"rows": 10**9}, {"answers": "x"}, {"answers": [1.0]}, {"seed": 1.5}, {"rows": True}]
)
def test_witness_that_makes_no_sense_is_refused(changes: dict[str, object], small_file: Build) -> None:
    with pytest.raises(FileRefusedError):
        verify(sealed(small_file, "binary", **changes))


def test_difference_is_relative_for_numbers_and_strict_about_nan() -> None:
    assert difference(np.array([1e6, 0.0]), np.array([1e6 + 1, 0.0]), absolute=False) == pytest.approx(1e-6, rel=1e-3)
    assert difference(np.array([np.nan]), np.array([np.nan]), absolute=True) == 0.0
    assert difference(np.array([np.nan]), np.array([1.0]), absolute=True) == np.inf
    assert difference(np.array([]), np.array([]), absolute=False) == 0.0
