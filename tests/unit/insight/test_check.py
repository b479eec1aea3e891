from pathlib import Path

import numpy as np
import pytest

import modelwright
from modelwright.core.errors import SchemaError
from modelwright.core.spec import FitSpec
from modelwright.insight.check import check


def rows(n: int, shift: float = 0.0) -> dict[str, list[object]]:
    rng = np.random.default_rng(3)
    return {
        "a": (rng.normal(size=n) + shift).tolist(),
        "k": ["u", "v"] * (n // 2),
        "y": rng.choice(["n", "j"], n).tolist(),
    }


def test_the_verb_is_handed_out_by_the_package() -> None:
    assert modelwright.check is check


def test_test_rows_are_read_like_the_training_rows(tmp_path: Path) -> None:
    test = tmp_path / "test.csv"
    lines = ["a,k,y", *(f"{a:.4f},{k},{y}" for a, k, y in zip(*rows(200, 3.0).values(), strict=True))]
    test.write_text("\n".join(lines), encoding="utf-8")
    kinds = {f.name for f in check(rows(200), "y", test)}
    assert "drift" in kinds and "mismatch" not in kinds


def test_another_kind_in_test_is_found_although_it_cannot_be_read_like_training() -> None:
    changed = {**rows(200), "a": ["low", "high"] * 100}
    told = [f for f in check(rows(200), "y", changed) if f.name == "mismatch"]
    assert told[0].columns == ("a",) and told[0].severity == "stop"


def test_kinds_and_roles_are_obeyed() -> None:
    assert check(rows(200), "y", spec=FitSpec(kinds={"k": "identifier"})).about("k")[0].action == "dropped"
    with pytest.raises(SchemaError, match="Did you mean 'a'"):
        check(rows(200), "y", spec=FitSpec(drop=("aa",)))
