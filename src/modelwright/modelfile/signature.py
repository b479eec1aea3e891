"""Detached signatures of model files: who vouches for these very bytes.

The format is that of the ``model-signing`` package, so its own tools check what we sign and we check what they sign.
We check without that package: its verifier takes a path and reads the file again, where a server must know that the
bytes it serves are the bytes that were signed; and it loads ten times what a check needs.

Source:
    OpenSSF Model Signing 1.0: a Sigstore bundle with a DSSE envelope (DSSE protocol 1.0.0) over an in-toto statement.
"""

import base64
import binascii
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from modelwright.core.errors import DataError, FileRefusedError, SpecError

LARGEST = 1024 * 1024
"""Bytes of a signature or a key that are read; real ones have about two thousand."""

PAYLOAD = "application/vnd.in-toto+json"
PREDICATE = "https://model_signing/signature/v1.0"
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}


@final
@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that held.

    Attributes:
        sha256: Of the file.
        key: Fingerprint of the public key.
        name: What the file was called when it was signed; it may be called otherwise now.
    """

    sha256: str
    key: str
    name: str

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {"sha256": self.sha256, "key": self.key, "name": self.name}


@final
@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key whose owner is trusted.

    Attributes:
        key: On the curve P-256, P-384 or P-521.
        fingerprint: SHA-256 of the key in PEM, in hexadecimal.
    """

    key: ec.EllipticCurvePublicKey
    fingerprint: str

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read a PEM file.

        Raises:
            SpecError: There is no such file, or no such key in it.
        """
        try:
            with Path(path).open("rb") as stream:
                key = serialization.load_pem_public_key(stream.read(LARGEST))
        except OSError as error:
            raise SpecError(f"The public key '{path}' cannot be read: {error.strerror}.") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise SpecError(
                f"'{path}' holds no public key in PEM. Make one with: openssl ec -in KEY -pubout -out PUBLIC"
            ) from error
        return cls.of(key, path)

    @classmethod
    def of(cls, key: Any, path: str | os.PathLike[str]) -> Self:
        """Take a key that was read from `path`.

        Raises:
            SpecError: It is on none of the curves.
        """
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _HASHES:
            raise SpecError(f"The key '{path}' is not on the curve P-256, P-384 or P-521.")
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return cls(key, hashlib.sha256(key.public_bytes(serialization.Encoding.PEM, form)).hexdigest())

    def check(self, data: bytes, signature: bytes, name: str) -> Signed:
        """Check that these bytes were signed with the private half of this key.

        Args:
            data: The whole model file.
            signature: The whole signature file.
            name: The model file's, for errors.

        Raises:
            FileRefusedError: They were not, or the signature cannot be read.
        """
        hint, payload, signed = _envelope(signature, name)
        if hint is not None and hint != self.fingerprint:
            raise FileRefusedError(
                f"'{name}' was signed with another key: {hint[:16]}… where {self.fingerprint[:16]}… is trusted."
            )
        length = len(PAYLOAD)
        framed = b"DSSEv1 %d %s %d %s" % (length, PAYLOAD.encode(), len(payload), payload)
        try:
            self.key.verify(signed, framed, ec.ECDSA(_HASHES[self.key.curve.name]))
        except InvalidSignature:
            raise FileRefusedError(f"The signature of '{name}' is forged or damaged.") from None
        found, called = _statement(payload, name)  # only now: its author is known
        digest = hashlib.sha256(data).hexdigest()
        if found != digest:
            raise FileRefusedError(f"'{name}' is not the file that was signed: its bytes have changed since.")
        return Signed(digest, self.fingerprint, called)

    def check_beside(
        self, data: bytes, path: str | os.PathLike[str], signature: str | os.PathLike[str] | None = None
    ) -> Signed:
        """Check the bytes of the file at `path` against the signature that lies beside it, or elsewhere.

        Raises:
            FileRefusedError: As `check`, or there is no signature.
            DataError: The signature may not be read.
        """
        place = beside(path) if signature is None else Path(signature)
        try:
            with place.open("rb") as stream:
                found = stream.read(LARGEST + 1)
        except FileNotFoundError:
            raise FileRefusedError(
                f"'{path}' is not signed: there is no '{place}'. Sign it with: modelwright sign {path} --key KEY"
            ) from None
        except OSError as error:
            raise DataError(f"The signature '{place}' cannot be read: {error.strerror}.") from error
        return self.check(data, found, os.fspath(path))


def beside(path: str | os.PathLike[str]) -> Path:
    """Return where the signature of a file lies: ``y.onnx.sig`` beside ``y.onnx``."""
    return Path(f"{os.fspath(path)}.sig")


def _envelope(signature: bytes, name: str) -> tuple[str | None, bytes, bytes]:
    """Return the fingerprint that a bundle names, what was signed, and the signature itself."""
    try:
        if len(signature) > LARGEST:
            raise ValueError("too large")
        bundle = json.loads(signature)
        envelope = bundle["dsseEnvelope"]
        (only,) = envelope["signatures"]
        if envelope["payloadType"] != PAYLOAD:
            raise ValueError("another payload")
        hint = bundle["verificationMaterial"]["publicKey"].get("hint")
        if hint is not None and not isinstance(hint, str):
            raise TypeError("the hint is no text")
        return hint, _plain(envelope["payload"]), _plain(only["sig"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise FileRefusedError(
            f"The signature of '{name}' is no bundle that was made with a key. Sign it with: modelwright sign"
        ) from None


def _statement(payload: bytes, name: str) -> tuple[str, str]:
    """Return the digest and the name of the one file that a signed statement is about."""
    try:
        statement = json.loads(payload)
        (resource,) = statement["predicate"]["resources"]
        (subject,) = statement["subject"]
        if statement["predicateType"] != PREDICATE or resource["algorithm"] != "sha256":
            raise ValueError("another kind of statement")
        return str(resource["digest"]), str(subject["name"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise FileRefusedError(f"The signature of '{name}' is not about one file and its SHA-256.") from None


def _plain(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
