"""The sums inside a model file: which forests and weighted features add up to what, below the links of the answer."""

from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.insight.encoding import Encoding
from modelwright.insight.scale import Scale
from modelwright.modelfile.anatomy import Anatomy, Operator

_SAME = frozenset({"Identity", "Reshape", "Squeeze", "Unsqueeze"})
_LINKS = frozenset({"Sigmoid", "Softmax", "Exp", "Softplus"})
"""What bends a sum on its way to the answer."""


@final
@dataclass(frozen=True, slots=True)
class Term:
    """An operator whose answer counts so often in a sum.

    Attributes:
        operator: A forest, or features times weights.
        share: How often.
    """

    operator: Operator
    share: float


@final
@dataclass(frozen=True, slots=True)
class Sums:
    """What a file adds up.

    Attributes:
        terms: The terms of each sum; there is one for every link, and none without terms.
        whole: The tensor of the explained number where that is the one sum, with nothing else in it.
    """

    terms: tuple[tuple[Term, ...], ...]
    whole: str | None

    @classmethod
    def of(cls, encoding: Encoding, scale: Scale, width: int) -> "Sums":
        """Find the sums of a file that was cut.

        Args:
            encoding: The cut.
            scale: In which answers are explained.
            width: Numbers that are explained of a row; sums have as many.
        """
        log_odds = _log_odds(encoding.anatomy, encoding.output)
        start = encoding.output if log_odds is None else log_odds
        found: list[list[Term]] = [[]]
        is_whole = _follow(encoding, width, start, share=1.0, terms=found[0], found=found)
        is_explained = width == 1 and (scale == "value" or (scale == "margin" and log_odds is not None))
        return cls(tuple(tuple(terms) for terms in found if terms), start if is_whole and is_explained else None)


def _follow(
    encoding: Encoding, width: int, tensor: str, *, share: float, terms: list[Term], found: list[list[Term]]
) -> bool:
    """Gather the terms of a sum, and those of sums below links as sums of their own; return whether that is all."""
    anatomy = encoding.anatomy
    operator = anatomy.makers.get(tensor)
    if tensor in anatomy.constants:
        return True  # the same for every row
    if operator is None:
        return False
    if _is_part(encoding, operator, width):
        terms.append(Term(operator, share))
        return True
    if operator.kind in _LINKS:
        found.append([])
        _follow(encoding, width, operator.inputs[0], share=1.0, terms=found[-1], found=found)
        return False
    is_sum = bool(addends := _addends(anatomy, operator))
    for name, factor in addends:  # all are followed, also behind one that is something else
        is_sum &= _follow(encoding, width, name, share=share * factor, terms=terms, found=found)
    return is_sum


def _addends(anatomy: Anatomy, operator: Operator) -> list[tuple[str, float]]:
    """Return the tensors that an operator adds up, and how often; none where it does anything else."""
    kind, inputs = operator.kind, operator.inputs
    if kind in _SAME:
        return [(inputs[0], 1.0)]
    if kind in ("Add", "Sub"):
        return [(inputs[0], 1.0), (inputs[1], 1.0 if kind == "Add" else -1.0)]
    if kind not in ("Mul", "Div"):
        return []
    first, second = (_number(anatomy, name) for name in inputs)
    if second and first is None:
        return [(inputs[0], second if kind == "Mul" else 1.0 / second)]
    return [(inputs[1], first)] if first is not None and second is None and kind == "Mul" else []


def _log_odds(anatomy: Anatomy, output: str) -> str | None:
    """Return the tensor of the log-odds where the output is the probabilities of two classes, 1 - p and p."""
    made = anatomy.makers.get(output)
    while made is not None and made.kind in _SAME:
        made = anatomy.makers.get(made.inputs[0])
    if made is None or made.kind != "Concat" or len(made.inputs) != 2:
        return None
    rest, positive = (anatomy.makers.get(name) for name in made.inputs)
    if rest is None or positive is None or (rest.kind, positive.kind) != ("Sub", "Sigmoid"):
        return None
    is_rest = rest.inputs[1] == made.inputs[1] and _number(anatomy, rest.inputs[0]) == 1.0
    return positive.inputs[0] if is_rest else None


def _is_part(encoding: Encoding, operator: Operator, width: int) -> bool:
    anatomy = encoding.anatomy
    if not operator.inputs or operator.inputs[0] not in encoding.columns:
        return False
    if operator.kind == "TreeEnsemble":
        return anatomy.attributes(operator).get("n_targets") == width
    weights = operator.inputs[1] if operator.kind == "MatMul" else ""
    shape = (len(encoding.columns[operator.inputs[0]]), width)
    return weights in anatomy.constants and anatomy.constant(weights).shape == shape


def _number(anatomy: Anatomy, name: str) -> float | None:
    """Return an initialiser of one number."""
    if name not in anatomy.constants:
        return None
    values = anatomy.constant(name)
    return float(values.ravel()[0]) if values.size == 1 and np.issubdtype(values.dtype, np.number) else None
