"""Several targets inside one budget."""

from dataclasses import replace

import numpy as np
import pytest

from modelwright.core.errors import DataError, SchemaError, SpecError
from modelwright.core.events import Event
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Table
from modelwright.data import read
from modelwright.model.joint import JointModel
from modelwright.search.fit_targets import LEAST, Shares, fit_targets, refit_targets
from modelwright.search.watch import Watch


@pytest.fixture(scope="module")
def table() -> Table:
    rng = np.random.default_rng(4)
    size = rng.normal(50, 20, 160)
    return read(
        {
            "size": size,
            "shop": rng.integers(0, 12, 160),
            "price": np.where(np.arange(160) < 9, np.nan, 2.5 * size + rng.normal(size=160)),
            "visits": rng.poisson(np.exp(size / 40)),
            "sold": np.where(size + rng.normal(0, 5, 160) > 50, "yes", "no").tolist(),
        },
    )


def test_equal_seed_and_trials_give_equal_bytes(table: Table) -> None:
    made = [fit_targets(table, ["price", "sold"], Budget(trials=2), FitSpec(), seed=3) for _ in range(2)]
    assert made[0] == made[1]


def test_each_target_can_have_its_own_task_and_metric(table: Table) -> None:
    specs = {"visits": FitSpec(task="count"), "price": FitSpec(metric="mae", quantiles=(0.2, 0.8))}
    specs["price"] = replace(specs["price"], metric="auto")
    heard: list[Event] = []
    model = JointModel.open(
        fit_targets(table, ["visits", "price"], Budget(trials=2), specs, watch=Watch((heard.append,)))
    )
    assert [part.task.name for part in model.models] == ["count", "quantile"]
    assert model.outputs["price"] == {"prediction": "prediction_price", "quantiles": "quantiles_price"}
    names = [event.name for event in heard]
    assert [e.data["target"] for e in heard if e.name == "target"] == ["visits", "price"]
    assert names.count("target_done") == 2
    assert names[-1] == "done"
    assert {e.data["target"] for e in heard if e.name == "trial"} == {"visits", "price"}
    seconds = [event.seconds for event in heard]
    assert seconds == sorted(seconds)
    notes = [str(e.data["text"]) for e in heard if e.name == "note"]
    assert "9 rows without a value of 'price' are left out." in notes


def test_what_is_impossible_is_told_before_any_fit(table: Table) -> None:
    heard: list[Event] = []
    watch = Watch((heard.append,))
    constant = read({"a": list(range(30)), "b": [1.5 * i for i in range(30)], "c": [4.0] * 30})
    with pytest.raises(DataError, match="'c' has the same value"):
        fit_targets(constant, ["b", "c"], Budget(trials=2), FitSpec(), watch=watch)
    with pytest.raises(SpecError, match="'price' is named twice"):
        fit_targets(table, ["price", "sold", "price"], Budget(trials=2), FitSpec(), watch=watch)
    with pytest.raises(SchemaError, match=r"'prise' is not in the table\. Did you mean 'price'"):
        fit_targets(table, ["prise", "sold"], Budget(trials=2), FitSpec(), watch=watch)
    for spec, what in (
        (FitSpec(weight="sold"), "the column of weight"),
        (FitSpec(drop=("sold",)), "left out"),
        (FitSpec(sensitive=("sold",)), "a sensitive column"),
        (FitSpec(monotone={"sold": 1}), "held monotone"),
    ):
        with pytest.raises(SpecError, match=f"'sold' is one of the targets, so it cannot be {what}"):
            fit_targets(table, ["price", "sold"], Budget(trials=2), spec, watch=watch)
    with pytest.raises(SpecError, match="one FitSpec for every target; look at 'sold'"):
        fit_targets(table, ["price", "sold"], Budget(trials=2), {"price": FitSpec()}, watch=watch)
    with pytest.raises(SpecError, match="1 to 200 targets"):
        fit_targets(table, [], Budget(trials=2), FitSpec(), watch=watch)
    assert not [event for event in heard if event.name == "trial"]


def test_too_few_trials_give_one_each_and_say_so(table: Table) -> None:
    heard: list[Event] = []
    data = fit_targets(table, ["price", "sold"], Budget(trials=1), FitSpec(), watch=Watch((heard.append,)))
    assert JointModel.open(data).targets == ("price", "sold")
    assert any("too few for 2 targets" in str(event.data.get("text")) for event in heard)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_one_target_leaves_over_goes_to_the_next() -> None:
    clock = Clock()
    shares = Shares(Budget(90.5, after=10.0), Watch(clock=clock, started=100.0), 4)
    assert shares.take().seconds == pytest.approx(20.0)
    clock.now += 5.0  # 15 seconds are left over
    assert shares.take().seconds == pytest.approx(25.0)
    clock.now += 30.0  # 5 seconds too many
    third = shares.take()
    assert (third.seconds, third.after) == (pytest.approx(22.5), 0.0)
    clock.now += 60.0
    assert shares.take().seconds == LEAST


def test_trials_are_dealt_out_whole() -> None:
    shares = Shares(Budget(trials=8), Watch(), 3)
    assert [shares.take().trials for _ in range(3)] == [2, 3, 3]


class Stop:
    """An interrupt that comes once the first target is done."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, event: Event) -> None:
        self.asked |= event.name == "target_done"

    def is_set(self) -> bool:
        return self.asked


def test_after_an_interrupt_the_file_holds_what_was_reached(table: Table) -> None:
    stop, heard = Stop(), []
    watch = Watch((stop, heard.append), interrupt=stop)
    model = JointModel.open(fit_targets(table, ["price", "sold", "visits"], Budget(trials=3), FitSpec(), watch=watch))
    assert model.targets == ("price",)
    assert any("lacks them: sold, visits" in str(event.data.get("text")) for event in heard)


def test_without_time_every_target_has_a_baseline_that_says_so(table: Table) -> None:
    heard: list[Event] = []
    data = fit_targets(table, ["price", "sold"], Budget(0.4), FitSpec(), watch=Watch((heard.append,)))
    assert JointModel.open(data).targets == ("price", "sold")
    told = [event.data["target"] for event in heard if event.name == "warning" and event.data["about"] == "baseline"]
    assert set(told) == {"price", "sold"}


def test_test_rows_are_scored_for_every_target(table: Table) -> None:
    rows = np.arange(160)
    data = fit_targets(
        table.take(rows[:120]), ["price", "sold"], Budget(trials=2), FitSpec(), test=table.take(rows[120:])
    )
    model = JointModel.open(data)
    assert [part.evaluation["source"] for part in model.models] == ["test", "test"]
    assert [part.evaluation["n_rows"] for part in model.models] == [40, 40]


def test_a_refit_keeps_every_recipe_and_its_bytes_are_joined_again(table: Table) -> None:
    model = JointModel.open(fit_targets(table, ["price", "sold"], Budget(trials=2), FitSpec(), seed=3))
    heard: list[Event] = []
    again = JointModel.open(refit_targets(model, table, watch=Watch((heard.append,))))
    assert again.targets == model.targets
    for target, part in model.items():
        assert again[target].documents["recipe"] == part.documents["recipe"]
        np.testing.assert_array_equal(again[target].predict(table), part.predict(table))
    assert [e.data["target"] for e in heard if e.name == "target"] == ["price", "sold"]
    assert heard[-1].name == "done"
    with pytest.raises(SchemaError, match="'sold' is not in the table"):
        refit_targets(model, table.drop(["sold"]))
