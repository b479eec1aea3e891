"""``modelwright deploy``: write what brings a model file to a container, a cloud or a cluster."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import click

from modelwright.cli.output import grid, show
from modelwright.cli.targets import either, for_target
from modelwright.core.catalog import load
from modelwright.core.errors import SpecError
from modelwright.deploy.catalog import TARGETS


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, one field each."""

    target: str
    model: str
    chosen: str | None
    output: str | None
    name: str | None
    values: tuple[str, ...]
    wheel: str | None
    python: str
    force: bool
    dry_run: bool
    as_json: bool


@click.command("deploy", short_help="Write what brings a model file to a container or a cloud.")
@click.argument("target", metavar="[" + "|".join(TARGETS) + "]")
@click.argument("model")
@for_target
@click.option("-o", "--output", metavar="DIR", help="The folder to make; NAME-TARGET by default.")
@click.option("--name", metavar="NAME", help="Name of the service; the file's by default.")
@click.option("--set", "values", multiple=True, metavar="WHAT=VALUE", help="Fill in image, region, role, …; repeated.")
@click.option("--wheel", metavar="FILE", help="Install this wheel of modelwright, not the released package.")
@click.option("--python", default="3.13", show_default=True, help="Version of Python in the image.")
@click.option("--force", is_flag=True, help="Replace the bundle that is in the folder.")
@click.option("--dry-run", is_flag=True, help="Write nothing; print the calls to make as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def deploy(**options: Any) -> None:  # click hands over options by name
    """Write a folder that brings the model file MODEL to a platform.

    It holds a Dockerfile, the model, the platform's manifests, a request to try, and a README with the calls to make.
    Nothing is sent anywhere.
    """
    asked = Asked(**options)
    target = load(TARGETS, asked.target, "target")
    from modelwright.deploy import folder  # loads ONNX Runtime, which help must not
    from modelwright.deploy.base import Order, service_name

    values = _values(asked.values)
    folder.check_values(target, values)
    place = Path(asked.model)
    order = Order(
        either(asked.model, asked.chosen),
        asked.name or service_name(place),
        asked.python,
        None if asked.wheel is None else Path(asked.wheel),
        values,
    )
    bundle = target.build(order)
    document = folder.document(target, order, bundle)
    if asked.dry_run:
        show("", {**document, "dry_run": True, "folder": None}, as_json=True)
        return
    output = Path(asked.output or f"{order.name}-{target.name}")
    folder.write(target, order, bundle, output, force=asked.force)
    rows = [
        ("Folder", str(output)),
        ("Files", ", ".join(document["files"])),
        ("Fill in", ", ".join(document["blanks"]) or "nothing"),
        ("Next", f"the {len(bundle.calls)} calls of {output / 'README.md'}"),
    ]
    show(grid(rows), {**document, "dry_run": False, "folder": str(output)}, as_json=asked.as_json)


def _values(texts: tuple[str, ...]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not value:
            raise SpecError(f"'{text}' does not read WHAT=VALUE, such as region=eu-west-1.")
        values[name] = value
    return values
