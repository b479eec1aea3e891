"""The first argument of every verb: a model in hand, or the name of its file."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelwright.model.model import Model


def opened(model: "Model | str | os.PathLike[str]") -> "Model":
    """Return a model as it is, or open the file that is named.

    Raises:
        DataError: There is no such file.
        FileRefusedError: It is damaged, foreign, too new or hostile.
    """
    if not isinstance(model, str | os.PathLike):
        return model
    from modelwright.model.model import Model  # a model in hand needs no opening, and help no runtime

    return Model.open(Path(model))
