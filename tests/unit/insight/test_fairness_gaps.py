"""Figures and gaps against Fairlearn's, and their intervals against known truth."""

import itertools
from typing import Any

import numpy as np
import pytest

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.insight.fairness.audit import audit
from modelwright.insight.fairness.gaps import apart
from modelwright.insight.fairness.measures import Measured
from modelwright.insight.fairness.proxies import proxies
from modelwright.insight.fairness.result import Fairness
from modelwright.insight.fairness.spread import spread
from modelwright.insight.predictions import of_classes, of_values

N_ROWS = 900


def category(name: str, cells: Any) -> Column:
    """Return a string column."""
    levels, codes = np.unique(np.asarray(cells, dtype=object).astype(str), return_inverse=True)
    return Column(ColumnSchema(name, "category", "string"), codes.astype(np.int32), levels.astype(object))


def table(*columns: Column) -> Table:
    """Return a table of columns."""
    return Table(columns, len(columns[0]))


@pytest.fixture(scope="module")
def people() -> dict[str, Any]:
    """Three groups by two, with other base rates and other scores in each."""
    rng = np.random.default_rng(5)
    race, sex = rng.choice(["a", "b", "c"], N_ROWS, p=[0.6, 0.25, 0.15]), rng.choice(["f", "m"], N_ROWS)
    lean = 0.35 + 0.2 * (race == "a") + 0.1 * (sex == "m")
    truth = (rng.random(N_ROWS) < lean).astype(int)
    score = np.clip(0.5 * truth + lean * 0.5 + rng.normal(0, 0.25, N_ROWS), 0.01, 0.99)
    return {"race": race, "sex": sex, "truth": truth, "score": score, "weight": rng.random(N_ROWS) + 0.5}


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "weighted"])
def both(request: pytest.FixtureRequest, people: dict[str, Any]) -> tuple[Fairness, dict[str, Any], dict[str, Any]]:
    """Our audit, the rows, and the weights as Fairlearn takes them."""
    weight = people["weight"] if request.param else None
    found = of_classes(people["truth"], people["score"], weight)
    made = audit(found, table(category("race", people["race"]), category("sex", people["sex"])), min_rows=1)
    return made, people, {} if weight is None else {"sample_weight": weight}


def fairlearn(name: str) -> Any:
    """Return a function of fairlearn.metrics."""
    return getattr(pytest.importorskip("fairlearn.metrics"), name)


@pytest.mark.parametrize("by", [("race",), ("sex",), ("race", "sex")])
@pytest.mark.parametrize("form", ["difference", "ratio"])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("demographic_parity", "demographic_parity"),
        ("equalised_odds", "equalized_odds"),
        ("equal_opportunity", "equal_opportunity"),
    ],
)
def test_gaps_are_those_of_fairlearn(both: Any, by: tuple[str, ...], form: str, ours: str, theirs: str) -> None:
    made, rows, extra = both
    features = np.column_stack([rows[name] for name in by])
    expected = fairlearn(f"{theirs}_{form}")(
        rows["truth"], (rows["score"] > 0.5).astype(int), sensitive_features=features, **extra
    )
    found = getattr(made.gap(ours, by), form)
    assert found.value == pytest.approx(expected, rel=1e-12)
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("selection_rate", "selection_rate"),
        ("true_positive_rate", "true_positive_rate"),
        ("false_positive_rate", "false_positive_rate"),
        ("false_negative_rate", "false_negative_rate"),
    ],
)
def test_figures_of_groups_are_those_of_fairlearn(both: Any, ours: str, theirs: str) -> None:
    made, rows, extra = both
    frame = fairlearn("MetricFrame")(
        metrics=fairlearn(theirs),
        y_true=rows["truth"],
        y_pred=(rows["score"] > 0.5).astype(int),
        sensitive_features={"race": rows["race"], "sex": rows["sex"]},
        sample_params=extra,
    )
    for race, sex in itertools.product("abc", "fm"):
        figure = made.group(f"race = {race} and sex = {sex}").figure(ours)
        assert figure.value.value == pytest.approx(frame.by_group.loc[(race, sex)], rel=1e-12)
        assert figure.value.low <= figure.value.value <= figure.value.high


def test_predictive_parity_and_accuracy_are_those_of_scikit_learn(both: Any) -> None:
    from sklearn.metrics import accuracy_score, precision_score

    made, rows, extra = both
    given = (rows["score"] > 0.5).astype(int)
    for name, metric in (("predictive_parity", precision_score), ("accuracy_equality", accuracy_score)):
        values = []
        for race in "abc":
            chosen = rows["race"] == race
            weights = {k: v[chosen] for k, v in extra.items()}
            values.append(metric(rows["truth"][chosen], given[chosen], **weights))
        gap = made.gap(name, "race")
        assert gap.difference.value == pytest.approx(max(values) - min(values), rel=1e-12)
        assert gap.ratio.value == pytest.approx(min(values) / max(values), rel=1e-12)


def test_calibration_is_mean_predicted_less_observed(both: Any) -> None:
    made, rows, extra = both
    group = made.group("race = b")
    chosen = rows["race"] == "b"
    weights = extra.get("sample_weight", np.ones(N_ROWS))[chosen]
    expected = np.average((rows["score"] - rows["truth"])[chosen], weights=weights)
    figure = group.figure("calibration").value
    assert figure.value == pytest.approx(expected, rel=1e-12) and figure.low < figure.value < figure.high
    assert np.isnan(made.gap("calibration", "race").ratio.value), "a difference of either sign has no ratio"


def test_numbers_have_error_and_bias_by_group() -> None:
    rng = np.random.default_rng(1)
    group = np.repeat(["a", "b"], 300)
    truth = rng.normal(10, 1, 600)
    given = truth + np.where(group == "a", 0.5, -0.1) + rng.normal(0, 0.2, 600)
    made = audit(of_values(truth, given), table(category("g", group)))
    errors = [np.abs(given - truth)[group == g].mean() for g in "ab"]
    assert made.group("g = a").figure("mean_absolute_error").value.value == pytest.approx(errors[0])
    assert made.gap("error_equality", "g").difference.value == pytest.approx(errors[0] - errors[1])
    assert made.gap("error_equality", "g").ratio.value == pytest.approx(errors[1] / errors[0])
    bias = made.gap("bias_equality", "g")
    assert bias.is_beyond_chance and bias.lowest == "g = b" and bias.highest == "g = a"
    assert bias.difference.low < 0.6 < bias.difference.high


def test_classes_are_looked_at_one_by_one() -> None:
    rng = np.random.default_rng(2)
    truth, group = rng.integers(0, 3, 400), rng.choice(["a", "b"], 400)
    answers = rng.dirichlet(np.ones(3), 400)
    made = audit(of_classes(truth, answers), table(category("g", group)))
    given = answers.argmax(axis=1)
    rates = [(given[group == g] == 2).mean() for g in "ab"]
    assert made.gap("demographic_parity", "g", "2").difference.value == pytest.approx(abs(rates[0] - rates[1]))
    assert {g.label for g in made.gaps if g.name == "equalised_odds"} == {"0", "1", "2"}
    assert made.gap("accuracy_equality", "g").label == ""


def _gap_intervals(rates: list[float], sizes: list[int], n_runs: int) -> list[tuple[float, float, float, float]]:
    """Return ends of the interval of the difference and of the ratio in many samples."""
    rng = np.random.default_rng(11)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    found = []
    for _ in range(n_runs):
        hits = (rng.random(len(codes)) < np.array(rates)[codes]).astype(float)
        one = spread(
            Measured("selection_rate", "", "share", hits), codes, len(sizes), np.ones(len(codes)), level=0.95, rng=rng
        )
        made = apart([one], np.ones(len(sizes), dtype=bool), level=0.95)
        found.append((made.difference.low, made.difference.high, made.ratio.low, made.ratio.high))
    return found


def test_intervals_of_gaps_hold_the_truth() -> None:
    rates = [0.2, 0.35, 0.3, 0.22]
    found = _gap_intervals(rates, [200, 150, 80, 300], 200)
    assert np.mean([low <= 0.15 <= high for low, high, _, _ in found]) >= 0.93
    assert np.mean([low <= 0.2 / 0.35 <= high for _, _, low, high in found]) >= 0.93


def test_even_groups_seldom_seem_apart() -> None:
    found = _gap_intervals([0.3] * 6, [120] * 6, 200)
    assert np.mean([low > 0 for low, _, _, _ in found]) <= 0.08, "a gap beyond chance where there is none"


def test_a_group_without_a_hit_is_not_taken_for_certain() -> None:
    codes = np.repeat([0, 1], 40)
    hits = np.where(codes == 0, 0.0, np.arange(80) % 2).astype(float)
    one = spread(
        Measured("selection_rate", "", "share", hits), codes, 2, np.ones(80), level=0.95, rng=np.random.default_rng(0)
    )
    made = apart([one], np.ones(2, dtype=bool), level=0.95)
    assert made.ratio.value == 0 and 0 < made.ratio.high < 0.5
    assert made.difference.low < 0.5 < made.difference.high


def test_a_word_of_a_text_gives_a_column_away(rng: np.random.Generator) -> None:
    is_woman = rng.random(300) < 0.5
    texts = np.array([f"{'Mrs' if w else 'Mr'} {i}" for i, w in enumerate(is_woman)], dtype=object)
    name = Column(ColumnSchema("name", "text", "string"), np.arange(300, dtype=np.int32), texts)
    sexes = np.array(["male", "female"], dtype=object)
    sex = Column(ColumnSchema("sex", "category", "string"), is_woman.astype(np.int32), sexes)
    found, why = proxies(Table((name,), 300), sex)
    assert why == ""
    assert found[0].feature == "" and found[0].score.value > 0.95
    assert {p.feature for p in found if p.is_flagged} == {"", "name with “mr”", "name with “mrs”"}
