"""The learners that were asked for by name join those of the portfolio, in front of them."""

import dataclasses
import importlib.metadata
import importlib.util
from typing import Any

from modelwright.core.catalog import load
from modelwright.core.errors import MissingExtraError, SpecError, listed, nearest
from modelwright.core.spec import FitSpec
from modelwright.core.spelling import parse, spell
from modelwright.core.task import Task
from modelwright.learners.base import Learner
from modelwright.learners.catalog import EXTRAS, LEARNERS
from modelwright.learners.sklearn_estimator import Estimator
from modelwright.search.libraries import Entries
from modelwright.search.own_check import check
from modelwright.search.own_learner import Own, made

GROUP = "modelwright.learners"
"""Group of entry points under which installed packages name learners."""

NOT_ASKED = {
    "constant": "it is always tried",
    "student": "it learns from what a fit has found: ask for --ship small",
    "sklearn": "name the estimator: sklearn.linear_model:Ridge",
}
"""Families that nobody can ask for, and why."""


def joined(entries: Entries, spec: FitSpec, task: Task, *, is_constrained: bool) -> Entries:
    """Return the constant, then what was asked for, then the rest of the portfolio unless only that is wanted.

    Args:
        entries: The portfolio.
        spec: What was asked.
        task: What is predicted.
        is_constrained: Whether columns have a direction.

    Raises:
        SpecError: There is no such learner, it cannot do what is asked, or does not keep to the contract.
        MissingExtraError: What it needs is not installed.
    """
    if not spec.learners:
        return entries
    asked: dict[str, Learner] = {}
    taken = {name for name, _ in entries}
    for text in spec.learners:
        for name, learner in _meant(text, entries):
            _suit(text, learner, task, is_constrained=is_constrained)
            if isinstance(learner, Own):
                check(learner, task)
            if learner not in asked.values():
                asked[name if (name, learner) in entries else _free(name, taken | set(asked))] = learner
    rest = () if spec.only_learners else tuple(entry for entry in entries[1:] if entry[0] not in asked)
    return (entries[0], *asked.items(), *rest)


def foreign(spec: FitSpec) -> list[str]:
    """Return the learners that are neither ours nor scikit-learn's."""
    names = [parse(text)[0] for text in spec.learners]
    return [n for n in names if n not in LEARNERS and n not in LEARNERS.values() and not n.startswith("sklearn.")]


def _meant(text: str, entries: Entries) -> Entries:
    """Return the learners that a text means, with their names."""
    path, settings = parse(text)
    families = {where: family for family, where in LEARNERS.items()}
    family = path if path in LEARNERS else families.get(path)
    if family is not None:
        return _of_family(family, settings, entries)
    if path.startswith("sklearn."):
        estimator = Estimator(path, tuple(sorted(settings.items())))
        estimator.check()
        return ((path.rpartition(":")[2], estimator),)
    if ":" not in path:
        found = {entry.name: entry.value for entry in importlib.metadata.entry_points(group=GROUP)}
        if path not in found:
            known = sorted({*(set(LEARNERS) - set(NOT_ASKED)), *found})
            raise SpecError(
                f"There is no learner '{path}'.{nearest(path, known)} Known: {listed(known, 40)}. One of your own is"
                " named by its import path: package.module:Class."
            )
        text = spell(found[path], settings)
    return ((parse(text)[0].rpartition(":")[2].rpartition(".")[2], Own.of(text)),)


def _of_family(family: str, settings: dict[str, Any], entries: Entries) -> Entries:
    if family in NOT_ASKED:
        raise SpecError(f"The learner '{family}' cannot be asked for: {NOT_ASKED[family]}.")
    if family in EXTRAS and importlib.util.find_spec(EXTRAS[family][0]) is None:
        raise MissingExtraError(f"The learner '{family}'", EXTRAS[family][1])
    planned = tuple(entry for entry in entries if entry[1].family == family)
    if planned and not settings:
        return planned
    kind = load(LEARNERS, family, "learner")
    known = [f.name for f in dataclasses.fields(kind)]
    for name in settings:
        if name not in known:
            raise SpecError(f"The learner '{family}' has no setting '{name}'.{nearest(name, known)} It has "
                            f"{listed(known, 40)}.")  # fmt: skip
    return ((family, kind(**settings)),)


def _suit(text: str, learner: Learner, task: Task, *, is_constrained: bool) -> None:
    real = made(learner.text) if isinstance(learner, Own) else learner
    if task.name not in real.tasks:
        raise SpecError(f"The learner '{text}' does not do {task.name} tasks, only {listed(real.tasks)}.")
    if is_constrained and not (real.is_monotone and real.view == "tree"):
        raise SpecError(f"The learner '{text}' does not keep to --monotone. Leave out one of the two.")
    if real.wants_teacher:
        raise SpecError(f"The learner '{text}' wants a teacher, and there is none before the race is over.")


def _free(name: str, taken: set[str]) -> str:
    """Return a name for the journal that no other trial has."""
    stem = f"OWN-{name}"
    names = [stem, *(f"{stem}-{i}" for i in range(2, len(taken) + 3))]
    return next(n for n in names if n not in taken)
