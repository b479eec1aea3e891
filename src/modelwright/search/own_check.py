"""A learner of the user's own tried on fifty rows before the race, so that a mistake is told in a sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import onnxruntime

from modelwright.core.deadline import Deadline
from modelwright.core.errors import ModelwrightError, SpecError
from modelwright.core.graph import OPSETS, Graph
from modelwright.core.pack import pack, unpack
from modelwright.core.table import Array
from modelwright.core.task import Target, Task
from modelwright.export.parity import TOLERANCE
from modelwright.learners.base import Fitted, Rows
from modelwright.modelfile.encode import encode
from modelwright.search.memory import address_space
from modelwright.search.own_learner import Own

N_ROWS, N_WATCHED, N_FEATURES = 50, 20, 4

SECONDS = 5.0
"""Time that the learner is told to have for these rows."""

MOST_BYTES = 2 * 10**9
"""What fits on these rows may ask of memory: they run in this process, where no guard can end them."""

_LARGE = {"tree": float(np.finfo(np.float32).max), "prepared": float(np.finfo(np.float32).max)}
"""Largest magnitude of a feature tried, by view; others are scaled, so that a thousand is far out."""


def check(own: Own, task: Task) -> None:
    """Fit on a few made rows, with and without rows to watch, and compare what is written with what is answered.

    Raises:
        SpecError: The learner does not keep to its contract; the message says where.
    """
    rng = np.random.default_rng(0)
    train, valid = _rows(own, task, max(N_ROWS, 4 * len(task.classes)), rng), _rows(own, task, N_WATCHED, rng)
    with _said(own, "fit"), address_space(MOST_BYTES):
        fitted = own.fit(train, valid, 0, Deadline.after(SECONDS))
        again = own.fit(train, valid, 0, Deadline.after(SECONDS))
    with _said(own, "settled, or fit without rows to watch (valid is None there)"):
        _margins(own, own.settled([fitted]).fit(train, None, 0, Deadline.after(SECONDS)), train.features, task)
    hostile = _hostile(own, train.features)
    answered = _margins(own, fitted, hostile, task)
    if not np.array_equal(answered, _margins(own, again, hostile, task)):
        raise _wrong(own, "two fits with one seed answer differently. Draw random numbers from the seed that fit gets")
    with _said(own, "packing what fit returned (keep arrays, numbers, texts, and tuples, lists and dicts of them)"):
        restored = unpack(pack(fitted))
    kept = _margins(own, restored, hostile, task)
    _agree(own, task, answered, kept, what="what was fitted answers differently after being packed: a field is lost")
    ran = _ran(own, restored, hostile, task)
    _agree(own, task, answered, ran, what="emit writes something else than margins answers")
    one = _ran(own, restored, hostile[:1], task)
    _agree(own, task, answered[:1], one, what="what emit writes answers one row differently from many")


def _rows(own: Own, task: Task, n_rows: int, rng: np.random.Generator) -> Rows:
    features = rng.normal(size=(n_rows, N_FEATURES))
    score = features[:, 0] + np.abs(features[:, 1]) + 0.3 * rng.normal(size=n_rows)
    if task.is_classification:
        # Every class has rows, whatever their number.
        answers: Array = np.argsort(np.argsort(score)) * len(task.classes) // n_rows
    else:
        answers = np.floor(np.exp(score)) if task.name == "count" else score
    if own.view in _LARGE:
        features[rng.random(features.shape) < 0.1] = np.nan
    return Rows(np.ascontiguousarray(features), Target(task, answers))


def _hostile(own: Own, usual: Array) -> Array:
    large = _LARGE.get(own.view, 1e3)
    ends = np.repeat([[large], [-large], [0.0], [-0.0], [1e-300]], N_FEATURES, axis=1)
    missing = usual[:N_FEATURES].copy()
    if own.view in _LARGE:
        np.fill_diagonal(missing, np.nan)
        ends = np.concatenate([ends, np.full((1, N_FEATURES), np.nan)])
    return np.concatenate([usual, missing, ends])


def _margins(own: Own, fitted: Fitted, features: Array, task: Task) -> Array:
    with _said(own, "margins"), np.errstate(all="ignore"):
        found: object = fitted.margins(features)
    shape = (len(features), task.n_margins)
    if not isinstance(found, np.ndarray) or found.shape != shape or found.dtype != np.float64:
        told = f"{found.dtype} {found.shape}" if isinstance(found, np.ndarray) else type(found).__name__
        raise _wrong(own, f"margins must be a float64 array of shape {shape} for a {task.name} task, not {told}")
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
        raise _wrong(own, f"margins are not finite for the features {features[row].tolist()}")
    return found


def _ran(own: Own, fitted: Fitted, features: Array, task: Task) -> Array:
    """Return what ONNX Runtime answers."""
    graph = Graph()
    with _said(own, "emit"):
        graph.output(
            "margins",
            fitted.emit(graph, graph.input("features", "double", (None, N_FEATURES))),
            "double",
            (None, task.n_margins),
        )
    foreign = sorted({node.domain for node in graph.nodes} - set(OPSETS))
    if foreign:
        raise _wrong(own, f"emit uses operators of '{foreign[0]}'; a file holds those of ai.onnx and ai.onnx.ml only")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what is wrong is told below
    options.intra_op_num_threads = 1
    with _said(own, "ONNX Runtime, with what emit wrote"):
        session = onnxruntime.InferenceSession(encode(graph, {}), options, providers=["CPUExecutionProvider"])
        found: Array = session.run(None, {"features": features})[0]
    if found.shape != (len(features), task.n_margins):
        raise _wrong(own, f"emit writes a tensor of shape {found.shape}, not {(len(features), task.n_margins)}")
    return found


def _agree(own: Own, task: Task, expected: Array, found: Array, *, what: str) -> None:
    answers, others = task.answers(expected), task.answers(found)
    gap = np.abs(answers - others)
    if not task.is_classification:
        gap = gap / np.maximum(np.abs(answers), 1.0)
    largest = float(np.nan_to_num(gap, nan=np.inf).max())
    if largest > TOLERANCE:
        raise _wrong(own, f"{what} (by {largest:.2g}, allowed: {TOLERANCE:g})")


@contextmanager
def _said(own: Own, what: str) -> Iterator[None]:
    """Tell of anything that the user's code raises as a fault of the learner."""
    try:
        yield
    except SpecError:
        raise
    except ModelwrightError as error:
        raise _wrong(own, f"{what}: {error}".rstrip(".")) from error
    except Exception as error:  # the user's own code may fail in any way
        raise _wrong(own, f"{what} raised {type(error).__name__}: {error}") from error


def _wrong(own: Own, what: str) -> SpecError:
    return SpecError(
        f"The learner '{own.text}' does not keep to the contract of learners, tried on {N_ROWS} made rows: {what}."
        " See docs/learners.md."
    )
