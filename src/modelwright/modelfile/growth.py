"""Tensors that a graph makes larger than what it was given: only as large as the rows or a modest constant ask.

A few bytes can ask for terabytes (``ConstantOfShape`` of a huge size). So the operators that take sizes as input may
take them from constants within a cap and from the shapes of other tensors, rearranged but never computed with.
This stops the plain bombs; what arithmetic on large tensors can still waste is for the operating system to bound.
"""

from collections.abc import Mapping
from math import prod

from modelwright.core.errors import FileRefusedError

LARGEST_GROWTH = 1 << 24
"""Product of the sizes that constants may ask for."""

GROWING: Mapping[str, int] = {"ConstantOfShape": 0, "Expand": 1, "OneHot": 1, "Tile": 1}
"""Operators that take sizes, and which input holds them."""

_REARRANGING = frozenset({"Cast", "Concat", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Unsqueeze"})
_MOST_STEPS = 64

Node = tuple[str, list[str], list[str]]
"""Operator type, inputs, outputs."""


def check(nodes: list[Node], constants: Mapping[str, list[int]]) -> None:
    """Refuse a graph that asks for sizes it should not.

    Args:
        nodes: Every operator.
        constants: Values of the small whole-number initialisers, by name.

    Raises:
        FileRefusedError: A size is computed or too large; the text names the operator.
    """
    growing = [(kind, inputs[GROWING[kind]]) for kind, inputs, _ in nodes if len(inputs) > GROWING.get(kind, 1 << 30)]
    if not growing:
        return
    makers = {name: (kind, inputs) for kind, inputs, outputs in nodes for name in outputs}
    for kind, sizes in growing:
        _check_sizes(kind, sizes, makers, constants)


def _check_sizes(
    kind: str, sizes: str, makers: Mapping[str, tuple[str, list[str]]], constants: Mapping[str, list[int]]
) -> None:
    asked, left, steps = 1, [sizes], 0
    while left:
        name, steps = left.pop(), steps + 1
        maker, inputs = makers.get(name, ("", []))
        if maker == "Shape":
            continue
        if maker in _REARRANGING:
            left += inputs
        elif name in constants and not maker:
            asked *= prod(abs(v) for v in constants[name] if v)
        else:
            raise FileRefusedError(f"The model file computes the sizes for its operator '{kind}'; that is not allowed.")
        if asked > LARGEST_GROWTH or steps > _MOST_STEPS:
            raise FileRefusedError(f"The model file asks its operator '{kind}' for a tensor that is far too large.")
