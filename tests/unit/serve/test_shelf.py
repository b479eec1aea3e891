from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelwright.model.model import Model
from modelwright.model.verify import witness
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.shelf import Served, Shelf

Build = Callable[..., bytes]


def sealed(small_file: Build, kind: str = "binary", shift: float = 0.0) -> bytes:
    kept = witness(Model.open(small_file(kind)), seed=5)
    answers = [None if a is None else a + shift for a in kept["answers"]]
    return small_file(kind, parity={"witness": {**kept, "answers": answers}})


def replaced(path: Path, data: bytes) -> None:
    beside = path.with_suffix(".new")
    beside.write_bytes(data)
    beside.replace(path)


@pytest.fixture
def told() -> list[tuple[str, str, Served | None]]:
    return []


@pytest.fixture
def tell(told: list[Any]) -> Callable[..., None]:
    return lambda *what: told.append(what)


def test_a_model_answers_once_it_repeated_its_stored_answers(small_file: Build) -> None:
    shelf = Shelf({"good": Model.open(sealed(small_file)), "poisoned": Model.open(sealed(small_file, shift=0.01))})
    assert shelf.get("good").row_seconds > 0
    assert shelf.get().name == "good"
    with pytest.raises(RefusedRequestError, match="does not repeat") as caught:
        shelf.get("poisoned")
    assert caught.value.status == 503
    with pytest.raises(RefusedRequestError) as caught:
        shelf.get("other")
    assert caught.value.status == 404


def test_a_replaced_file_is_taken_over(tmp_path: Path, small_file: Build, told: list[Any], tell: Any) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(sealed(small_file))
    shelf = Shelf({"m": Model.open(path)})
    shelf.refresh(tell)
    assert told == []
    replaced(path, sealed(small_file, "multiclass"))
    shelf.refresh(tell)
    assert [what[:2] for what in told] == [("m", "replaced")]
    assert shelf.get("m").model.classes == (3, 5, 8)
    shelf.refresh(tell)
    assert len(told) == 1


@pytest.mark.parametrize("bad", ["torn", "poisoned", "gone", "empty"])
def test_the_old_model_answers_while_the_new_one_is_bad(
    bad: str, tmp_path: Path, small_file: Build, told: list[Any], tell: Any
) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(sealed(small_file))
    shelf = Shelf({"m": Model.open(path)})
    digest = shelf.get("m").model.digest
    if bad == "gone":
        path.unlink()
    else:
        replaced(path, {"torn": sealed(small_file)[:-9], "poisoned": sealed(small_file, shift=0.1), "empty": b""}[bad])
    shelf.refresh(tell)
    shelf.refresh(tell)  # not tried again until it changes
    assert [what[2] for what in told] == ([] if bad == "gone" else [None])
    assert shelf.get("m").model.digest == digest
    replaced(path, sealed(small_file, "flag"))
    shelf.refresh(tell)
    assert shelf.get("m").model.classes == (False, True)
