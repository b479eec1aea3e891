from pathlib import Path

import pytest

from modelwright.core.errors import SpecError
from modelwright.track.comparison import compare_runs
from modelwright.track.folder import Kept
from modelwright.track.record import Figure, Run

AUC = Figure("roc_auc", 0.9, 0.8, 0.95, True)
PARAMETERS = {"task": "binary", "target": "churn", "seed": 0}


def kept(name: str, **changes: object) -> Kept:
    settings = {"parameters": PARAMETERS, "figures": (AUC,), "data": {"sha256": "aa"}, **changes}
    return Kept(Run(name, "finished", 0.0, 1.0, **settings), Path(name), Path(name))


def test_only_what_differs_is_shown_and_every_figure() -> None:
    other = kept("b", parameters={**PARAMETERS, "seed": 1, "drop": "id"}, figures=(AUC, Figure("f1", 0.5)))
    compared = compare_runs([kept("a"), other])
    assert compared.differing == {"seed": (0, 1), "drop": (None, "id")}
    assert compared.figures == {"roc_auc": (AUC, AUC), "f1": (None, Figure("f1", 0.5))}
    assert compared.notes == ()
    assert compared.to_json()["metrics"]["f1"] == [None, {"value": 0.5, "low": None, "high": None}]


def test_other_data_and_another_target_are_told() -> None:
    notes = compare_runs([kept("a"), kept("b", data={"sha256": "bb"}, parameters={"target": "price"})]).notes
    assert ["same data" in notes[0], "same thing" in notes[1]] == [True, True]


def test_a_failed_run_says_why() -> None:
    failed = Kept(Run("b", "failed", 0.0, 1.0, error="DataError: no rows"), Path("b"), Path("b"))
    assert compare_runs([kept("a"), failed]).notes == ("'b' has no model: DataError: no rows",)


def test_one_run_cannot_be_compared() -> None:
    with pytest.raises(SpecError, match="two runs"):
        compare_runs([kept("a")])
