"""Files of several targets on the command line: one is chosen with ``--for``, or all are shown in turn."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import modelwright
from modelwright.core.errors import SeveralTargetsError
from modelwright.model.naming import part_names

if TYPE_CHECKING:
    from modelwright.model.joint import JointModel
    from modelwright.model.model import Model

for_target = click.option(
    "--for", "chosen", metavar="TARGET", help="Of a file of several targets, the one that is meant."
)


with_groups = click.option(
    "--groups",
    metavar="COL",
    help="Column whose equal values come together, such as a patient: intervals draw them whole. That of the fit by"
    " default, where DATA has it.",
)


def opened(path: str, chosen: str | None = None) -> "Model":
    """Open the model of one target.

    Raises:
        SeveralTargetsError: The file has several, and none is chosen.
        SpecError: The file does not have the one that is chosen.
    """
    from modelwright.model.joint import JointModel  # help loads no runtime

    model = either(path, chosen)
    if isinstance(model, JointModel):
        raise SeveralTargetsError(model.targets)
    return model


def either(path: str, chosen: str | None = None) -> "Model | JointModel":
    """Open a model file: of the target that is chosen, else of all that it has.

    Raises:
        SpecError: The file does not have the target that is chosen.
    """
    model: Model | JointModel = modelwright.load(path, target=chosen)
    return model


def in_turn(model: "JointModel", told: Callable[["Model"], str]) -> str:
    """Return what is told of every target, each under its name."""
    return "\n\n".join(f"{name}\n{'─' * len(name)}\n{told(part)}" for name, part in model.items())


def beside_targets(path: Path, targets: Iterable[str]) -> dict[str, Path]:
    """Return by target the name of a file of its own, no two alike: ``shop.html`` becomes ``shop.price.html``."""
    return {target: path.with_name(name + path.suffix) for target, name in part_names(path.stem, targets).items()}


def targets_document(
    verb: str, path: str, model: "JointModel", of_target: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """Return the document of a command that showed every target: the command's own document for each, by name."""
    return {
        "schema": "modelwright/targets/1",
        "verb": verb,
        "model": path,
        "digest": model.digest,
        "size_bytes": model.size_bytes,
        "outputs": {target: dict(names) for target, names in model.outputs.items()},
        "targets": dict(of_target),
        **more,
    }
