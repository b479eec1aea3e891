"""The curve of score against energy: the race as if it had been stopped earlier, from its out-of-fold answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.energy.energy import Energy, total
from modelwright.insight.compare import difference_of
from modelwright.insight.energy_curve import HALF, EnergyCurve, Stop
from modelwright.insight.predictions import Predictions
from modelwright.metrics.bootstrap import Interval, interval
from modelwright.search.blend import answers_of, blend
from modelwright.search.decide import decide
from modelwright.search.milestones import SEARCH
from modelwright.search.mixture import BASELINE, Found
from modelwright.search.run import Run
from modelwright.search.store import product_name
from modelwright.search.trials import OutOfFold, Trial, out_of_fold

SHARES = (1.0, HALF, 0.25, 0.75, 0.1)
"""Shares of the energy of the race, those that matter most first."""

MOST_CELLS = 40_000
"""Rows times margins that are scored; of more, evenly spaced rows."""

RESAMPLES = 400
"""Draws behind each interval: as many as its shape needs."""

SECONDS_PER_CELL = 1e-6
"""Seconds for each cell and trial that the first mixture is taken to need; it tells what the next one does."""

MOST_CHOSEN_FROM = 12
"""Trials that a mixture is chosen from at most (`modelwright.search.blend`)."""

SLACK = 1.5
"""Times longer than the one before that the next mixture may take."""

_NONE = Interval(float("nan"), float("nan"), float("nan"))

Names = tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class _Judged:
    """The mixture of some trials: its answers, how many it mixes, how good it is, and how much better all are."""

    answered: Predictions
    n_members: int
    score: Interval
    rest: Interval
    test: str


def energy_curve(run: Run, trials: Sequence[Trial], seconds: float) -> EnergyCurve | str:
    """Return what the mixture would have scored when the race had stopped at shares of its energy.

    The trials that were finished by then are mixed and judged by the code of the fit: members and weights are chosen
    again without the rows that they are judged on.

    Args:
        run: The run; its race is over.
        trials: What was tried.
        seconds: Time that this may take.

    Returns:
        The curve; or why there is none, in a sentence.
    """
    ready = run.milestones.joules
    done = [t for t in trials if t.state == "done" and t.id in ready]
    used = total(amount for phase, amount in run.meter.phases.items() if phase in SEARCH)
    if run.watch.interrupted:
        return "The fit was asked to end."
    if all(t.learner.family == BASELINE for t in done):
        return "No learner finished all of its folds."
    if used.joules <= 0:
        return "The search used less energy than the meter can tell."
    by_then = {s: tuple(t.id for t in done if s == 1.0 or ready[t.id] <= s * used.joules) for s in SHARES}
    judged = _judge_each(run, done, by_then, seconds)
    told = {share: names for share, names in by_then.items() if not names or names in judged}
    if not {1.0, HALF} <= set(told):
        return f"No time was left for it ({max(0.0, seconds):.1f} s)."
    whole = judged[by_then[1.0]]
    return EnergyCurve(
        metric=run.metric.name,
        title=run.metric.title,
        greater_is_better=run.metric.greater_is_better,
        stops=tuple(_stop(share, used, told[share], judged) for share in sorted(told)),
        n_rows=len(whole.answered),
        test=next((j.test for j in judged.values() if j is not whole), "none"),
        source=used.source,
        notes=_notes(run, len(whole.answered), sorted(set(SHARES) - set(told))),
    )


def _judge_each(run: Run, done: list[Trial], by_then: Mapping[float, Names], seconds: float) -> dict[Names, _Judged]:
    """Return the judged mixtures of all and of some of the trials, for as long as there is time."""
    began = last = monotonic()
    found = _thinned(out_of_fold(done, run.plan, run.question.target))
    n_cells = found.target.task.n_margins * len(found.target)
    expected = SECONDS_PER_CELL * n_cells * min(MOST_CHOSEN_FROM, len(done)) * run.contention.factor
    sizes = {t.id: run.store.size(product_name(t.id, 0)) / 1e6 for t in done}
    judged: dict[Names, _Judged] = {}
    whole = None
    for names in by_then.values():  # all of them come first
        if not names or names in judged:
            continue
        if monotonic() - began + expected > seconds:
            break
        last = monotonic()
        judged[names] = _judge(run, _mixed(run, found, {t.id: t for t in done if t.id in names}, sizes), whole)
        whole = whole or judged[names]
        expected = SLACK * (monotonic() - last)
    return judged


def _thinned(oof: OutOfFold) -> OutOfFold:
    """Return as many of the rows, evenly spaced, as can be judged in no time."""
    most = max(1, MOST_CELLS // oof.target.task.n_margins)
    if len(oof.target) <= most:
        return oof
    at = np.linspace(0, len(oof.target) - 1, most).astype(np.int64)
    margins: dict[str, Array] = {name: of_trial[at] for name, of_trial in oof.margins.items()}
    return OutOfFold(oof.rows[at], margins, oof.target.take(at))


def _mixed(run: Run, oof: OutOfFold, trials: dict[str, Trial], sizes: Mapping[str, float]) -> Found:
    margins = {name: oof.margins[name] for name in trials}
    of_these = {name: sizes[name] for name in trials}
    chosen = blend(margins, oof.target, run.metric, of_these)
    return Found(chosen, OutOfFold(oof.rows, margins, oof.target), trials, of_these)


def _judge(run: Run, found: Found, whole: _Judged | None) -> _Judged:
    """Judge a mixture as the fit judges its own, and beside that of all trials."""
    target, metric = found.oof.target, run.metric
    answers = answers_of(target.task, found.estimate(metric, run.seed))
    weight = None if run.question.judged is None else run.question.judged[found.oof.rows]
    decided = decide(found, answers, metric, weight=weight, seed=run.seed)
    answered = Predictions(decided.task, target.values, answers, weight, given=decided.labels, groups=target.groups)
    looked_at = answered.labels if metric.answers == "labels" else answers
    score = interval(metric, target.values, looked_at, weight, groups=target.groups, resamples=RESAMPLES)
    rest, test = Interval(0.0, 0.0, 0.0), ""
    if whole is not None:
        difference = difference_of(metric, answered, whole.answered, resamples=RESAMPLES)
        rest, test = difference.change, difference.test
        if not metric.greater_is_better:
            rest = Interval(-rest.value, -rest.high, -rest.low)
    return _Judged(answered, len(found.blend.weights), score, rest, test)


def _stop(share: float, used: Energy, names: Names, judged: Mapping[Names, _Judged]) -> Stop:
    then = used.times(share)
    joules = Interval(then.joules, then.low, then.high)
    if not names:
        return Stop(share, joules, 0, 0, _NONE, _NONE)
    found = judged[names]
    return Stop(share, joules, len(names), found.n_members, found.score, found.rest)


def _notes(run: Run, n_rows: int, late: Sequence[float]) -> tuple[str, ...]:
    """Return what a reader must know."""
    notes = [
        "The trials in the order they had, stopped earlier: a fit that is given less energy plans for less."
        " Preparing, refitting and proving come on top."
    ]
    if n_rows < len(run.question.target):
        notes.append(f"Scored on {n_rows:,} of the {len(run.question.target):,} rows.")
    if late:
        notes.append(f"No time was left for {', '.join(f'{share:.0%}' for share in late)}.")
    return tuple(notes)
