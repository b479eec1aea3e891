"""The recipe of a model followed again on other rows: no search, the members at their settled lengths."""

from contextlib import ExitStack
from dataclasses import replace

import numpy as np

from modelwright.core.errors import BudgetError, DataError
from modelwright.core.spec import Budget
from modelwright.core.table import Table
from modelwright.energy.meter import Meter
from modelwright.model.model import Model
from modelwright.pipeline.member import Member
from modelwright.pipeline.pipeline import Pipeline, used_columns
from modelwright.search.crew import Crew
from modelwright.search.finish import finish
from modelwright.search.folds import Plan
from modelwright.search.intervals import Ground, check_interval, interval_of
from modelwright.search.latency import check_latency
from modelwright.search.libraries import require_libraries
from modelwright.search.mixture import Found
from modelwright.search.question import frame_question
from modelwright.search.recipe import Recipe
from modelwright.search.reduction import reduced
from modelwright.search.request import Request
from modelwright.search.run import Run
from modelwright.search.start import crew_for, plan_run, temporary
from modelwright.search.store import ALL_ROWS, product_name
from modelwright.search.trials import Trial, out_of_fold
from modelwright.search.watch import Watch
from modelwright.search.work import Work
from modelwright.suspicion.suspect import suspect

PLANNED = Budget(30.0)
"""Limits that the folds are planned by: few, since the estimate is all that they are for."""


def refit_table(
    model: Model, table: Table, budget: Budget | None = None, *, test: Table | None = None, watch: Watch | None = None
) -> bytes:
    """Train the recipe of a model on other rows and return the bytes of the new file, proven.

    Learners, their settings and lengths, weights and temperature are those of the recipe; features are those that the
    model takes. Nothing is chosen by the new rows, so the estimate, by the same learners over folds of them, is honest;
    intervals are calibrated on those folds.

    Args:
        model: The model.
        table: The rows, with the target and the columns that the model takes.
        budget: Limits; None for none, and then equal rows give equal bytes.
        test: Labelled rows that are only scored on, or None.
        watch: Takes events and tells of an interrupt.

    Raises:
        SpecError: The file tells no recipe.
        DataError: The table cannot be learned from.
        BudgetError: The time ended before all members and one fold were ready.
        GateError: The file's answers differ from the pipeline's, or a row takes longer than the recipe allows.
    """
    require_libraries()
    watch, meter = watch or Watch(), Meter()
    recipe = Recipe.from_json(model.documents.get("recipe"))
    watch.tell("phase", phase="plan")
    meter.phase("plan")
    target, spec = model.manifest.target, recipe.spec
    roles = [name for name in (spec.weight, spec.groups, spec.time, *spec.sensitive) if name is not None]
    kept = {target, *roles, *model.schema.names}
    spec = replace(spec, task=model.task.name, metric=model.manifest.metric)
    spec = replace(spec, drop=tuple(name for name in table.names if name not in kept))
    question = frame_question(table, target, spec)
    question = replace(question, features=question.features.select(model.schema.names))
    check_interval(question, target, spec)
    for note in (*table.notes, *question.notes):
        watch.tell("note", text=note)
    request = Request(target, budget or Budget(trials=len(recipe.learners)), spec, recipe.seed, PLANNED, "")
    question = reduced(question, request, watch)
    with ExitStack() as stack:
        rng = np.random.default_rng(recipe.seed)
        run = plan_run(question, request, rng, watch=watch, meter=meter, place=temporary(stack))
        crew = stack.enter_context(crew_for(run))
        findings = suspect(table, target, spec, task=question.target.task, test=test, seed=recipe.seed)
        run.begin("refit")
        members = _members(run, crew, recipe)
        run.begin("evaluate")
        plan, trials = _folds(run, crew, recipe)
        found = Found(
            recipe.blend, out_of_fold(list(trials.values()), plan, question.target), trials, {}, is_given=True
        )
        ground = Ground(question, plan, recipe.blend, trials)
        sureness = interval_of(ground, spec, crew, run.store, left=lambda: run.left)
        schema = used_columns(question.features.schema, members, sureness)
        pipeline = Pipeline(schema, question.target.task, members, recipe.blend.temperature, sureness)
        crew.stop()
        told = {"recipe": recipe.to_json()}
        data = finish(
            run,
            list(trials.values()),
            found,
            pipeline,
            findings=findings,
            test=test,
            documents=told,
            region=spec.region,
        )
        check_latency(data, spec.latency)
        return data


def _members(run: Run, crew: Crew, recipe: Recipe) -> tuple[Member, ...]:
    works = [Work(name, learner, ALL_ROWS) for name, learner in recipe.learners.items()]
    outcomes = crew.perform(works, lambda: run.left)
    members = []
    for name, weight in recipe.blend.weights.items():
        if not run.store.has(product_name(name, ALL_ROWS)):
            failed = [f"{o.trial}: {o.failure}." for o in outcomes if o.failure]
            if failed:
                raise DataError(f"The recipe cannot be followed on these rows. {' '.join(failed)}")
            raise _late(run)
        product = run.store.product(name, ALL_ROWS)
        view = run.store.view(product.view, ALL_ROWS)
        members.append(Member(name, view, product.fitted, weight, product.proof))
    return tuple(members)


def _folds(run: Run, crew: Crew, recipe: Recipe) -> tuple[Plan, dict[str, Trial]]:
    """Return the folds that every member was fitted on within the time, and the members as trials over them."""
    n_folds = range(len(run.plan.folds))
    works = [Work(name, learner, k, is_watched=False) for k in n_folds for name, learner in recipe.learners.items()]
    took = {(o.trial, o.fold): o.seconds for o in crew.perform(works, lambda: run.left)}
    done = 0
    while done in n_folds and all(run.store.has(product_name(name, done)) for name in recipe.learners):
        done += 1
    if not done:
        raise _late(run)
    trials = {}
    for name, learner in recipe.learners.items():
        margins = {k: run.store.product(name, k).margins for k in range(done)}
        seconds = {k: took[name, k] for k in range(done)}
        trials[name] = Trial(name, learner, "done", margins, seconds)  # type: ignore[arg-type]  # a fold holds rows out
    plan = run.plan
    if done < len(plan.folds):
        plan = Plan(plan.folds[:done], 1 if done < plan.n_folds else plan.n_folds, plan.reason)
        run.watch.tell("note", text=f"{done} of {len(run.plan.folds)} folds fitted into the time.")
    return plan, trials


def _late(run: Run) -> BudgetError:
    return BudgetError(
        f"The budget of {run.budget.seconds:g} s ended before the recipe was followed on all rows and on one fold."
        " Give more with --budget."
    )
