import json
from dataclasses import replace

import numpy as np
import pytest

from modelwright.api import fit
from modelwright.core.errors import DataError
from modelwright.core.spec import Budget, FitSpec
from modelwright.display import PairDisplay
from modelwright.insight.shapes import Shapes, shapes
from modelwright.model.model import Model
from modelwright.report.report import report

QUICK = FitSpec(learners=("glass?bags=1&most_rounds=120&learning_rate=0.1",), only_learners=True, interval=None)


@pytest.fixture(scope="module")
def table() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 400))
    a[rng.random(400) < 0.1] = np.nan
    kind = rng.choice(np.array(["x", "y", "z"], dtype=object), 400)
    score = np.sin(2 * np.nan_to_num(a)) + b * (kind == "x") * 2 + 0.2 * rng.normal(size=400)
    levels = np.digitize(score, [-0.6, 0.6])
    return {"a": a, "b": b, "kind": kind, "score": score, "sign": np.where(score > 0, "p", "n"), "level": levels}


def model_of(table: dict[str, np.ndarray], target: str, **changes: object) -> Model:
    columns = {name: table[name] for name in ("a", "b", "kind", target)}
    return fit(columns, target, budget=Budget(trials=1), spec=replace(QUICK, **changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def model(table: dict[str, np.ndarray]) -> Model:
    return model_of(table, "sign")


@pytest.fixture(scope="module")
def found(model: Model) -> Shapes:
    known = shapes(model)
    assert known is not None
    return known


def test_the_parts_add_up_to_what_the_file_says(found: Shapes) -> None:
    assert found.rest < 1e-9
    assert {curve.column for curve in found.curves} == {"a", "b", "kind"}
    assert list(found.sizes) == sorted(found.sizes, reverse=True)
    assert found.pairs[0].columns == ("b", "kind")
    assert np.array(found.pairs[0].values).shape == tuple(map(len, found.pairs[0].places))


def test_curves_know_missing_cells_and_how_many_rows_are_there(found: Shapes) -> None:
    curve = next(curve for curve in found.curves if curve.column == "a")
    assert curve.points[-1].label == "missing"
    assert sum(point.n_rows for point in curve.points) == found.n_rows
    places = [point.at for point in curve.points[:-1]]
    assert places == sorted(places)  # type: ignore[type-var]  # numbers, all but the last


@pytest.mark.parametrize(("target", "task"), [("score", "regression"), ("level", "multiclass"), ("level", "count")])
def test_other_tasks_add_up_too(table: dict[str, np.ndarray], target: str, task: str) -> None:
    known = shapes(model_of(table, target, task=task))
    assert known is not None
    assert known.rest < 1e-6


def test_other_models_are_no_such_sum(table: dict[str, np.ndarray]) -> None:
    assert shapes(model_of(table, "sign", learners=("lightgbm?rounds=20",))) is None


def test_they_survive_json_and_other_documents_do_not(found: Shapes) -> None:
    assert Shapes.from_json(json.loads(json.dumps(found.to_json()))) == found
    with pytest.raises(DataError, match="form"):
        Shapes.from_json({**found.to_json(), "schema": "other"})
    with pytest.raises(DataError, match="understood"):
        Shapes.from_json({"schema": "modelwright/shapes/1"})


def test_the_report_shows_all_of_a_glass_box(model: Model, table: dict[str, np.ndarray]) -> None:
    made = report(model)
    part = made.part("glass")
    assert part is not None
    assert part.result is not None
    assert part.result["cost"]["is_shipped"]
    titles = [block.title for block in part.blocks if hasattr(block, "title")]
    assert titles.count("Log-odds of p by a") == 1
    assert "b and kind together" in titles
    assert "can be read whole" in made.document("card")
    other = report(model_of(table, "sign", learners=("linear",)))
    assert any("--learner glass" in absence.remedy for absence in other.absent)


def test_a_pair_is_told_in_words_and_numbers(found: Shapes) -> None:
    display = PairDisplay(found.pairs[0])
    assert "beyond what each adds alone" in display.describe()
    columns = display.to_columns()
    assert len(columns["adds"]) == len(columns["b"]) == len(columns["kind"])
