"""The proof that a file of several targets answers as the files that it is made of."""

import numpy as np

from modelwright.core.errors import GateError
from modelwright.core.table import Array
from modelwright.model.chunks import chunks
from modelwright.model.hostile import hostile_rows
from modelwright.model.session import Session
from modelwright.modelfile.joint import Joint

ROWS = 300
"""Rows made to break things that both are asked for."""


def prove_joint(joint: Joint, seed: int) -> None:
    """Ask the whole and every part for all outputs of the same rows.

    The parts were proven against the training libraries when they were written, and the whole holds their bytes; this
    shows that ONNX Runtime too takes the whole for nothing else.

    Args:
        joint: The file.
        seed: Seed of the rows.

    Raises:
        GateError: An output differs.
    """
    whole = Session(joint.data)
    rows = hostile_rows(joint.schema, ROWS, seed)
    for target, part in joint.parts.items():
        outputs = joint.outputs[target]
        alone, columns = Session(part.data), part.contents.schema.names
        for inputs in chunks(rows):
            given = whole.run(list(outputs.values()), inputs)
            expected = alone.run(list(outputs), {name: inputs[name] for name in columns})
            for name, found, wanted in zip(outputs, given, expected, strict=True):
                if not _are_same(found, wanted):
                    raise GateError(
                        f"The file of several targets would give another {name} of '{target}' than that target's own."
                        " No file was written. This is a fault of ours: please report it with the data's schema."
                    )


def _are_same(found: Array, wanted: Array) -> bool:
    return bool(np.array_equal(found, wanted, equal_nan=found.dtype.kind == "f"))
