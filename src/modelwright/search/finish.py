"""The end of a run: the graph written, proven, evaluated, and sealed with everything known about it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Table
from modelwright.energy.energy import NOTHING
from modelwright.energy.regions import WORLD, carbon
from modelwright.energy.shares import shared
from modelwright.export.domain import shared_domains, with_bounds
from modelwright.export.reference import reference
from modelwright.export.seal import Origin, seal
from modelwright.insight.evaluate import judge
from modelwright.insight.predictions import Predictions
from modelwright.pipeline.pipeline import Pipeline
from modelwright.search.baseline import warn_of_baseline
from modelwright.search.blend import answers_of
from modelwright.search.decide import decide
from modelwright.search.energy_curve import energy_curve
from modelwright.search.fairness import fairness_document
from modelwright.search.glass import glass_document
from modelwright.search.mixture import Found
from modelwright.search.run import Run
from modelwright.search.trials import Trial
from modelwright.suspicion.finding import Findings

PROOF_SHARE = 0.5
"""Share of the time left at the end that the evaluation must leave for writing and proving the file."""


def finish(
    run: Run,
    trials: Sequence[Trial],
    found: Found,
    pipeline: Pipeline,
    *,
    findings: Findings,
    test: Table | None,
    documents: Mapping[str, Any],
    region: str | None = None,
) -> bytes:
    """Write the graph, prove it, evaluate, and return the file with further documents."""
    watch, target = run.watch, found.oof.target
    run.begin("prove")
    spare = max(0.0, run.left)  # all that follows has its own time kept
    expected = answers_of(target.task, pipeline.proof_margins())
    answers = answers_of(target.task, found.estimate(run.metric, run.seed))
    judged = None if run.question.judged is None else run.question.judged[found.oof.rows]
    decided = decide(found, answers, run.metric, weight=judged, seed=run.seed)
    pipeline = replace(pipeline, task=decided.task, schema=shared_domains(pipeline.schema, run.question.features))
    answered = Predictions(
        decided.task,
        target.values,
        answers,
        judged,
        metric=run.metric.name,
        given=decided.labels,
        groups=target.groups,
    )
    evaluation = judge(answered, source="out-of-fold", deadline=run.deadline(PROOF_SHARE))
    if decided.task.decision is not None:
        watch.tell("note", text=f"Labels: {decided.task.decision.told(decided.task.classes)}.")
    fairness = fairness_document(
        run.question.sensitive,
        run.question.features,
        found.oof.rows,
        answered,
        used=pipeline.schema.names,
        evened=run.question.evened,
        constraint=run.question.constraint,
        seed=run.seed,
    )
    glass = glass_document(run, trials, found, answered)
    origin = Origin(
        target_schema=_target_schema(run),
        metric=run.metric.name,
        budget={"seconds": run.budget.seconds, "trials": run.budget.trials},
        seed=run.seed,
        timed=run.timed,
        features=run.question.features,
        leaderboard=[t.to_json(found.blend.weights.get(t.id, 0.0), timed=run.timed) for t in trials],
        documents={
            "suspicions": findings.to_json(),
            "reference": reference(run.question.features, pipeline.schema.names),
            **documents,
            **fairness,
            **_energy(run, trials, WORLD if region is None else region.upper(), spare),
            **glass,
        },
        monotone=run.question.monotone,
    )
    sealed = seal(pipeline, run.proof, expected, evaluation, origin=origin, test=test)
    warn_of_baseline(run, trials, found)
    best = sealed.evaluation.main
    watch.tell(
        "done",
        seconds=round(watch.seconds, 3),
        metric=best.name,
        score=best.value,
        low=best.low,
        high=best.high,
        members=len(pipeline.members),
        bytes=len(sealed.data),
    )
    return sealed.data


def _target_schema(run: Run) -> ColumnSchema:
    """Return what the target column is, with bounds that tell of no single row."""
    question = run.question
    if question.target.task.is_classification:
        return question.target_schema  # its values are the classes
    return with_bounds(question.target_schema, question.target.values.astype(np.float64))


def _energy(run: Run, trials: Sequence[Trial], region: str, spare: float) -> dict[str, Any]:
    """Return the document of the energy used up to now; none where the bytes must repeat."""
    if not run.timed:
        return {}
    run.meter.read()
    phases = run.meter.phases
    tried = phases.get("race", NOTHING) + phases.get("tiers", NOTHING) + phases.get("evaluate", NOTHING)
    # One thread per worker: the seconds of a trial are its processor time.
    by_trial = shared(tried, {t.id: sum(t.seconds.values()) for t in trials})
    curve = energy_curve(run, trials, spare + run.curve_seconds * run.contention.factor)
    run.meter.read()
    return {
        "energy": {
            **run.meter.to_json(),
            "trials": {name: used.to_json() for name, used in by_trial.items()},
            "region": region,
            "carbon": carbon(run.meter.total, region).to_json(),
            "curve": None if isinstance(curve, str) else curve.to_json(),
            "why_no_curve": curve if isinstance(curve, str) else "",
        }
    }
