"""The engine from table to file: determinism, budgets, interrupts, roles, honesty."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelwright.core.errors import DataError, GateError
from modelwright.core.events import Event
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Table
from modelwright.data import read
from modelwright.insight.evaluation import Evaluation
from modelwright.model.model import Model
from modelwright.model.session import Session
from modelwright.pipeline.pipeline import Pipeline
from modelwright.search.fit import fit_table
from modelwright.search.watch import Watch
from people import people


def estimate(model: Model) -> Evaluation:
    return Evaluation.from_json(model.evaluation)


def test_counted_trials_give_the_same_bytes_whatever_the_hash_seed() -> None:
    code = (
        "import hashlib, sys; sys.path.insert(0, sys.argv[1]); from people import people;"
        "from modelwright.search.fit import fit_table; from modelwright.core.spec import Budget, FitSpec;"
        "data = fit_table(people(300), 'left', Budget(trials=3), FitSpec(), seed=5);"
        "print(hashlib.sha256(data).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code, str(Path(__file__).parents[1])],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(digests) == 1


def test_processes_and_this_process_make_the_same_file(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = fit_table(people(300), "left", Budget(trials=2), FitSpec(), seed=1)
    monkeypatch.setattr("modelwright.search.start.SMALL_CELLS", 0)
    apart = fit_table(people(300), "left", Budget(trials=2), FitSpec(), seed=1)
    models = [Model.open(data) for data in (alone, apart)]
    answers = [m.predict_proba(people(50, seed=9).drop(["left"])) for m in models]
    np.testing.assert_array_equal(*answers)


def test_what_is_there_is_found_and_the_estimate_holds_on_new_rows() -> None:
    model = Model.open(fit_table(people(1500), "left", Budget(trials=3), FitSpec()))
    found = estimate(model).main
    assert found.name == "roc_auc"
    new = people(3000, seed=1)
    probabilities = model.predict_proba(new.drop(["left"]))
    truth = new.column("left").strings() == "yes"
    order = np.argsort(probabilities[:, 1])
    ranks = np.empty(len(order))
    ranks[order] = np.arange(1, len(order) + 1)
    auc = (ranks[truth].sum() - truth.sum() * (truth.sum() + 1) / 2) / (truth.sum() * (~truth).sum())
    assert found.low - 0.03 < auc < found.high + 0.03
    assert auc > 0.8


def test_a_shuffled_target_gives_chance() -> None:
    table = people(1200)
    rng = np.random.default_rng(3)
    columns = [c.take(rng.permutation(len(table))) if c.name == "left" else c for c in table.columns]
    model = Model.open(fit_table(Table(tuple(columns), len(table)), "left", Budget(trials=3), FitSpec()))
    found = estimate(model).main
    assert found.low is not None
    assert found.low < 0.53
    assert found.value < 0.56


def test_an_interrupt_keeps_the_best_so_far() -> None:
    class Once:
        seen = False

        def is_set(self) -> bool:
            return self.seen

    once, moments = Once(), [0.0]

    def listen(event: Event) -> None:
        if event.name == "best" and event.data["score"] > 0.6:
            once.seen, moments[0] = True, time.monotonic()

    data = fit_table(people(3000), "left", Budget(600.0), FitSpec(), watch=Watch((listen,), once))
    assert time.monotonic() - moments[0] < 60
    model = Model.open(data)
    assert estimate(model).main.value > 0.6
    assert any(line["state"] == "dropped" for line in model.leaderboard)


def test_a_file_that_answers_otherwise_is_never_made(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Pipeline.proof_margins
    monkeypatch.setattr(Pipeline, "proof_margins", lambda self: real(self) + 1e-3)
    with pytest.raises(GateError, match="does"):
        fit_table(people(200), "left", Budget(trials=1), FitSpec())


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (FitSpec(groups="city"), "whole groups"),
        (FitSpec(time="since"), "time order"),
        (FitSpec(weight="age"), "stratified folds"),
        (FitSpec(metric="accuracy"), "stratified folds"),
    ],
)
def test_roles_and_metrics_are_kept_to(spec: FitSpec, told: str) -> None:
    table = people(300)
    if spec.weight:
        whole = ~table.column("age").missing
        table = table.take(whole)
    notes: list[Any] = []
    watch = Watch((lambda e: notes.append(e.data.get("text", "")),))
    model = Model.open(fit_table(table, "left", Budget(trials=2), spec, watch=watch))
    assert any(told in note for note in notes)
    for role in (spec.groups, spec.time, spec.weight):
        assert role not in model.schema.names
    if spec.metric != "auto":
        assert estimate(model).main.name == spec.metric


def test_columns_may_be_named_like_the_outputs() -> None:
    table = people(200)
    renamed = read(
        {
            "label": table.column("age").values,
            "probabilities": table.column("noise").values,
            "#c0": table.column("noise").values * 2,
            "prediction": table.column("left").strings().tolist(),
        }
    )
    model = Model.open(fit_table(renamed, "prediction", Budget(trials=1), FitSpec()))
    assert model.predict({"label": 70.0, "probabilities": 0.0, "#c0": 0.0}) == "yes"


def handful(n_rows: int) -> Table:
    return read({"x": [float(i) for i in range(n_rows)], "y": ["a", "b"] * (n_rows // 2) + ["a"] * (n_rows % 2)})


def test_two_rows_are_too_few_and_said_so() -> None:
    with pytest.raises(DataError, match="Nothing can be learned from these 2 rows"):
        fit_table(handful(2), "y", Budget(trials=2), FitSpec())


@pytest.mark.parametrize("n_rows", [5, 7, 20])
def test_a_handful_of_rows_is_enough(n_rows: int) -> None:
    table = handful(n_rows)
    model = Model.open(fit_table(table, "y", Budget(trials=2), FitSpec()))
    assert model.predict({"x": 1.0}) in ("a", "b")


def test_a_test_table_replaces_the_estimate() -> None:
    model = Model.open(fit_table(people(400), "left", Budget(trials=1), FitSpec(), test=people(150, seed=4)))
    found = estimate(model)
    assert found.source == "test"
    assert found.n_rows == 150


def test_one_huge_text_does_not_pad_a_thousand_others(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = ["short words here"] * 39 + ["word " * 400_000]
    table = read({"note": notes, "y": [1.0, 2.0] * 20}, kinds={"note": "text"})
    model = Model.open(fit_table(table, "y", Budget(trials=1), FitSpec()))
    sizes = []
    run = Session.run

    def counted(self: Session, outputs: object, inputs: dict[str, np.ndarray]) -> object:
        sizes.append(len(inputs["note"]))
        return run(self, outputs, inputs)

    monkeypatch.setattr(Session, "run", counted)
    assert len(model.predict({"note": notes})) == 40
    assert max(sizes) <= 2
