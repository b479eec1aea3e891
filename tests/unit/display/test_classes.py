"""What is particular to single displays."""

import math

import numpy as np
import pytest

import modelwright as mw
from modelwright.core.errors import MissingExtraError, SpecError
from modelwright.display import (
    ConfusionDisplay,
    DependenceDisplay,
    ImportanceDisplay,
    PredictionDisplay,
    ResidualDisplay,
    RocDisplay,
    SliceDisplay,
    ThresholdDisplay,
)
from modelwright.display.dependence import DependenceDisplay as Dependence
from modelwright.insight.curve import Dependence as Curve
from modelwright.insight.curve import Point
from modelwright.insight.predictions import of_values
from modelwright.insight.residuals import residuals


@pytest.fixture(scope="module")
def sold() -> tuple[mw.Model, dict[str, list]]:
    rng = np.random.default_rng(1)
    size, kind = rng.normal(size=160), rng.choice(["u", "v"], 160)
    rows = {"size": size.tolist(), "kind": kind.tolist()}
    rows["sold"] = np.where(size + rng.normal(size=160) > 0, "yes", "no").tolist()
    return mw.fit(rows, target="sold", budget=mw.Budget(trials=1)), rows


def test_a_model_and_a_table_are_enough(sold: tuple[mw.Model, dict[str, list]]) -> None:
    model, rows = sold
    area = RocDisplay.from_model(model, rows).result.lines[0]
    assert area.label == "yes"
    assert area.area.value == pytest.approx(mw.evaluate(model, rows).measure("roc_auc").value)
    by_kind = SliceDisplay.from_model(model, rows, columns=["kind"])
    assert set(by_kind.to_columns()["rows"]) == {"kind = u", "kind = v"}
    assert SliceDisplay.from_model(model, rows).plot().ax_ is not None
    assert {"size", "kind"} <= set(ImportanceDisplay.from_model(model, rows).to_columns()["columns"])
    assert DependenceDisplay.from_model(model, rows, "size").plot().ax_.get_xlabel() == "size"
    with pytest.raises(SpecError, match="is of numbers"):
        ResidualDisplay.from_model(model, rows)


def test_a_threshold_by_cost_is_drawn_as_cost(sold: tuple[mw.Model, dict[str, list]]) -> None:
    found = ThresholdDisplay.from_model(*sold, costs="fp=1,fn=5").plot()
    assert found.ax_.get_ylabel() == "mean cost per row"
    assert found.result.less_is_better


def test_a_confusion_of_many_classes_has_numbers_only_where_rows_are(rng: np.random.Generator) -> None:
    few, many, most = (
        ConfusionDisplay.from_predictions(np.arange(n).repeat(4), rng.dirichlet(np.ones(n), 4 * n)) for n in (3, 20, 45)
    )
    assert len(few.plot().ax_.texts) == 9
    assert len(many.plot().ax_.texts) == np.count_nonzero(many.result.cells)
    assert len(most.plot().ax_.texts) == 0  # no cell is large enough
    assert many.size[0] > few.size[0]


def test_three_bands_at_most(rng: np.random.Generator) -> None:
    found = RocDisplay.from_predictions(np.arange(6).repeat(10), rng.dirichlet(np.ones(6), 60)).plot()
    assert len(found.ax_.collections) == 3
    assert len({(line.get_color(), line.get_linestyle()) for line in found.ax_.lines}) == 7


def test_categories_are_points_and_missing_is_a_line_across() -> None:
    levels = tuple(Point(name, None, 0.1, 0.0, 0.2, 5) for name in ("u", "v"))
    found = Dependence(Curve("kind", "yes", "partial", "probability", levels, 10)).plot()
    assert [t.get_text() for t in found.ax_.get_xticklabels()] == ["u", "v"]
    assert all(math.isnan(at) for at in found.to_columns()["at"])


def test_one_row_can_be_drawn() -> None:
    assert PredictionDisplay.from_predictions([1.0], [2.0]).plot().describe()
    assert RocDisplay.from_predictions([1], [0.3], classes=[0, 1]).plot().describe()


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    import modelwright.display

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for module in [name for name in sys.modules if name.startswith("modelwright.display.") and "catalog" not in name]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(MissingExtraError, match=r"modelwright\[plot\]"):
        _ = modelwright.display.RocDisplay
    with pytest.raises(AttributeError, match="NoDisplay"):
        _ = modelwright.display.NoDisplay


def test_without_pandas_the_columns_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(SpecError, match="to_columns"):
        PredictionDisplay.from_predictions([1.0, 2.0], [1.0, 2.5]).to_frame()


def test_large_numbers_along_an_axis_stand_in_full() -> None:
    found = ResidualDisplay(residuals(of_values([1e5, 2e5, 3e6, 4e5], [1.1e5, 2.2e5, 2.5e6, 3e5]))).plot()
    found.figure_.canvas.draw()
    shown = [text.get_text() for text in found.ax_.get_xticklabels()]
    assert any("," in text for text in shown) and not any("e" in text for text in shown)
    assert found.ax_.xaxis.get_offset_text().get_text() == ""
