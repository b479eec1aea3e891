"""The mixture that a race leads to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.metrics.base import Metric
from modelwright.search.blend import Blend, answers_of, blend
from modelwright.search.run import Run
from modelwright.search.store import product_name
from modelwright.search.trials import OutOfFold, Trial, out_of_fold

BASELINE = "constant"
"""Family of the learner that answers every row alike."""

PARTS = 5
"""Parts of the rows, each answered by a mixture that the others chose."""

MOST_ROWS = 20_000
"""Rows above which choosing a few weights by them flatters nobody, and choosing them again would take seconds."""


@final
@dataclass(frozen=True, slots=True)
class Found:
    """The mixture that a race led to, and what it was chosen by.

    Attributes:
        blend: Members, weights and temperature.
        oof: Out-of-fold margins.
        trials: The trials that it was chosen from.
        sizes: Megabytes of each.
        is_given: Whether it was known before, so that these rows chose nothing in it.
    """

    blend: Blend
    oof: OutOfFold
    trials: dict[str, Trial]
    sizes: dict[str, float]
    is_given: bool = False

    @property
    def is_constant(self) -> bool:
        """Whether nothing but the baseline is in it, so that every row is answered alike."""
        return all(self.trials[name].learner.family == BASELINE for name in self.blend.weights)

    def estimate(self, metric: Metric, seed: int) -> Array:
        """Return margins (n_rows, n_margins) to judge the mixture by: of rows that chose no weight in it.

        Members, weights and temperature are chosen again for each part of the rows by the other parts.
        """
        target, n_rows = self.oof.target, len(self.oof.target)
        if target.task.is_classification and self.is_constant:
            # The shares of classes differ a little from fold to fold, against those of the rows left out: pooled, that
            # orders the rows by their answers backwards, which a file with one answer for every row does not do.
            return np.broadcast_to(self.blend.margins(self.oof.margins).mean(axis=0), (n_rows, target.task.n_margins))
        if self.is_given or len(self.oof.margins) == 1 or not 10 * PARTS <= n_rows <= MOST_ROWS:
            return self.blend.margins(self.oof.margins)
        part_of = np.random.default_rng(seed).permutation(n_rows) % PARTS
        judged = np.empty((n_rows, target.task.n_margins))
        for part in range(PARTS):
            others, mine = part_of != part, part_of == part
            chosen = blend({k: m[others] for k, m in self.oof.margins.items()}, target.take(others), metric, self.sizes)
            judged[mine] = chosen.margins({k: m[mine] for k, m in self.oof.margins.items()})
        return judged


def compose(run: Run, trials: Sequence[Trial]) -> Found:
    """Mix the finished trials; when there is none but the baseline, those whose first fold is: at least one."""
    target, plan = run.question.target, run.plan
    trials = [t for t in trials if not t.is_beside]
    done = [t for t in trials if t.state == "done"]
    if all(t.learner.family == BASELINE for t in done):
        plan = plan.first
        done = [t for t in trials if 0 in t.margins]
    oof = out_of_fold(done, plan, target)
    sizes = {t.id: run.store.size(product_name(t.id, 0)) / 1e6 for t in done}
    mixture = blend(oof.margins, oof.target, run.metric, sizes)
    for trial in done:
        trial.judge(oof)
    return Found(mixture, oof, {t.id: t for t in done}, sizes)


def judged_answers(run: Run, found: Found) -> tuple[Array, Array]:
    """Return truth and out-of-fold answers in the form the run's metric looks at."""
    task = found.oof.target.task
    answers = answers_of(task, found.blend.margins(found.oof.margins))
    return found.oof.target.values, run.metric.answers_from(answers, task)
