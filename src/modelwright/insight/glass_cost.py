"""What it would cost to ship a glass box, which can be read whole, in place of the model that ships."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self, final

from modelwright.core.errors import DataError, counted
from modelwright.insight.document import reach
from modelwright.insight.tabulation import plain
from modelwright.metrics.bootstrap import Interval

HOW = "modelwright fit DATA -t {target} --learner glass --only-learners"
"""The command that ships a glass box."""


@final
@dataclass(frozen=True, slots=True)
class GlassCost:
    """A glass box beside the shipped model, on the same rows, that neither learned from.

    Attributes:
        trial: The glass box, as the leaderboard names it.
        metric: Name of the metric.
        title: Its title.
        shipped: Its value for the shipped model.
        glass: Its value for the glass box.
        loss: How much worse the glass box is, in the metric's own unit, from paired resamples (DeLong's for ROC AUC);
            below zero where it is better.
        test: How the interval was found.
        n_rows: Out-of-fold rows.
        is_shipped: Whether the glass box itself is what ships; the loss is then zero.
        level: Level of the interval.
    """

    trial: str
    metric: str
    title: str
    shipped: float
    glass: float
    loss: Interval
    test: str
    n_rows: int
    is_shipped: bool
    level: float = 0.95

    @property
    def sentence(self) -> str:
        """What it means, in a sentence or two."""
        if self.is_shipped:
            return f"The model is a glass box ({self.title} {plain(self.glass)}): what it learned can be read whole."
        found = f"{plain(self.glass)} and not {plain(self.shipped)}"
        held = f"{self.level * 100:g} % interval {reach(self.loss)}, {counted(self.n_rows, 'row')}"
        if self.loss.low > 0:
            return f"A glass box in its place would lose {plain(self.loss.value)} {self.title} ({held}): {found}."
        if self.loss.high < 0:
            return (
                f"A glass box in its place would be better by {plain(-self.loss.value)} {self.title} ({held}): {found}."
            )
        return f"A glass box in its place would lose nothing beyond chance in {self.title} ({held}): {found}."

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` reverses it."""
        return asdict(self) | {"loss": self.loss.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build it from `to_json` output.

        Raises:
            DataError: It is not such a document.
        """
        try:
            return cls(**{**value, "loss": Interval.from_json(value["loss"])})
        except (KeyError, TypeError) as error:
            raise DataError(f"The cost of a glass box cannot be understood: {error!r}.") from error
