"""One piece of work: fit one configuration on one fold and leave the product in the store."""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.errors import ModelwrightError
from modelwright.core.table import Array
from modelwright.learners.base import Learner, Lesson, Rows, ViewName
from modelwright.search.store import ALL_ROWS, Brief, Product, Store, course_name, product_name, view_name
from modelwright.transform.view import FittedView, fit_view

FIT_SHARE = 0.75
"""Share of the time of a piece of work after which the learner stops: the rest is for its answers."""


@final
@dataclass(frozen=True, slots=True)
class Work:
    """What to do.

    Attributes:
        trial: Identifier of the configuration, such as "LGB-1".
        learner: The configuration.
        fold: Number of the fold, or `ALL_ROWS`.
        seconds: Time after which the learner stops with what it has; infinite for none.
        is_watched: Whether the learner sees the rows held out while it learns, to find the length at which to stop.
    """

    trial: str
    learner: Learner
    fold: int
    seconds: float = inf
    is_watched: bool = True


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went.

    Attributes:
        trial: Identifier of the configuration.
        fold: Number of the fold, or `ALL_ROWS`.
        seconds: Seconds it took.
        failure: Why it failed, or the empty text.
        processor: Seconds of processor time it took; 0 where that was not measured.
    """

    trial: str
    fold: int
    seconds: float
    failure: str = ""
    processor: float = 0.0


@final
@dataclass(frozen=True, slots=True)
class _Encoded:
    view: FittedView
    train: Array
    valid: Array | None
    proof: Array


@final
class Bench:
    """Where work is done: the brief and the encoded folds, kept between pieces of work of one process.

    Args:
        store: What processes share.
        clock: Seconds that only grow, by which learners stop.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._brief: Brief | None = None
        self._encoded: dict[tuple[ViewName, int], _Encoded] = {}
        self._lessons: dict[int, Lesson] = {}

    def perform(self, work: Work) -> Outcome:
        """Do the work; a failure of the learner is an outcome, not an exception."""
        started, used = time.monotonic(), time.process_time()
        try:
            # Libraries add up hostile rows to see whether they are finite; numpy would warn the user of that.
            with np.errstate(over="ignore", invalid="ignore"):
                self._perform(work, Deadline(time.monotonic() + work.seconds * FIT_SHARE, self._clock))
            failure = ""
        except ModelwrightError as error:
            failure = str(error)
        except MemoryError:
            failure = "it needed more memory than there is"
        except Exception as error:  # noqa: BLE001  # one trial of a search may fail in any way without ending the run
            failure = f"{type(error).__name__}: {error}"
        seconds, processor = time.monotonic() - started, time.process_time() - used
        return Outcome(work.trial, work.fold, seconds, failure, processor)

    def _perform(self, work: Work, deadline: Deadline) -> None:
        brief = self._brief = self._brief or self._store.brief()
        encoded = self._encode(brief, work.learner.view, work.fold)
        target, signs = brief.target, encoded.view.signs(brief.monotone)
        seed = _seed(brief.seed, work.trial, work.fold)
        if work.fold == ALL_ROWS:
            taught = Rows(encoded.train, target, signs, self._lesson(work, encoded.view))
            fitted = work.learner.fit(taught, None, seed, deadline)
            margins = None
        else:
            fold = brief.plan.folds[work.fold]
            valid = Rows(encoded.valid, target.take(fold.valid))  # type: ignore[arg-type]  # a fold holds rows out
            taught = Rows(encoded.train, target.take(fold.train), signs, self._lesson(work, encoded.view))
            fitted = work.learner.fit(taught, valid if work.is_watched else None, seed, deadline)
            margins = fitted.margins(valid.features)
            if not np.isfinite(margins).all():
                raise ModelwrightError("the learner answered with values that are not finite numbers")
        proof = fitted.margins(encoded.proof if work.fold == ALL_ROWS else encoded.proof[: brief.n_quick_proof])
        if fitted.course is not None and margins is not None:
            self._store.put(course_name(work.trial, work.fold), fitted.course)
        self._store.put(product_name(work.trial, work.fold), Product(work.learner.view, fitted, margins, proof))

    def _lesson(self, work: Work, view: FittedView) -> Lesson | None:
        """Return what a teacher says of made-up rows, where the learner wants it and there is a teacher."""
        if not (work.learner.wants_teacher and self._brief and self._store.has("teacher")):
            return None
        if work.fold not in self._lessons:
            from modelwright.search.teaching import lesson  # opens files: nobody else does so who works here

            seed = _seed(self._brief.seed, "lesson", work.fold)
            self._lessons = {work.fold: lesson(self._store, self._brief, view, fold=work.fold, seed=seed)}
        return self._lessons[work.fold]

    def _encode(self, brief: Brief, view: ViewName, fold: int) -> _Encoded:
        key = (view, fold)
        if key not in self._encoded:
            # One fold at a time: the next piece of work is most often on the same fold and another learner.
            self._encoded = {k: v for k, v in self._encoded.items() if k[1] == fold}
            self._encoded[key] = self._fit_view(brief, view, fold)
        return self._encoded[key]

    def _fit_view(self, brief: Brief, view: ViewName, fold: int) -> _Encoded:
        table, target, valid = brief.features, brief.target, None
        if fold != ALL_ROWS:
            rows = brief.plan.folds[fold]
            table, target, valid = table.take(rows.train), target.take(rows.train), table.take(rows.valid)
        plain = None
        if view == "prepared":
            encoded = self._encode(brief, "tree", fold)
            plain = (encoded.view, encoded.train)
        fitted, train = fit_view(view, table, target, _seed(brief.seed, view, fold), plain=plain)
        if not self._store.has(view_name(view, fold)):
            self._store.put(view_name(view, fold), fitted)
        held_out = None if valid is None else fitted.apply(valid)
        return _Encoded(fitted, train, held_out, np.concatenate([fitted.apply(part) for part in brief.proof]))


def _seed(seed: int, name: str, fold: int) -> int:
    """Return a seed that depends on nothing but its arguments, unlike ``hash``."""
    return zlib.crc32(f"{seed}/{name}/{fold}".encode()) & 0x7FFFFFFF
