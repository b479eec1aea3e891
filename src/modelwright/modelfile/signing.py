"""Signing a model file with a private key: offline, in the format of the ``model-signing`` package."""

import os
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from model_signing import signing

from modelwright.core.destination import whole_file
from modelwright.core.errors import FileRefusedError, SpecError
from modelwright.modelfile import store
from modelwright.modelfile.audit import audit
from modelwright.modelfile.signature import PublicKey, Signed, beside


def sign(
    path: str | os.PathLike[str],
    key: str | os.PathLike[str],
    *,
    password: bytes | None = None,
    output: str | os.PathLike[str] | None = None,
) -> Signed:
    """Write the signature of a model file, and check it as those will who trust the key.

    The file is audited first: a signature says that somebody vouches for it.

    Args:
        path: The model file.
        key: The private key, PEM, on the curve P-256, P-384 or P-521.
        password: Of the key, where it has one.
        output: Where the signature goes; beside the file, as ``y.onnx.sig``, by default.

    Raises:
        DataError: There is no such file.
        FileRefusedError: It is refused, or changed while it was signed.
        OutputError: The signature cannot be written.
        SpecError: The key cannot be used.
    """
    data = store.read(path)
    try:
        audit(data)
    except FileRefusedError as error:
        raise FileRefusedError(f"'{path}' is refused. {error}") from error
    public = PublicKey.of(_private(key, password).public_key(), key)
    place = beside(path) if output is None else Path(output)
    config: Any = signing.Config()  # type: ignore[no-untyped-call]  # the package types all but this
    config.use_elliptic_key_signer(private_key=key, password=password)  # declared a text, taken as bytes
    with whole_file(place) as unfinished:
        config.sign(Path(path).resolve(), unfinished)  # it follows no links
        return public.check(data, unfinished.read_bytes(), os.fspath(path))


def _private(path: str | os.PathLike[str], password: bytes | None) -> Any:
    try:
        return serialization.load_pem_private_key(Path(path).read_bytes(), password)
    except OSError as error:
        raise SpecError(f"The key '{path}' cannot be read: {error.strerror}.") from error
    except TypeError as error:
        needs = "needs a password: --password-file FILE" if password is None else "has no password"
        raise SpecError(f"The key '{path}' {needs}.") from error
    except ValueError as error:
        raise SpecError(
            f"'{path}' holds no private key in PEM, or the password is wrong. Make a key with: "
            "openssl ecparam -name prime256v1 -genkey -noout -out KEY"
        ) from error
