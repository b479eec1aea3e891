from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np
import pytest

from modelwright.model.hostile import hostile_rows
from modelwright.model.model import Model
from modelwright.serve.given import from_records
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.scoring import Answers, Scorer

ROWS: list[dict[str, Any]] = [
    {"age": 41.5, "member": True, "city": "Rome", "since": "2024-01-31"},
    {"age": None, "member": None, "city": None, "since": None},
    {"age": "17", "member": "false", "city": " Oslo ", "since": 1_000_000},
    {"age": -1e300, "member": False, "city": "never seen", "since": "1999-12-31T23:59:59Z"},
]


@pytest.mark.parametrize("kind", ["binary", "flag", "multiclass", "regression"])
def test_answers_are_the_models_own(kind: str, small_file: Callable[..., bytes]) -> None:
    model = Model.open(small_file(kind))
    scorer = Scorer(model)
    answers = scorer.answer(from_records(ROWS, model.schema, 10))
    alone = [scorer.answer(from_records([row], model.schema, 10)) for row in ROWS]
    assert answers.predictions == [one.predictions[0] for one in alone]
    np.testing.assert_allclose(answers.values, [one.values[0] for one in alone], rtol=1e-12)
    for row, one in zip(ROWS, alone, strict=True):
        assert one.predictions == [model.predict(row)]
        if model.classes:
            assert one.values == [list(model.predict_proba(row).values())]
            assert type(one.labels[0]) is type(model.classes[0])


def test_labels_are_the_files_own_on_hostile_rows(small_file: Callable[..., bytes]) -> None:
    model = Model.open(small_file("multiclass"))
    table = hostile_rows(model.schema, 200, 3)
    scorer = Scorer(model)
    assert scorer._of(model.predict_proba(table), None).labels == model.predict(table).tolist()  # type: ignore[arg-type]


@pytest.mark.parametrize("many", [False, True])
def test_missing_and_unseen_cells_are_counted(many: bool, small_file: Callable[..., bytes]) -> None:
    model = Model.open(small_file())
    # The hand-written schema does not say how many cities there were, so nothing is unseen until it does.
    rows = [{"age": "?", "member": None, "city": "Atlantis", "since": ""}] * (3 if many else 1)
    tally = Scorer(model).answer(from_records(rows, model.schema, 10)).tally
    assert tally.missing == dict.fromkeys(["age", "member", "since"], len(rows))
    assert tally.unseen == {}


def test_a_misfit_in_one_row_is_named_and_not_repeated(small_file: Callable[..., bytes]) -> None:
    model = Model.open(small_file())
    with pytest.raises(RefusedRequestError, match="Column 'age', row 1") as caught:
        Scorer(model).answer(from_records([{**ROWS[0], "age": "s3cr3t"}], model.schema, 10))
    assert "s3cr3t" not in str(caught.value)


def test_columns_and_records_name_the_answers_alike() -> None:
    answers = Answers(("no", "yes"), [[0.25, 0.75], [0.5, 0.5]], ["yes", "no"])
    assert answers.columns() == {"label": ["yes", "no"], "probability_no": [0.25, 0.5], "probability_yes": [0.75, 0.5]}
    assert answers.records()[0] == {"label": "yes", "probability_no": 0.25, "probability_yes": 0.75}
    assert Answers(("no", "yes"), [], []).columns() == {"label": [], "probability_no": [], "probability_yes": []}
    assert Answers((), [1.5, inf], []).columns() == {"prediction": [1.5, inf]}
