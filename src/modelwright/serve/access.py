"""Who may ask: bearer tokens, kept as digests, and the names by which the server may be called."""

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from pathlib import Path

from modelwright.core.errors import DataError, SpecError
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.settings import Access

LOOPBACK = ("localhost", "127.0.0.1", "::1")
SHORTEST_TOKEN = 16
_DIGEST = "sha256:"


def check_token(authorization: str, access: Access) -> None:
    """Let a request pass or refuse it; the time does not depend on which token is near.

    Raises:
        RefusedRequestError: No token is given, or none of ours.
    """
    if not access.token_digests:
        return
    scheme, _, token = authorization.partition(" ")
    digest = token_digest(token.strip())
    found = False
    for known in access.token_digests:
        found |= hmac.compare_digest(digest, known)
    if not found or scheme.lower() != "bearer":
        raise RefusedRequestError(401, "A valid token is needed: Authorization: Bearer TOKEN.")


def check_host(host: str, access: Access) -> None:
    """Refuse a Host header that is not ours, by which a page in a browser could reach a local server.

    Raises:
        RefusedRequestError: The name is not allowed.
    """
    if "*" not in access.hosts and host_name(host) not in access.hosts:
        raise RefusedRequestError(421, "The Host header names no allowed host. Allow it with --allowed-host.")


def host_name(host: str) -> str:
    """Return the name in a Host header, in small letters, without port and brackets."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].removesuffix(".")


def token_digest(token: str) -> str:
    """Return the SHA-256 of a token in hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def read_tokens(path: str) -> tuple[str, ...]:
    """Return the digests of the tokens in a file: one a line, plain or as ``sha256:`` and 64 hexadecimal digits.

    Raises:
        DataError: The file cannot be read.
        SpecError: It holds no token, or one that could be guessed.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The token file '{path}' cannot be read. Give a text file with one token a line.") from error
    digests = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        digests.append(_digest_of(text, f"'{path}', line {number}"))
    if not digests:
        raise SpecError(f"The token file '{path}' holds no token. Write one a line: openssl rand -hex 32")
    return tuple(digests)


def access_for(host: str, tokens: tuple[str, ...], allowed: Iterable[str], *, is_open: bool) -> Access:
    """Return who may ask a server at an address.

    Args:
        host: The address that is bound.
        tokens: Digests of tokens.
        allowed: Names allowed in the Host header.
        is_open: Whether the user said that nobody needs a token.

    Raises:
        SpecError: The address can be reached from elsewhere, and neither tokens nor `is_open` are given.
    """
    local = is_loopback(host)
    if not local and not tokens and not is_open:
        raise SpecError(
            f"'{host}' can be reached from other machines. Give --auth-token-file FILE, or --no-auth if anybody "
            "may ask."
        )
    names = tuple(host_name(name) for name in allowed)
    if not names:
        names = (*LOOPBACK, host.lower()) if local else ("*",)
    return Access(tokens, names)


def is_loopback(host: str) -> bool:
    """Return whether an address can be reached from this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _digest_of(text: str, where: str) -> str:
    if text.startswith(_DIGEST):
        digest = text.removeprefix(_DIGEST).strip().lower()
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise SpecError(f"{where}: after 'sha256:' 64 hexadecimal digits are expected.")
        return digest
    if len(text) < SHORTEST_TOKEN:
        raise SpecError(
            f"{where}: a token of fewer than {SHORTEST_TOKEN} characters can be guessed. Make a longer one."
        )
    return token_digest(text)
