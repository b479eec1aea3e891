"""``modelwright register``: give a model file a name where others look for models."""

import re

import click

from modelwright.cli.output import grid, show
from modelwright.cli.targets import either, for_target
from modelwright.core.errors import SpecError

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)
_ALIAS = re.compile(r"[A-Za-z][\w-]{0,31}", re.ASCII)  # shorter than a digest, which names versions


@click.command("register", short_help="Give a model file a name in a folder or on an MLflow server.")
@click.argument("model")
@for_target
@click.option("--to", "address", required=True, metavar="DIR|URI", help="The folder, or the MLflow server or database.")
@click.option("--name", required=True, metavar="NAME", help="Of the registered model.")
@click.option("--alias", metavar="ALIAS", help="What then means this version and no other, such as champion.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def register(model: str, address: str, name: str, alias: str | None, *, chosen: str | None, as_json: bool) -> None:
    """Keep the model file MODEL as the newest version of a name.

    In a folder it becomes NAME/DIGEST.onnx, and NAME/ALIAS.onnx is replaced in one move: a server that was started
    with that file takes the new one over.
    """
    if not _NAME.fullmatch(name):
        raise SpecError(f"'{name}' cannot name a model. Use letters, digits, dots, dashes and underscores: churn")
    if alias is not None and not _ALIAS.fullmatch(alias):
        raise SpecError(f"'{alias}' cannot be an alias. Use at most 32 letters, digits and dashes: champion")
    from modelwright.track.listener import store_at  # loads ONNX Runtime, which help must not

    opened = either(model, chosen)
    place = store_at(address).register(opened, name, alias)
    document = {
        "schema": "modelwright/register/1",
        "model": model,
        "digest": opened.digest,
        "name": name,
        "alias": alias,
        "place": place,
    }
    rows = [("Name", name), ("Alias", alias or "none"), ("Digest", opened.digest), ("Place", place)]
    show(grid(rows), document, as_json=as_json)
