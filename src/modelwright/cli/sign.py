"""``modelwright sign``: vouch for a model file with a private key."""

from pathlib import Path
from typing import Any

import click

from modelwright.cli.output import note, show
from modelwright.core.destination import check_writable
from modelwright.core.errors import MissingExtraError, SpecError


@click.command("sign", short_help="Vouch for a model file with a private key.")
@click.argument("model")
@click.option("--key", required=True, metavar="FILE", help="Private key in PEM, on the curve P-256, P-384 or P-521.")
@click.option("--password-file", metavar="FILE", help="The password of the key, in a file.")
@click.option("-o", "--output", metavar="FILE", help="The signature; MODEL.sig by default.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def sign(model: str, key: str, *, password_file: str | None, output: str | None, as_json: bool) -> None:
    """Write a detached signature of the model file MODEL beside it.

    The file itself stays as it is. Whoever has the public key checks it with "modelwright verify MODEL --public-key
    FILE", and "modelwright serve --require-signature" serves nothing else. Needs no network.
    """
    place = output or f"{model}.sig"
    signing = _signing()
    check_writable(place)
    found = signing.sign(model, key, password=_password(password_file), output=place)
    document = {"schema": "modelwright/sign/1", "signature": place, **found.to_json()}
    show(f"Signed {model} with key {found.key[:16]}….", document, as_json=as_json)
    note(f"Wrote {place}.", quiet=as_json)


def _password(path: str | None) -> bytes | None:
    if path is None:
        return None
    try:
        return Path(path).read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise SpecError(f"The password file '{path}' cannot be read: {error.strerror}.") from error


def _signing() -> Any:
    try:
        from modelwright.modelfile import signing  # loads model-signing, which help must not
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("modelwright"):
            raise
        raise MissingExtraError("Signing", "sign") from error
    return signing


def trusted_key(path: str) -> Any:
    """Read a public key to check signatures with.

    Raises:
        MissingExtraError: The library for it is not installed.
        SpecError: It is no such key.
    """
    try:
        from modelwright.modelfile.signature import PublicKey
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("modelwright"):
            raise
        raise MissingExtraError("Checking signatures", "sign") from error
    return PublicKey.read(path)
