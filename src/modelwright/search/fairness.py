"""Fairness while a model is made: weights that even out the training rows, and the audit that goes into the file."""

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from modelwright.core.errors import MissingExtraError, SpecError, listed, nearest
from modelwright.core.spec import FitSpec
from modelwright.core.table import Array, Table
from modelwright.core.task import Task
from modelwright.insight.fairness.audit import audit
from modelwright.insight.fairness.thresholds import tradeoff
from modelwright.insight.fairness.tradeoff import Constraint
from modelwright.insight.predictions import Predictions
from modelwright.insight.segments import segments

REDUCTION = "exponentiated_gradient"
MITIGATIONS = ("none", "reweight", REDUCTION)
PARITIES: tuple[Constraint, ...] = get_args(Constraint)

POOLED_ROWS = 30
"""Groups with fewer rows are weighed as one: with a few rows of a class the weights would be huge and by chance."""


AUDIT_SECONDS = 0.3
AUDIT_SECONDS_PER_MILLION_CELLS = 8.0
"""Kept for the audit at the end of a fit, per sensitive cell: 0.9 s of one core were measured on 48,842 rows by two."""


def audit_seconds(sensitive: Table) -> float:
    """Return the seconds to keep for an audit by these columns."""
    cells = sensitive.n_rows * len(sensitive.columns)
    return AUDIT_SECONDS + AUDIT_SECONDS_PER_MILLION_CELLS * cells / 1e6 if cells else 0.0


def reweighing(groups: Array, classes: Array, weight: Array | None = None) -> Array:
    """Return row weights under which group and class are independent, while neither changes its own share.

    Each row weighs what its group and class would share by chance, over what they do: rows of a group that seldom has
    the class count for more where they have it. The mean weight is that of the weights given.

    Args:
        groups: Group of each row, whole numbers from 0, (n_rows,).
        classes: Class of each row, likewise.
        weight: Weights that the rows have already, (n_rows,), or None for ones.

    Source:
        Kamiran and Calders (2012), Data preprocessing techniques for classification without discrimination, part 4.2.
    """
    base = np.ones(len(groups)) if weight is None else weight
    n_classes = int(classes.max()) + 1
    cells = groups * n_classes + classes
    seen = np.bincount(cells, base)[cells]
    expected = np.bincount(groups, base)[groups] * np.bincount(classes, base)[classes] / base.sum()
    evened: Array = base * expected / seen
    return evened


def mitigated(
    spec: FitSpec, task: Task, values: Array, sensitive: Table, *, weight: Array | None
) -> tuple[Array | None, list[str]]:
    """Return the weights to learn with, and what is to be said of them.

    Those of the exponentiated gradient need time and features, so `modelwright.search.reduction` finds them later.

    Raises:
        SpecError: There is no such mitigation, or it has nothing to work on.
        MissingExtraError: Fairlearn is not installed.
    """
    if spec.mitigate not in MITIGATIONS:
        raise SpecError(
            f"Mitigation '{spec.mitigate}' is unknown.{nearest(spec.mitigate, MITIGATIONS)}"
            f" Mitigations: {listed(MITIGATIONS)}."
        )
    if spec.parity != PARITIES[0] and spec.mitigate != REDUCTION:
        raise SpecError(f"What is to be even is chosen for --mitigate {REDUCTION}. Leave out --parity.")
    if spec.mitigate == "none":
        return weight, []
    if not spec.sensitive:
        raise SpecError("Mitigation needs sensitive columns. Name them with --sensitive.")
    if not task.is_classification:
        raise SpecError("Reweighting evens out classes, but the target is a quantity. Leave out --mitigate.")
    if spec.mitigate == REDUCTION:
        _check_reduction(spec, task)
        return weight, []
    evened = reweighing(_pooled(group_codes(sensitive)), values, weight)
    factor = evened / (1.0 if weight is None else weight)
    told = (
        f"Rows are weighed so that the answer does not depend on {listed(spec.sensitive)} (Kamiran and Calders):"
        f" factors {factor.min():.2f} to {factor.max():.2f}. The score of the file is without them."
    )
    return evened, [told]


def told(spec: FitSpec) -> list[str]:
    """Return what a user must know of the sensitive columns of a fit."""
    if not spec.sensitive:
        return []
    names = listed(f"'{name}'" for name in spec.sensitive)
    if spec.sensitive_features:
        return [f"Sensitive, and used as features because that was asked: {names}."]
    return [f"Sensitive, and therefore no features: {names}. The file neither asks for them nor needs them."]


def fairness_document(
    sensitive: Table,
    features: Table,
    rows: Array,
    predictions: Predictions,
    *,
    used: Sequence[str],
    evened: Sequence[str] = (),
    constraint: Constraint = "demographic_parity",
    seed: int = 0,
) -> dict[str, dict[str, Any]]:
    """Return the audit of out-of-fold predictions and what evening out would cost, none without sensitive columns.

    Args:
        sensitive: The sensitive columns of the rows that were learned from.
        features: Their features.
        rows: Positions of the predicted rows.
        predictions: Truth and answers of these rows.
        used: The features that the file asks for.
        evened: What was done to even groups out, a sentence each.
        constraint: What is to be even where the cost of it is told.
        seed: Seed of the draws.
    """
    if not sensitive.columns:
        return {}
    sensitive = sensitive.take(rows)
    predictions = replace(predictions, notes=(*predictions.notes, *evened))
    document = audit(
        predictions, sensitive, features.select(used).take(rows), source="out-of-fold", seed=seed
    ).to_json()
    if predictions.task.name == "binary":
        document["tradeoff"] = tradeoff(predictions, sensitive, constraint=constraint, seed=seed).to_json()
    return {"fairness": document}


def group_codes(sensitive: Table) -> Array:
    """Return the group of each row by all sensitive columns together, whole numbers from 0, (n_rows,)."""
    whole, *others = (segments(column) for column in sensitive.columns)
    for other in others:
        whole = whole.crossed(other)
    return np.unique(whole.codes, return_inverse=True)[1]


def _check_reduction(spec: FitSpec, task: Task) -> None:
    if task.name != "binary":
        raise SpecError(
            f"The exponentiated gradient is for two classes, but the target has {len(task.classes)}. Use"
            " --mitigate reweight."
        )
    if spec.parity not in PARITIES:
        raise SpecError(
            f"Parity '{spec.parity}' is unknown.{nearest(spec.parity, PARITIES)} Known: {listed(PARITIES)}."
        )
    if importlib.util.find_spec("fairlearn") is None:
        raise MissingExtraError(f"--mitigate {REDUCTION}", "fairness")


def _pooled(codes: Array) -> Array:
    """Return groups, the small ones as one."""
    counts = np.bincount(codes)
    _, codes = np.unique(np.where(counts[codes] < POOLED_ROWS, -1, codes), return_inverse=True)
    return codes
