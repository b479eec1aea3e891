"""How a run starts: what is asked of the table becomes folds, proof rows, and somebody to do the work."""

import tempfile
from contextlib import ExitStack
from math import inf
from pathlib import Path
from time import monotonic

import numpy as np

from modelwright.core.errors import SpecError
from modelwright.core.spec import Budget
from modelwright.energy.meter import Meter
from modelwright.metrics.choose import metric_for
from modelwright.model.hostile import hostile_rows
from modelwright.search.crew import Alone, Crew, Nobody, Processes, usable_cores
from modelwright.search.folds import plan_folds
from modelwright.search.memory import Memory
from modelwright.search.power import EnergyLimit
from modelwright.search.question import Question
from modelwright.search.recall import Keeper, Recalling
from modelwright.search.request import Request
from modelwright.search.run import Run
from modelwright.search.run_folder import RunFolder
from modelwright.search.store import Brief, Store
from modelwright.search.watch import Watch

SMALL_CELLS = 20_000
"""Cells of a table that is fitted in this process when trials are counted: a worker would take longer to start."""

MOST_WORKERS = 8
"""Worker processes where the budget does not say."""

HOSTILE_ROWS = 300
"""Rows made to break things on which parity is proven."""

QUICK_PROOF_ROWS = 1_000
"""Training rows on which the model of every fold is asked for its answers, should it have to ship."""

PROOF_ROWS = 10_000
"""Training rows at most, evenly spaced, on which parity is proven beside the hostile ones."""


def temporary(stack: ExitStack) -> Path:
    """Return a folder that is gone when the fit ends."""
    made = tempfile.TemporaryDirectory(prefix="modelwright-", ignore_cleanup_errors=True)
    return Path(stack.enter_context(made))


def plan_run(
    question: Question,
    request: Request,
    rng: np.random.Generator,
    *,
    watch: Watch,
    meter: Meter,
    place: RunFolder | Path,
) -> Run:
    """Plan the folds, choose the rows to prove on, and write what every worker needs to know.

    Args:
        question: What is to be learned.
        request: What was asked.
        rng: Source of every random choice made here.
        watch: Takes events.
        meter: Tells the energy.
        place: The run folder, or a folder that is not kept.
    """
    budget, planned, seed = request.budget, request.planned, request.seed
    metric = metric_for(request.spec.metric, question.target.task)
    truth = question.target.values
    if metric.answers == "values" and not np.isfinite(metric.score(truth, truth, question.target.weight)):
        raise SpecError(
            f"Metric '{metric.name}' has no value here, not even of perfect answers: rmsle is for targets from 0 on,"
            " mape for some that are not 0. Name another with --metric."
        )
    seconds = 60.0 if planned.trials else planned.seconds
    plan = plan_folds(question.target, seconds, rng, question.order)
    watch.tell("note", text=f"Validation: {plan.reason}.")
    features = question.features
    shuffled = rng.permutation(len(features))[: QUICK_PROOF_ROWS + PROOF_ROWS]
    proof = (
        hostile_rows(features.schema, HOSTILE_ROWS, seed),
        features.take(np.sort(shuffled[:QUICK_PROOF_ROWS])),
        features.take(np.sort(shuffled[QUICK_PROOF_ROWS:])),
    )
    n_quick = len(proof[0]) + len(proof[1])
    brief = Brief(features, question.target, plan, proof, n_quick, seed, question.monotone)
    keeper = None
    if isinstance(place, RunFolder):
        store = place.store(brief)
        keeper = Keeper(place, store, watch, meter)
    else:
        store = Store(place)
        store.put("brief", brief)
    energy = None
    if budget.watt_hours is not None:
        energy = EnergyLimit(budget.watt_hours, meter, _wanted_workers(budget), watch.clock)
        watch.tell("note", text=energy.told)
    return Run(question, metric, budget, seed, plan, proof, store, watch, meter, planned, energy, keeper)


def _wanted_workers(budget: Budget) -> int:
    return min(usable_cores(), budget.workers or MOST_WORKERS)


def crew_for(run: Run) -> Crew:
    """Return who does the work of a run: this process for small tables, else as many as cores and memory hold."""
    features, watch = run.question.features, run.watch
    crew: Crew
    if not run.timed and run.budget.memory is None and features.n_rows * len(features.columns) <= SMALL_CELLS:
        # Learners of this process stop when somebody asks, since nobody can kill them.
        crew = Alone(run.store, lambda: inf if watch.interrupted else monotonic())
    else:
        memory, wanted = Memory(run.budget.memory), _wanted_workers(run.budget)
        n_workers = memory.workers(wanted, features.n_bytes)
        if n_workers < wanted:
            watch.tell("note", text=f"{n_workers} of {wanted} workers: more do not fit into the memory.")
        crew = Processes(run.store, n_workers, memory) if n_workers else Nobody()
    return crew if run.keeper is None else Recalling(crew, run.keeper)
