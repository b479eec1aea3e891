"""The proof that a file answers as the trained pipeline does."""

from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np

from modelwright.core.errors import GateError
from modelwright.core.table import Array
from modelwright.core.task import Task

TOLERANCE = 1e-6
"""Largest difference of a probability, or of a value relative to the larger of itself and the answers' spread."""


@final
@dataclass(frozen=True, slots=True)
class Parity:
    """How near the file's answers came to the pipeline's.

    Attributes:
        n_rows: Rows compared.
        n_hostile: How many of them were made to break things.
        largest_difference: Largest difference of a probability, or relative difference of a value.
        tolerance: What was allowed.
    """

    n_rows: int
    n_hostile: int
    largest_difference: float
    tolerance: float = TOLERANCE

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def prove(task: Task, expected: Array, actual: Array, n_hostile: int) -> Parity:
    """Compare answers row by row.

    Args:
        task: What is predicted.
        expected: The pipeline's probabilities (n_rows, n_classes) or values (n_rows,), by the training libraries.
        actual: The file's, through ONNX Runtime.
        n_hostile: How many of the rows, the first ones, are hostile.

    Raises:
        GateError: An answer differs by more than the tolerance.
    """
    difference = np.abs(expected - actual)
    if not task.is_classification:
        difference = difference / np.maximum(np.abs(expected), max(float(np.std(expected[n_hostile:])), 1e-12))
    # A NaN on one side is as wrong as any number.
    difference = np.where(np.isnan(expected) & np.isnan(actual), 0.0, np.nan_to_num(difference, nan=np.inf))
    largest = float(difference.max(initial=0.0))
    if largest > TOLERANCE:
        row = int(np.argmax(difference.max(axis=1) if difference.ndim == 2 else difference))
        kind = "hostile" if row < n_hostile else "training"
        raise GateError(
            f"The file would not answer as the trained pipeline does: {kind} row {row} differs by {largest:.2g}"
            f" (allowed: {TOLERANCE:g}). No file was written. This is a fault of ours:"
            " please report it with the data's schema."
        )
    return Parity(len(expected), n_hostile, largest)


def prove_labels(task: Task, expected: Array, given: Array) -> None:
    """Compare the labels that a file gives with those that follow from the pipeline's probabilities.

    Args:
        task: What is predicted, with its decision.
        expected: The pipeline's probabilities (n_rows, n_classes).
        given: The file's labels (n_rows,).

    Raises:
        GateError: A label differs although no other class is as good within the tolerance.
    """
    codes, losses = task.decide(expected), task.losses(expected)
    wrong = task.labels(codes) != given
    if not wrong.any():
        return
    places = {label: code for code, label in enumerate(task.classes)}
    # A label of no class at all is behind every class.
    theirs = np.array([places.get(label, -1) for label in given[wrong].tolist()])
    behind = np.where(theirs < 0, np.inf, losses[wrong, theirs]) - losses[wrong].min(axis=1)
    slack = 2 * TOLERANCE * (1.0 if task.decision is None else task.decision.reach)
    if (behind > slack).any():
        raise GateError(
            f"The file would give another label than the trained pipeline in row {int(np.flatnonzero(wrong)[0])}."
            " No file was written. This is a fault of ours: please report it with the data's schema."
        )


def prove_further(
    task: Task, expected: tuple[Array, ...], actual: tuple[Array, ...], *, probabilities: Array, n_hostile: int
) -> float:
    """Compare the outputs that say how sure the answers are; return the largest difference of an end.

    Args:
        task: What is predicted.
        expected: The pipeline's lower and upper (n_rows,), or membership in sets bool (n_rows, n_classes).
        actual: The file's.
        probabilities: The pipeline's probabilities; looked at for sets alone.
        n_hostile: How many of the rows, the first ones, are hostile.

    Raises:
        GateError: An end differs by more than the tolerance, or a set by more than classes as good as on its limit.
    """
    if not task.is_classification:
        proofs = [prove(task, e, a, n_hostile) for e, a in zip(expected, actual, strict=True)]
        return max(proof.largest_difference for proof in proofs)
    differ = expected[0] != actual[0]
    # A class may fall out where its probability is within the tolerance of the least that was let in.
    least = np.where(expected[0] | actual[0], probabilities, np.inf).min(axis=1, keepdims=True)
    clear = differ & (np.abs(probabilities - least) > 2 * TOLERANCE)
    if clear.any():
        raise GateError(
            f"The file would give another set of classes than the trained pipeline in row {int(clear.any(1).argmax())}."
            " No file was written. This is a fault of ours: please report it with the data's schema."
        )
    return 0.0
