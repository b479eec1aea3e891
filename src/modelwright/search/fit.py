"""The whole of a fit after reading: question, folds, race, blend, refit, proof; inside one budget."""

import os
from contextlib import ExitStack
from dataclasses import replace
from math import inf

import numpy as np

from modelwright.core.asked import Asked
from modelwright.core.errors import SpecError
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Table
from modelwright.energy.energy import NOTHING, Energy
from modelwright.energy.meter import Meter
from modelwright.energy.regions import WORLD, region
from modelwright.insight.answers import check_answers
from modelwright.learners.portfolio import portfolio
from modelwright.pipeline.pipeline import Pipeline, used_columns
from modelwright.search.baseline import ensure_answer
from modelwright.search.crew import Crew
from modelwright.search.driver import Driver
from modelwright.search.finish import finish
from modelwright.search.glass import with_glass_box
from modelwright.search.intervals import SHARE, Ground, check_interval, interval_of
from modelwright.search.joining import foreign, joined
from modelwright.search.latency import shipped_within
from modelwright.search.libraries import require_libraries, usable
from modelwright.search.mixture import Found, compose
from modelwright.search.numbers import logs_of, losses_of, medians_of
from modelwright.search.question import frame_question
from modelwright.search.race import Pace, Race
from modelwright.search.recipe import Recipe
from modelwright.search.reduction import reduced
from modelwright.search.refit import MARGIN, refit, refit_seconds, settled
from modelwright.search.request import Request, digest
from modelwright.search.run import Run
from modelwright.search.run_folder import RunFolder, begun, opened
from modelwright.search.sample import sample_rows
from modelwright.search.start import crew_for, plan_run, temporary
from modelwright.search.tiers import SHARE as SMALLER
from modelwright.search.tiers import Ladder, climb
from modelwright.search.watch import Watch
from modelwright.suspicion.suspect import suspect
from modelwright.transform.prepared import is_preparable


def fit_table(
    table: Table,
    target: str,
    budget: Budget,
    spec: FitSpec,
    *,
    seed: int = 0,
    test: Table | None = None,
    watch: Watch | None = None,
) -> bytes:
    """Fit the best model the budget pays for and return the bytes of its file, proven.

    Args:
        table: The table with the target and everything named in `spec`.
        target: Name of the target column.
        budget: Limits; the time counts from ``watch.started``.
        spec: What was asked beyond target and budget.
        seed: Seed of every random choice.
        test: Labelled rows that are only scored on, or None.
        watch: Takes events and tells of an interrupt, which means: finish with the best so far.

    Raises:
        DataError: The table cannot be learned from.
        SpecError: The wish makes no sense for this table.
        GateError: The file's answers differ from the pipeline's.
        MissingExtraError: The libraries that learn are not installed.
    """
    watch = watch or Watch()
    request = Request(target, budget, spec, seed, planned=budget, table="")
    if spec.run is None:
        return _fit(request, table, test=test, watch=watch)
    request = replace(request, table=digest(table), has_test=test is not None)
    with begun(spec.run, request, table, test) as folder:
        return _fit(request, table, test=test, watch=watch, folder=folder)


def resume_fit(run: str | os.PathLike[str], *, budget: Budget | None = None, watch: Watch | None = None) -> bytes:
    """Go on with a kept run, whatever ended it, and return the bytes of its file.

    Seconds and watt-hours that were spent before count. A run that is over gives its file again, unless the budget is
    a larger one.

    Args:
        run: The run folder.
        budget: Limits in place of those of the request.
        watch: As for `fit_table`; the time of earlier lives is added to it.

    Raises:
        DataError: There is no run.
        FileRefusedError: The run folder is of another form, or damaged.
        OutputError: Another process works in it.
        SpecError: It was begun with a learner that is neither ours nor scikit-learn's.
    """
    watch = watch or Watch()
    with opened(run) as folder:
        request, model, spent = folder.request, folder.model, folder.spent()
        watch = replace(watch, started=watch.started - float(spent["at"]))
        if model is None:
            check_origin(request.spec, run)
        elif budget is None or is_no_more(budget, request.budget):
            watch.tell("note", text="The run is over; this is its file.")
            return model
        if budget is not None:
            request = replace(request, budget=budget)
            folder.ask(request)
        return _fit(request, folder.table, test=folder.test, watch=watch, folder=folder)


def check_origin(spec: FitSpec, run: str | os.PathLike[str]) -> None:
    """Refuse to go on by learners that only the one who asks can name.

    Raises:
        SpecError: One is neither ours nor scikit-learn's.
    """
    if named := foreign(spec):
        raise SpecError(
            f"The run was begun with a learner from elsewhere ('{named[0]}'), and no file may say which code runs."
            f" Name it again: fit the same data with --run {run} --learner …, which uses all that is finished."
        )


def is_no_more(budget: Budget, earlier: Budget) -> bool:
    """Return whether a budget pays for nothing that an earlier one did not."""
    if budget.watt_hours is not None and earlier.watt_hours is not None and budget.watt_hours > earlier.watt_hours:
        return False
    if budget.trials is not None and earlier.trials is not None:
        return budget.trials <= earlier.trials
    return budget.seconds <= earlier.seconds


def _fit(request: Request, table: Table, *, test: Table | None, watch: Watch, folder: RunFolder | None = None) -> bytes:
    require_libraries()
    spec = request.spec
    region(spec.region or WORLD)  # a name that is in no table is told before anything is done
    spent = {} if folder is None else folder.spent()
    meter = Meter(before=Energy.from_json(spent["energy"]) if "energy" in spent else NOTHING)
    watch.tell("phase", phase="plan")
    meter.phase("plan")
    question = frame_question(table, request.target, spec)
    check_interval(question, request.target, spec)
    if test is not None:
        check_answers(test, request.target, question.target.task)
    rng = np.random.default_rng(request.seed)
    question, told = sample_rows(question, request.planned, rng)
    for note in filter(None, (*table.notes, *question.notes, told)):
        watch.tell("note", text=note)
    question = reduced(question, request, watch, folder)
    with ExitStack() as stack:
        run = plan_run(question, request, rng, watch=watch, meter=meter, place=folder or temporary(stack))
        crew = stack.enter_context(crew_for(run))
        # Looked at while the workers start.
        findings = suspect(table, request.target, spec, task=question.target.task, test=test, seed=request.seed)
        for finding in findings:
            watch.tell("suspicion", **finding.to_json())
        race = race_of(run, crew, spec)
        found, ladder = _chosen(run, crew, spec, race)

        def made(ladder: Ladder | None) -> bytes:
            chosen = found if ladder is None else ladder.chosen.found
            pipeline, recipe = pipeline_of(run, crew, chosen, request)
            if spec.latency is None:
                crew.stop()  # else another model may have to be fitted
            trials = [*race.trials, *([] if ladder is None else ladder.students)]
            told = Asked(request.budget, spec).to_json()
            documents = {"recipe": recipe.to_json(), "asked": told} | (
                {} if ladder is None else {"tiers": ladder.to_json()}
            )
            return finish(
                run,
                trials,
                chosen,
                pipeline,
                findings=findings,
                test=test,
                documents=documents,
                region=spec.region,
            )

        if ladder is None or spec.latency is None:
            data = made(ladder)
        else:
            data = shipped_within(run, ladder, spec.latency, made)
    if folder is not None:
        folder.finish(data, watch.seconds)
    return data


def pipeline_of(run: Run, crew: Crew, found: Found, request: Request) -> tuple[Pipeline, Recipe]:
    """Calibrate the intervals of what ships, and fit it on all rows."""
    spec, question = request.spec, run.question
    run.begin("interval")
    ground = Ground(question, run.plan, found.blend, found.trials)
    seconds = _interval_seconds(run, found, crew)
    sureness = interval_of(ground, spec, crew, run.store, left=run.left_of(seconds))
    run.begin("refit")
    learners = {name: settled(run.store, found.trials[name]) for name in found.blend.weights}
    members = refit(run.store, crew, found.trials, found.blend, left=lambda: run.left, learners=learners)
    schema = used_columns(question.features.schema, members, sureness)
    pipeline = Pipeline(schema, question.target.task, members, found.blend.temperature, sureness)
    return pipeline, Recipe(learners, found.blend, spec, request.seed)


def race_of(run: Run, crew: Crew, spec: FitSpec) -> Race:
    """Run trials until nothing more is worth starting or the time is up."""
    run.begin("race")
    features, task = run.question.features, run.question.target.task
    entries = portfolio(
        task,
        features.n_rows,
        len(features.columns),
        run.planned.seconds,
        monotone=bool(run.question.monotone),
        is_preparable=is_preparable(features.schema),
        logged=logs_of(run.question.target, run.metric),
        medians=medians_of(run.question.target, run.metric),
    )
    entries = joined(entries, spec, task, is_constrained=bool(run.question.monotone))
    entries, left_out = usable(entries)
    if left_out:
        run.watch.tell("note", text=left_out)
    entries = with_glass_box(entries, spec, task, features.n_rows)
    if run.budget.trials is not None:
        entries = entries[: run.budget.trials + 1]  # the constant comes first and is not counted
    driver = Driver(run, crew, [name for name, _ in entries], spec)
    pace = Pace(driver.left, run.left, crew.size)
    race = Race(entries, run.plan, run.question.target, pace, losses=losses_of(run.metric))
    if run.keeper is not None:
        driver.recall(race, run.keeper)
    driver.drive(race)
    race.close(crew.absence)
    ensure_answer(run, race.trials)
    return race


def _chosen(run: Run, crew: Crew, spec: FitSpec, race: Race) -> tuple[Found, Ladder | None]:
    """Return what ships, and where a smaller model was asked for, what it was chosen from."""
    found = compose(run, race.trials)
    if not spec.climbs:
        return found, None
    run.begin("tiers")
    seconds = SMALLER * run.budget.seconds if run.timed else inf
    ladder = climb(run, crew, found, spec.ship, left=run.left_of(seconds))
    return ladder.chosen.found, ladder


def _interval_seconds(run: Run, found: Found, crew: Crew) -> float:
    """Return the time that intervals may take: their share, and nothing of what the refit needs."""
    if not run.timed:
        return inf
    left, needed = run.left, refit_seconds(found.trials, found.blend.weights, run.plan.n_folds, crew.size)
    # A refit that does not fit in is not begun, and leaves its time.
    spare = left - needed if needed <= left * MARGIN else left
    return max(0.0, min(SHARE * run.budget.seconds, spare))
