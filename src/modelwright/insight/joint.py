"""How good a file of several targets is: an evaluation of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from modelwright.core.asked import kept_together
from modelwright.core.errors import SpecError
from modelwright.insight.evaluate import evaluate
from modelwright.insight.evaluation import Evaluation
from modelwright.insight.predictions import Roles, read_labelled, target_schema

if TYPE_CHECKING:
    from modelwright.model.joint import JointModel


@final
@dataclass(frozen=True, slots=True)
class JointEvaluation:
    """The evaluation of every target.

    Attributes:
        targets: The evaluations by target, in the order of the file.
    """

    targets: Mapping[str, Evaluation]

    def __getitem__(self, target: str) -> Evaluation:
        """Return the evaluation of one target; raises KeyError when there is none."""
        return self.targets[target]

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the targets."""
        return iter(self.targets)

    def to_json(self) -> dict[str, Any]:
        """Return the document of each evaluation by target."""
        return {target: evaluation.to_json() for target, evaluation in self.targets.items()}

    def __str__(self) -> str:
        parts = [f"{target}\n{'─' * len(target)}\n{evaluation}" for target, evaluation in self.targets.items()]
        return "\n\n".join(parts)


def evaluate_targets(
    model: "JointModel",
    source: Any,
    *,
    target: str | None = None,
    weight: str | None = None,
    groups: str | None = None,
    metric: str = "auto",
    lenient: bool = False,
) -> JointEvaluation:
    """Score every target of a file on a labelled table; rows without a target's answer count for the others.

    Args:
        model: An opened file of several targets.
        source: A table, or anything `modelwright.data.read` reads; it holds the model's features and all targets.
        target: None; the answers are found under the names that they had in training.
        weight: Column of row weights.
        groups: Column whose equal values come together; None takes that of the fit where the table has it.
        metric: The metric that matters most for each; "auto" takes the one its fit optimised.
        lenient: Read cells of a wrong kind as missing instead of raising.

    Raises:
        SchemaError: A column is absent or a cell is of a wrong kind.
        DataError: No row has an answer, a class is unknown to the model, or a weight is missing or negative.
        SpecError: The metric is not for a task, or a column of answers is named.
    """
    if target is not None:
        raise SpecError(
            "A file of several targets finds each under its name in training. Leave out the column of true answers,"
            " or evaluate one target at a time."
        )
    together = [kept_together(part.documents) for _, part in model.items()]
    roles = Roles(weight, together[0] if groups is None else groups, needs_groups=groups is not None)
    targets = [target_schema(part, name) for name, part in model.items()]
    table = read_labelled(model.schema, targets, source, roles, lenient=lenient)
    options: dict[str, Any] = {"weight": weight, "groups": groups, "metric": metric, "lenient": lenient}
    return JointEvaluation({name: evaluate(part, table, **options) for name, part in model.items()})
