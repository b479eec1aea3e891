"""What ``predict`` writes for a file of several targets: the columns of each target under its name."""

from typing import final

from modelwright.cli.answers import Answers, check_kept, kept_cells, kept_types
from modelwright.core.table import Array, Table
from modelwright.model.joint import JointModel
from modelwright.model.naming import answer_names


@final
class JointAnswers:
    """Turns tables into columns of answers: label_churned, probability_churned_yes, prediction_price.

    Args:
        model: Gives the answers.
        keep: Columns of the table to copy in front of them.
        interval: Whether to say how sure each answer is.

    Raises:
        SpecError: A column to keep has the name of an answer, or a target has no intervals.
    """

    def __init__(self, model: JointModel, keep: tuple[str, ...] = (), *, interval: bool = False) -> None:
        self._model = model
        self._keep = tuple(dict.fromkeys(keep))
        self._parts = {target: Answers(part, interval=interval) for target, part in model.items()}
        named = answer_names({target: part.names for target, part in self._parts.items()})
        self._given = [name for names in named.values() for name in names.values()]
        check_kept(self._keep, self._given)

    @property
    def names(self) -> list[str]:
        """Names of the columns, in order."""
        return [*self._keep, *self._given]

    def types(self) -> list[str]:
        """Return what each column holds: "string", "number", "integer", "boolean" or "date"."""
        given = [kind for part in self._parts.values() for kind in part.types()]
        return [*kept_types(self._model.schema, self._keep), *given]

    def of(self, table: Table) -> list[Array]:
        """Return the columns for the rows of `table`."""
        given = [column for part in self._parts.values() for column in part.of(table)]
        return [*(kept_cells(table.column(name)) for name in self._keep), *given]
