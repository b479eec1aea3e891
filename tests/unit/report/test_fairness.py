"""The report's section on fairness: from the file alone, with rows, and where nothing was named."""

from typing import Any

import numpy as np
import pytest

import modelwright as mw
from modelwright.core.spec import Budget, FitSpec
from modelwright.report.report import Report, report

EVIL = "<script>alert(1)</script>"


def people(n_rows: int, seed: int) -> dict[str, list[Any]]:
    """Points decide; one group, with a hostile name, has more of them."""
    rng = np.random.default_rng(seed)
    group = rng.choice(["a", EVIL], n_rows)
    points = rng.normal(0, 1, n_rows) + (group == EVIL)
    paid = points + rng.normal(0, 0.8, n_rows) > 0.6
    return {"points": points.tolist(), "group": group.tolist(), "paid": np.where(paid, "yes", "no").tolist()}


@pytest.fixture(scope="module")
def model() -> Any:
    """A model that was told to be sensitive to the group."""
    return mw.fit(people(300, 1), "paid", budget=Budget(trials=1), spec=FitSpec(sensitive=("group",)))


def part_of(made: Report) -> Any:
    """Return the section."""
    part = made.part("fairness")
    assert part is not None
    return part


def test_the_file_alone_shows_the_audit_of_the_fit(model: Any) -> None:
    part = part_of(report(model))
    assert part.result["source"] == "out-of-fold" and part.result["tradeoff"]["schema"] == "modelwright/tradeoff/1"
    assert part.command == ""
    light = part.lights[0]
    assert light.level == "look" and "demographic parity by group" in light.text


def test_rows_are_audited_anew_and_the_page_is_safe(model: Any) -> None:
    made = report(model, data=people(200, 2))
    part = part_of(made)
    assert part.result["source"] == "test" and part.result["n_rows"] == 200
    assert part.command == "modelwright fairness model.onnx DATA --sensitive group"
    kinds = [block.to_json()["kind"] for block in part.blocks]
    assert "chart" in kinds and kinds.count("table") >= 3
    page = made.to_html()
    assert EVIL not in page and "convention" in page


def test_rows_without_the_columns_leave_the_audit_of_the_fit(model: Any) -> None:
    rows = people(100, 3)
    del rows["group"]
    part = part_of(report(model, data=rows))
    assert part.result["source"] == "out-of-fold"
    assert any("could not be audited" in str(block.to_json()) for block in part.blocks)


def test_without_sensitive_columns_it_says_what_to_do() -> None:
    rows = people(60, 4)
    plain = mw.fit({k: rows[k] for k in ("points", "paid")}, "paid", budget=Budget(trials=1))
    absent = {a.what: a for a in report(plain).absent}
    assert "--sensitive" in absent["Are groups treated alike?"].remedy
