"""A glass box in the model's place: how well a tree that one can read says the same, and what using it would cost."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from modelwright.core.errors import DataError, SpecError, counted
from modelwright.core.table import Array
from modelwright.core.written import Written
from modelwright.insight.document import reach
from modelwright.insight.glassbox import Node, grow
from modelwright.insight.rows import rows_with_answers, sampled
from modelwright.insight.scale import answer_names, answers, label_codes
from modelwright.insight.tabulation import html_notes, plain, printable
from modelwright.metrics.bootstrap import Interval
from modelwright.metrics.choose import metric_for

if TYPE_CHECKING:
    from modelwright.model.model import Model

LEVEL = 0.95
_RESAMPLES = 200


@final
@dataclass(frozen=True, slots=True)
class Cost:
    """What the glass box loses against the model on rows with known answers, in a metric; positive is worse."""

    metric: str
    title: str
    model: float
    loss: Interval


@final
@dataclass(frozen=True, slots=True, repr=False)
class Surrogate(Written):
    """A small tree grown on the model's answers, with its fidelity on rows it was not grown on.

    Attributes:
        answers: What the numbers of the leaves belong to: the positive class, each class, or the target.
        tree: The tree.
        fidelity: Share of the variance of the model's answers that the tree explains (R²).
        agreement: Share of rows given the same class; None for regression.
        cost: What using it instead would cost; None without true answers.
        n_rows: Rows it was grown on.
        n_held_out: Rows it was judged on.
        level: Level of the intervals.
        notes: What a reader must know, one sentence each.
    """

    SCHEMA: ClassVar[str] = "modelwright/surrogate/1"

    answers: tuple[str, ...]
    tree: Node
    fidelity: Interval
    agreement: Interval | None
    cost: Cost | None
    n_rows: int
    n_held_out: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Surrogate tree of {self.tree.n_leaves} leaves, fidelity {plain(self.fidelity.value)}>"

    def __str__(self) -> str:
        lines = [*self._facts(), "", *self._rules(self.tree, 0)]
        return "\n".join([*lines, *(["", *self.notes] if self.notes else [])])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        facts = html_notes(self._facts())
        rules = "\n".join(self._rules(self.tree, 0)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return {"text/plain": str(self), "text/html": f"{facts}<pre>{rules}</pre>{html_notes(self.notes)}"}

    def _facts(self) -> list[str]:
        if self.tree.n_leaves == 1 and self.fidelity.value == 1.0:
            return [f"The model gives the same answer to each of {counted(self.n_rows + self.n_held_out, 'row')}."]
        share = f"{self.fidelity.value:.0%}" if self.fidelity.value > 0 else "nothing"
        facts = [
            f"A tree of {counted(self.tree.n_leaves, 'leaf')} says {share} of what the model says "
            f"(R² {reach(self.fidelity)}, {counted(self.n_held_out, 'row')} it was not grown on)."
        ]
        if self.agreement is not None:
            facts.append(f"It gives the same class to {self.agreement.value:.1%} of rows ({reach(self.agreement)}).")
        if self.cost is not None:
            loss = self.cost.loss
            facts.append(
                f"Used instead, it is worse by {plain(loss.value)} {self.cost.title} ({reach(loss)}); "
                f"the model has {plain(self.cost.model)}."
            )
        return facts

    def _rules(self, node: Node, depth: int) -> list[str]:
        pad = "  " * depth
        if node.split is None or node.yes is None or node.no is None:
            return [f"{pad}{self._said(node)}, {counted(node.n_rows, 'row')}"]
        return [
            f"{pad}if {printable(node.split.text, 90)}:",
            *self._rules(node.yes, depth + 1),
            f"{pad}if {printable(node.split.otherwise, 90)}:",
            *self._rules(node.no, depth + 1),
        ]

    def _said(self, node: Node) -> str:
        at = int(np.argmax(node.values))
        return f"{printable(self.answers[at])} {plain(node.values[at])}"


def surrogate(
    model: "Model",
    source: Any,
    *,
    target: str | None = None,
    depth: int = 4,
    most_rows: int = 20_000,
    metric: str = "auto",
    seed: int = 0,
) -> Surrogate:
    """Grow a tree on the answers of a model for half of the rows and judge it on the other half.

    Args:
        model: The model.
        source: Rows in any form that can be read; with the true answers the cost is told too.
        target: Column of the true answers; None uses its name in training where the rows have it.
        depth: Questions in a row at most; 4 gives up to 16 rules, about what a person reads.
        most_rows: Most rows used; they are drawn at random.
        metric: In which the cost is told; "auto" takes the one the fit optimised.
        seed: Seed of the draws.

    Raises:
        SpecError: The depth is not positive.
        DataError: There are fewer than 20 rows.
    """
    if depth < 1:
        raise SpecError(f"A tree needs a depth of at least 1, not {depth}.")
    table, truth, known = rows_with_answers(model, source, target)
    if truth is not None and known.any():
        table, truth = table.take(known), truth[known]
    else:
        truth = None
    rng = np.random.default_rng(seed)
    kept = rng.permutation(sampled(table.n_rows, most_rows, rng))
    if len(kept) < 20:
        raise DataError(f"A glass box needs at least 20 rows, not {len(kept)}.")
    half = len(kept) // 2
    grown, held = table.take(kept[:half]), table.take(kept[half:])
    tree = grow(grown, answers(model, grown), depth=depth, least_rows=max(5, half // 100))
    said, meant = tree.answer(held), answers(model, held)
    draws = rng.multinomial(len(held), np.full(len(held), 1 / len(held)), size=_RESAMPLES)
    weights = np.vstack([np.ones(len(held)), draws])
    agreement = None
    if model.task.is_classification:
        same = (label_codes(model, said) == label_codes(model, meant)).astype(np.float64)
        agreement = _interval(weights @ same / weights.sum(axis=1))
    return Surrogate(
        answers=answer_names(model),
        tree=tree,
        fidelity=_interval(_explained(said, meant, weights)),
        agreement=agreement,
        cost=None if truth is None else _cost(model, metric, truth[kept[half:]], given=(meant, said), weights=weights),
        n_rows=half,
        n_held_out=len(held),
    )


def _explained(said: Array, meant: Array, weights: Array) -> Array:
    """Return R² over all answers under each weighting (n_weightings, n_rows)."""
    total = weights.sum(axis=1, keepdims=True)
    means = weights @ meant / total
    whole = weights @ (meant**2).sum(axis=1) - total[:, 0] * (means**2).sum(axis=1)
    left = weights @ ((meant - said) ** 2).sum(axis=1)
    return np.where(whole > 1e-12, 1.0 - left / np.where(whole > 1e-12, whole, 1.0), 1.0)


def _cost(model: "Model", name: str, truth: Array, *, given: tuple[Array, Array], weights: Array) -> Cost:
    metric = metric_for(model.manifest.metric if name == "auto" else name, model.task)
    scores = []
    for numbers in given:
        looked_at = metric.answers_from(_predictions(model, numbers), model.task)
        if metric.prepare is not None:
            with np.errstate(all="ignore"):  # a resample with one class only is NaN
                scores.append(metric.prepare(truth, looked_at)(np.ascontiguousarray(weights.T)))
        else:
            scores.append(np.array([metric.score(truth, looked_at, w) for w in weights]))
    loss = scores[0] - scores[1] if metric.greater_is_better else scores[1] - scores[0]
    return Cost(metric.name, metric.title, float(scores[0][0]), _interval(loss))


def _predictions(model: "Model", numbers: Array) -> Array:
    if not model.task.is_classification:
        return numbers[:, 0]
    return np.column_stack([1.0 - numbers, numbers]) if model.task.name == "binary" else numbers


def _interval(values: Array) -> Interval:
    """Return the first value with the quantiles of the others, which are resampled."""
    known = values[1:][np.isfinite(values[1:])]
    if not len(known):
        return Interval(float(values[0]), float("nan"), float("nan"))
    half = NormalDist().inv_cdf(0.5 + LEVEL / 2) * float(known.std())
    return Interval(float(values[0]), float(values[0]) - half, float(values[0]) + half)
