import pytest

from modelwright.core.task import Task
from modelwright.learners.boosting_catboost import CatBoost
from modelwright.learners.boosting_lightgbm import LightGBM
from modelwright.learners.median import Median
from modelwright.learners.neural import Neural
from modelwright.learners.portfolio import portfolio
from modelwright.learners.svm import MOST_ROWS

BINARY, MANY, NUMBER = Task("binary", ("no", "yes")), Task("multiclass", tuple(range(23))), Task("regression")


@pytest.mark.parametrize("task", [BINARY, NUMBER, Task("multiclass", (1, 2, 3))])
@pytest.mark.parametrize("n_rows", [2, 50, 400, 2_500, 8_000, 30_000, 200_000, 1_000_000])
def test_every_size_has_a_constant_a_linear_and_a_boosted_learner_under_different_names(
    task: Task, n_rows: int
) -> None:
    chosen = portfolio(task, n_rows, 20, 60.0)
    names = [name for name, _ in chosen]
    assert names[0] == "CONST"
    assert names[1] == ("LGB-0" if n_rows > 10_000 else "LIN")
    assert "LIN" in names
    assert ("CAT-1" in names[2:4]) == (task.n_margins * n_rows < 300_000 or task.n_margins == 1)
    assert len(set(names)) == len(names)
    assert any(isinstance(learner, LightGBM) for _, learner in chosen)


def test_few_rows_get_few_candidates() -> None:
    assert len(portfolio(BINARY, 100, 20, 60.0)) == 5
    assert len(portfolio(BINARY, 500, 20, 60.0)) == 9


def test_the_radial_machine_stays_away_from_many_rows() -> None:
    for n_rows in (1_000, 5_000, 100_000):
        names = [name for name, _ in portfolio(NUMBER, n_rows, 20, 60.0)]
        assert ("SVM-RBF" in names) == (n_rows <= 3_000 < MOST_ROWS)


def test_leaves_hold_more_rows_where_there_are_more() -> None:
    def least(n_rows: int) -> int:
        chosen = portfolio(BINARY, n_rows, 20, 60.0)
        return min(learner.min_leaf for _, learner in chosen if isinstance(learner, LightGBM))

    assert (least(1_000), least(5_000), least(50_000)) == (3, 5, 20)


def test_a_long_budget_learns_slower() -> None:
    def rates(seconds: float) -> list[float]:
        return [
            learner.learning_rate
            for name, learner in portfolio(BINARY, 5_000, 20, seconds)
            if isinstance(learner, LightGBM | CatBoost) and name not in ("LGB-P1S", "LGB-1S", "CAT-1S")
        ]

    assert all(slow < quick <= 0.1 for slow, quick in zip(rates(3600.0), rates(60.0), strict=True))


def test_wide_tables_get_few_features_per_tree() -> None:
    boosted = [learner for _, learner in portfolio(BINARY, 1_000, 10_000, 60.0)]
    assert all(learner.feature_fraction == 0.05 for learner in boosted if isinstance(learner, LightGBM))
    assert all(learner.feature_fraction == 0.3 for learner in boosted if isinstance(learner, CatBoost))


def test_catboost_stays_away_from_many_rows_of_many_classes_in_little_time() -> None:
    def families(seconds: float) -> set[str]:
        return {learner.family for _, learner in portfolio(MANY, 50_000, 20, seconds)}

    assert "catboost" not in families(60.0)
    assert "catboost" in families(3600.0)


def place(task: Task, n_rows: int, seconds: float) -> float | None:
    names = [name for name, _ in portfolio(task, n_rows, 20, seconds)]
    return names.index("MLP-1") / (len(names) - 1) if "MLP-1" in names else None


@pytest.mark.parametrize("task", [NUMBER, MANY])
def test_a_network_comes_early_where_numbers_or_many_classes_are_asked_for(task: Task) -> None:
    for n_rows, seconds in ((1_000, 30.0), (15_000, 30.0), (30_000, 60.0), (100_000, 300.0)):
        early = place(task, n_rows, seconds)
        assert early is not None
        assert early < 0.6
    assert place(task, 1_000, 20.0) is None
    assert place(task, 50_000, 60.0) is None


def test_a_network_comes_early_on_few_rows_of_two_classes_and_late_on_more() -> None:
    assert place(BINARY, 1_000, 30.0) is None
    early, late = place(BINARY, 1_000, 60.0), place(BINARY, 9_000, 60.0)
    assert early is not None
    assert late is not None
    assert early < late
    assert place(BINARY, 50_000, 60.0) is None


def test_networks_on_many_rows_make_few_passes_and_need_little_dropout() -> None:
    few, many = (dict(portfolio(NUMBER, n_rows, 20, 60.0))["MLP-1"] for n_rows in (2_000, 15_000))
    assert isinstance(few, Neural)
    assert isinstance(many, Neural)
    assert (few.epochs, many.epochs) == (64, 16)
    assert few.dropout > many.dropout
    of_classes = dict(portfolio(MANY, 15_000, 20, 60.0))["MLP-1"]
    assert isinstance(of_classes, Neural)
    assert of_classes.epochs == 64


def test_absolute_errors_and_shares_are_aimed_at_with_medians() -> None:
    plain = dict(portfolio(NUMBER, 1_000, 5, 60.0))
    values, shares = (dict(portfolio(NUMBER, 1_000, 5, 60.0, medians=aim)) for aim in ("values", "shares"))
    assert {"CAT-MED", "LGB-MED"} == values.keys() - plain.keys() == shares.keys() - plain.keys()
    assert isinstance(values["CAT-MED"], Median)
    assert CatBoost(**dict(values["CAT-MED"].settings)) == plain["CAT-1"]
    assert [one["LGB-MED"].of_shares for one in (values, shares)] == [False, True]  # type: ignore[attr-defined]
    constrained = portfolio(NUMBER, 1_000, 5, 60.0, medians="values", monotone=True)
    assert not any(isinstance(learner, Median) for _, learner in constrained)


def test_time_left_is_spent_at_unhurried_rates() -> None:
    entries = dict(portfolio(BINARY, 20_000, 20, 300.0, is_preparable=True))
    slow, quick = entries["CAT-1S"], entries["CAT-1"]
    assert isinstance(slow, CatBoost)
    assert isinstance(quick, CatBoost)
    assert slow.learning_rate == quick.learning_rate / 2
    assert list(entries).index("CAT-1S") > list(entries).index("LGB-G")
    assert "CAT-1S" not in dict(portfolio(BINARY, 1_000, 20, 300.0, is_preparable=True))
    assert "CAT-1S" not in dict(portfolio(BINARY, 20_000, 20, 900.0, is_preparable=True)), "CAT-1 itself is slow then"


@pytest.mark.parametrize("task", [BINARY, NUMBER])
def test_prepared_entries_stand_beside_plain_ones_where_columns_can_be_combined(task: Task) -> None:
    chosen = portfolio(task, 8_000, 20, 60.0, is_preparable=True)
    prepared = {name for name, learner in chosen if learner.view == "prepared"}
    assert prepared == {
        "LGB-P1",
        "LGB-P1S",
        "LGB-P2",
        "LGB-P3",
        "LGB-P4",
        "LGB-P5",
        "LGB-P6",
        "LGB-P7",
        "CAT-P1",
        "CAT-4",
    }
    plain = portfolio(task, 8_000, 20, 60.0)
    assert [entry for entry in chosen if entry[0] not in prepared] == list(plain)
    assert not [name for name, learner in plain if learner.view == "prepared"]


@pytest.mark.parametrize("n_rows", [499, 200_000])
def test_very_few_and_very_many_rows_are_not_prepared(n_rows: int) -> None:
    chosen = portfolio(BINARY, n_rows, 20, 60.0, is_preparable=True)
    assert not [name for name, learner in chosen if learner.view == "prepared"]
