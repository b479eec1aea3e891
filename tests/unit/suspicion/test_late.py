"""Weak evidence: a name that speaks of afterwards, or of a prediction, beside a figure."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from modelwright.suspicion.names import are_siblings, is_foretold, is_late, may_be_late

Found = Callable[..., dict[str, list[Any]]]
N = 1000


def told_by(rng: np.random.Generator, strength: float) -> tuple[dict[str, Any], Any]:
    yes = rng.random(N) < 0.5
    columns = {
        "a": rng.normal(size=N),
        "b": yes * 0.5 + rng.normal(size=N),
        "y": np.where(yes, "u", "v").astype(object),
    }
    return columns, yes * strength + rng.normal(size=N)


@pytest.mark.parametrize("name", ["paid_total", "FinalResult", "arrivalDelay", "days elapsed", "refunds"])
def test_names_of_afterwards_are_known(name: str) -> None:
    assert is_late(name) and may_be_late(name)


@pytest.mark.parametrize("name", ["postcode", "poutcome", "finally_x", "prepaid", "duration", "endocrine", "trend"])
def test_other_names_prove_nothing(name: str) -> None:
    assert not is_late(name)


def test_a_duration_counts_beside_strong_evidence_only() -> None:
    assert may_be_late("call_duration") and not is_late("call_duration")
    assert not may_be_late("trend") and is_foretold("risk_score") and not is_foretold("underscored")


def test_a_late_name_that_tells_something_is_worth_a_look(found: Found, rng: np.random.Generator) -> None:
    columns, tells = told_by(rng, 0.6)
    told = found(columns | {"outcome": tells}, "y")["late"]
    assert [(f.columns, f.severity, f.override) for f in told] == [(("outcome",), "info", "--drop outcome")]
    assert "AUC" in told[0].evidence


def test_a_late_name_without_a_figure_is_not_told(found: Found, rng: np.random.Generator) -> None:
    columns, _ = told_by(rng, 0.0)
    assert found(columns | {"outcome": rng.normal(size=N)}, "y") == {}


def test_a_figure_without_a_late_name_is_not_told(found: Found, rng: np.random.Generator) -> None:
    columns, tells = told_by(rng, 0.6)
    assert found(columns | {"income": tells}, "y") == {}


def test_what_is_suspected_for_a_better_reason_is_told_once(found: Found, rng: np.random.Generator) -> None:
    columns, tells = told_by(rng, 4.0)
    assert set(found(columns | {"outcome": tells}, "y")) == {"leak"}


@pytest.mark.parametrize(("strength", "is_told"), [(0.8, True), (0.3, False)])
def test_a_prediction_is_told_when_it_is_among_the_best(
    found: Found, rng: np.random.Generator, strength: float, is_told: bool
) -> None:
    columns, tells = told_by(rng, strength)
    told = found(columns | {"risk_score": tells}, "y")
    assert ("foretold" in told) == is_told
    if is_told:
        assert told["foretold"][0].columns == ("risk_score",) and told["foretold"][0].severity == "info"


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("lesion_1", "lesion_2", True),
        ("score", "score.1", True),
        ("TaxiIn", "TaxiOut", True),
        ("start", "end", True),
        ("job_start", "sick_end", False),
        ("in_stock", "stock", False),
        ("size", "weight", False),
    ],
)
def test_siblings_differ_in_a_number_or_in_start_and_end(first: str, second: str, alike: bool) -> None:
    assert are_siblings(first, second) == are_siblings(second, first) == alike
