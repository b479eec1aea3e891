"""The contract of learners: a matrix in, margins out, and the same as ONNX operators."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self, final

from modelwright.core.deadline import Deadline
from modelwright.core.graph import Graph
from modelwright.core.table import Array
from modelwright.core.task import Target, TaskName
from modelwright.learners.course import Course

ViewName = Literal["tree", "linear", "prepared", "neural"]
"""Which feature view a learner takes.

"tree" keeps NaN and has statistics of categories; "linear" is scaled, filled, one-hot; "prepared" is "tree" and what
columns say together; "neural" is "linear" without statistics of the target by category.
"""


@final
@dataclass(frozen=True, slots=True)
class Lesson:
    """Made-up rows with the answers of a better model.

    Attributes:
        features: As in `Rows`.
        answers: Probabilities (n_rows, n_classes) or values (n_rows, 1).
    """

    features: Array
    answers: Array


@final
@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to learn from or to watch.

    Attributes:
        features: float64 (n_rows, n_features), C order. "linear" and "neural" views never hold NaN.
        target: The answers, with weights where given.
        monotone: For each feature 1 where margins may only rise with it, -1 where only fall, else 0, int64
            (n_features,); None where all are free.
        lesson: What a better model says of other rows, where asked for.
    """

    features: Array
    target: Target
    monotone: Array | None = None
    lesson: Lesson | None = None


@dataclass(frozen=True, slots=True)
class Fitted(ABC):
    """What a learner learned, as plain arrays and numbers (`modelwright.core.pack` must be able to pack it).

    The library's own object may ride along in a field with ``metadata={"pack": False}``; `margins` then answers with
    it, which is what parity is proven against.
    """

    @abstractmethod
    def margins(self, features: Array) -> Array:
        """Return float64 (n_rows, n_margins).

        These are log-odds (binary), one score per class whose softmax is the answer, the value, the logarithm of a
        count, or one value per quantile, which may cross.
        """

    @abstractmethod
    def emit(self, graph: Graph, features: str) -> str:
        """Write `margins` as operators.

        `features` is a double tensor (n_rows, n_features); return a double tensor (n_rows, n_margins).
        """

    @property
    def course(self) -> Course | None:
        """What it would have answered to the watched rows at other moments; None where stopping looked at no rows."""
        return None

    @property
    def size(self) -> dict[str, int]:
        """Counts that tell size and speed, such as trees and leaves; shown by inspect."""
        return {}


@dataclass(frozen=True, slots=True)
class Learner(ABC):
    """A way to learn: frozen hyperparameters, no state."""

    family: ClassVar[str]
    tasks: ClassVar[tuple[TaskName, ...]] = ("binary", "multiclass", "regression")
    """The tasks it can learn."""
    is_monotone: ClassVar[bool] = False
    """Whether it keeps to `Rows.monotone`; others are not tried where columns are constrained."""

    is_readable: ClassVar[bool] = False
    """Whether a person can see all of what it learns: then it is tried for comparison, however bad its first fold."""

    @property
    @abstractmethod
    def view(self) -> ViewName:
        """The feature view it takes: a constant of the class, or a field where the configuration decides."""

    @abstractmethod
    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> Fitted:
        """Learn on one thread.

        Args:
            train: Rows to learn from.
            valid: Rows for early stopping; None means run the configured length.
            seed: Seed of every random choice.
            deadline: Moment to stop by; iterative learners look at it and return what they have so far.

        Raises:
            DataError: The learner cannot work with these rows; the trial fails, the run goes on.
        """

    @property
    def wants_teacher(self) -> bool:
        """Whether the rows to learn from must bring a lesson."""
        return False

    def settled(self, fitted: Sequence[Fitted]) -> Self:  # noqa: ARG002  # the default has no length to settle
        """Return this learner with lengths fixed to what early stopping found on the folds, for a refit on all rows."""
        return self

    def reached(self, fitted: Fitted) -> bool:  # noqa: ARG002  # the default has no length to fall short of
        """Return whether `fitted`, which this settled learner made, got near its full length before the deadline."""
        return True
