"""Every explanation is a frozen result that travels as JSON, shows itself as text and as safe HTML, and repeats."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import modelwright as mw
from modelwright.core.catalog import load
from modelwright.core.errors import DataError
from modelwright.core.spec import Budget
from modelwright.insight.attribution import Attribution
from modelwright.insight.background import make_background
from modelwright.insight.catalog import INSIGHTS
from modelwright.insight.change import Counterfactuals
from modelwright.insight.counterfactual import Goal
from modelwright.insight.curve import Dependence
from modelwright.insight.explanation import Explanation
from modelwright.insight.importance import Importance
from modelwright.insight.interaction import Interactions
from modelwright.insight.prototypes import Prototypes
from modelwright.insight.surrogate import Surrogate
from modelwright.model.model import Model

N_ROWS = 160
TARGETS = {"binary": "<b>won</b>", "multiclass": "size", "regression": "price"}


@pytest.fixture(scope="module")
def data() -> dict[str, list[Any]]:
    """Numbers, dates, flags and categories with missing cells, hostile names, and three targets."""
    rng = np.random.default_rng(3)
    age = rng.integers(18, 80, N_ROWS).astype(float)
    income = age * 100 + rng.normal(0, 400, N_ROWS)
    city = rng.choice(["Rome", "<i>Oslo</i>", "Köln"], N_ROWS)
    since = np.datetime64("2020-01-01") + rng.integers(0, 900, N_ROWS)
    member = rng.random(N_ROWS) < 0.5
    strength = 0.05 * (age - 50) + 1.5 * (city == "Rome") - member + rng.normal(0, 0.3, N_ROWS)
    age[::17] = np.nan
    return {
        "age": age.tolist(),
        "income": income.tolist(),
        "<script>city</script>": city.tolist(),
        "since": np.datetime_as_string(since).tolist(),
        "member": member.tolist(),
        "<b>won</b>": np.where(strength > 0, "yes", "no").tolist(),
        "size": np.array(["small", "middle", "large"])[np.digitize(strength, [-0.7, 0.7])].tolist(),
        "price": (10 * strength + 100).tolist(),
    }


@pytest.fixture(scope="module", params=sorted(TARGETS))
def fitted(request: pytest.FixtureRequest, data: dict[str, list[Any]]) -> tuple[Model, dict[str, list[Any]]]:
    """A small model of each task, and its rows."""
    target = TARGETS[request.param]
    kept = {name: cells for name, cells in data.items() if name == target or name not in TARGETS.values()}
    return mw.fit(kept, target=target, budget=Budget(trials=1)), kept


def record(rows: dict[str, list[Any]], model: Model) -> dict[str, Any]:
    """Return the second row as a dictionary of cells."""
    return {name: rows[name][1] for name in model.schema.names}


CALLS: dict[str, Callable[[Callable[..., Any], Model, dict[str, list[Any]]], Any]] = {
    "counterfactuals": lambda f, m, d: f(m, record(d, m), goal=None if m.classes else Goal(at_least=105.0), rows=d),
    "dependence": lambda f, m, d: f(m, d, "age"),
    "explain": lambda f, m, d: f(m, d, rows=[1]),
    "explain_row": lambda f, m, d: f(m, record(d, m), make_background(m, d)),
    "importance": lambda f, m, d: f(m, d, n_repeats=2),
    "interactions": lambda f, m, d: f(m, d, most_rows=12, most_columns=3),
    "prototypes": lambda f, m, d: f(m, record(d, m), d),
    "shapley": lambda f, m, d: f(m, {k: v[:3] for k, v in d.items()}, background=d),
    "surrogate": lambda f, m, d: f(m, d),
}

RESULTS = (Attribution, Counterfactuals, Dependence, Explanation, Importance, Interactions, Prototypes, Surrogate)


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_result_travels_shows_itself_and_repeats(name: str, fitted: tuple[Model, dict[str, list[Any]]]) -> None:
    model, rows = fitted
    function = load(INSIGHTS, name, "insight")
    result = CALLS[name](function, model, rows)
    document = result.to_json()
    text = json.dumps(document, allow_nan=False)
    assert document["schema"].startswith("modelwright/")
    assert json.dumps(type(result).from_json(json.loads(text)).to_json()) == text
    assert json.dumps(CALLS[name](function, model, rows).to_json()) == text, "the same seed gives the same result"
    bundle = result._repr_mimebundle_()
    assert bundle["text/plain"] == str(result) and len(str(result).splitlines()) >= 3
    page = bundle["text/html"]
    assert "<script" not in page and "<i>" not in page and "<b>" not in page
    assert len(repr(result)) < 200
    assert dataclasses.is_dataclass(result) and type(result).__dataclass_params__.frozen  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", RESULTS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("document", [{}, {"schema": "modelwright/other/1"}])
def test_a_foreign_document_is_refused(kind: Any, document: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        kind.from_json(document)


def test_values_add_up_to_the_answer(fitted: tuple[Model, dict[str, list[Any]]]) -> None:
    model, rows = fitted
    for method in ("exact", "sampling"):
        for scale in ("probability", "margin"):
            found = load(INSIGHTS, "shapley", "insight")(
                model, {k: v[:4] for k, v in rows.items()}, background=rows, method=method, scale=scale
            )
            np.testing.assert_allclose(found.base + found.values.sum(axis=2), found.given, rtol=1e-12, atol=1e-12)


def test_every_explanation_of_the_catalog_is_called_here() -> None:
    elsewhere = set(INSIGHTS) - set(CALLS)
    explaining = {"modelwright.insight." + n for n in ("shapley", "importance", "dependence", "interaction", "explain")}
    assert not {name for name in elsewhere if INSIGHTS[name].partition(":")[0] in explaining}
