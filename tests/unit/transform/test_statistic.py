"""Target statistics: no row is described by its own answer."""

import numpy as np
import pytest

from modelwright.core.task import Target, Task
from modelwright.transform.statistic import N_FOLDS, Answers


def test_no_row_is_described_by_its_own_group(rng: np.random.Generator) -> None:
    groups = np.repeat(np.arange(40), 5)
    answers = Answers.of(Target(Task("regression"), rng.normal(size=200), groups=groups), rng)
    assert all(len(set(answers.folds[groups == group].tolist())) == 1 for group in range(40))
    assert np.bincount(answers.folds).tolist() == [40] * N_FOLDS


def test_folds_hold_equal_shares_of_the_answers(rng: np.random.Generator) -> None:
    values = rng.permutation(np.repeat([0, 1], [150, 50]))
    answers = Answers.of(Target(Task("binary", ("no", "yes")), values), rng)
    shares = [values[answers.folds == fold].mean() for fold in range(N_FOLDS)]
    assert shares == pytest.approx([0.25] * N_FOLDS)
