"""Detached signatures: they hold for the very bytes and the one key, and for nothing else."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from modelwright.cli.program import program
from modelwright.core.errors import FileRefusedError, SpecError

pytest.importorskip("model_signing", reason="the extra 'sign' is not installed")
from model_signing import signing as theirs_signing
from model_signing import verifying

from modelwright.modelfile.signature import PublicKey, beside
from modelwright.modelfile.signing import sign

Keys = tuple[Path, Path]


def made_key(folder: Path, name: str, key: Any = None, password: bytes | None = None) -> Keys:
    key = key or ec.generate_private_key(ec.SECP256R1())
    cipher = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, cipher))
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return private, public


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return made_key(tmp_path, "ours")


@pytest.fixture
def file(tmp_path: Path, small_file: Callable[..., bytes]) -> Path:
    path = tmp_path / "y.onnx"
    path.write_bytes(small_file())
    return path


def run(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(program, [str(word) for word in words], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_what_was_signed_holds(tmp_path: Path, file: Path, curve: Any) -> None:
    private, public = made_key(tmp_path, "k", ec.generate_private_key(curve))
    signed = sign(file, private)
    found = PublicKey.read(public).check_beside(file.read_bytes(), file)
    assert found == signed
    assert (found.sha256, found.name) == (hashlib.sha256(file.read_bytes()).hexdigest(), "y.onnx")


def test_the_packages_own_verifier_and_signer_agree(file: Path, keys: Keys, tmp_path: Path) -> None:
    private, public = keys
    sign(file, private)
    verifying.Config().use_elliptic_key_verifier(public_key=public).verify(file, beside(file))
    other = tmp_path / "theirs.sig"
    theirs_signing.Config().use_elliptic_key_signer(private_key=private).sign(file, other)
    assert PublicKey.read(public).check_beside(file.read_bytes(), file, other).name == "y.onnx"


def test_every_flipped_byte_of_the_file_is_noticed(file: Path, keys: Keys) -> None:
    sign(file, keys[0])
    key, data, signature = PublicKey.read(keys[1]), file.read_bytes(), beside(file).read_bytes()
    for at in (*range(0, len(data), max(1, len(data) // 200)), len(data) - 1):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(FileRefusedError, match="bytes have changed"):
            key.check(bytes(changed), signature, "y.onnx")
    with pytest.raises(FileRefusedError, match="bytes have changed"):
        key.check(data + b"\0", signature, "y.onnx")


def test_every_flipped_byte_of_what_is_signed_is_noticed(file: Path, keys: Keys) -> None:
    sign(file, keys[0])
    key, data, bundle = PublicKey.read(keys[1]), file.read_bytes(), json.loads(beside(file).read_bytes())
    envelope = bundle["dsseEnvelope"]
    for holder, name in ((envelope, "payload"), (envelope["signatures"][0], "sig")):
        whole = base64.b64decode(holder[name])
        for at in range(len(whole)):
            holder[name] = base64.b64encode(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]).decode()
            with pytest.raises(FileRefusedError, match="forged or damaged"):
                key.check(data, json.dumps(bundle).encode(), "y.onnx")
        holder[name] = base64.b64encode(whole).decode()
    assert key.check(data, json.dumps(bundle).encode(), "y.onnx")


def test_another_key_is_not_trusted_whatever_the_bundle_says_of_itself(file: Path, keys: Keys, tmp_path: Path) -> None:
    sign(file, keys[0])
    other = PublicKey.read(made_key(tmp_path, "other")[1])
    with pytest.raises(FileRefusedError, match="another key"):
        other.check_beside(file.read_bytes(), file)
    bundle = json.loads(beside(file).read_bytes())
    for hint in (other.fingerprint, None):
        bundle["verificationMaterial"]["publicKey"] = {"hint": hint} if hint else {}
        with pytest.raises(FileRefusedError, match="forged or damaged"):
            other.check(file.read_bytes(), json.dumps(bundle).encode(), "y.onnx")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 100_000,
        '{"dsseEnvelope": {}}',
        '{"dsseEnvelope": {"signatures": [{"sig": "??"}], "payloadType": "application/vnd.in-toto+json",'
        ' "payload": "e30="}, "verificationMaterial": {"publicKey": {}}}',
        '{"dsseEnvelope": {"signatures": [{"sig": 3}], "payloadType": "application/vnd.in-toto+json",'
        ' "payload": "e30="}, "verificationMaterial": {"publicKey": {}}}',
        '{"dsseEnvelope": {"signatures": [{"sig": "e30="}], "payloadType": "text/plain",'
        ' "payload": "e30="}, "verificationMaterial": {"publicKey": {}}}',
        '{"dsseEnvelope": {"signatures": [{"sig": "e30="}], "payloadType": "application/vnd.in-toto+json",'
        ' "payload": "e30="}, "verificationMaterial": {"certificate": {}}}',
        " " * (1024 * 1024 + 1),
    ],
    ids=range(11),
)
def test_what_is_no_signature_is_refused(text: str, keys: Keys) -> None:
    with pytest.raises(FileRefusedError, match="no bundle"):
        PublicKey.read(keys[1]).check(b"data", text.encode(), "y.onnx")


@pytest.mark.parametrize("payload", [b"{}", b"[]", b'{"predicate": {"resources": []}}', b"\xff"])
def test_a_statement_about_something_else_is_refused(payload: bytes, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    kind = "application/vnd.in-toto+json"
    framed = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    from cryptography.hazmat.primitives import hashes

    sig = base64.b64encode(key.sign(framed, ec.ECDSA(hashes.SHA256()))).decode()
    envelope = {"signatures": [{"sig": sig}], "payloadType": kind, "payload": base64.b64encode(payload).decode()}
    bundle = {"dsseEnvelope": envelope, "verificationMaterial": {"publicKey": {}}}
    public = PublicKey.read(made_key(tmp_path, "k", key)[1])
    with pytest.raises(FileRefusedError, match="not about one file"):
        public.check(b"data", json.dumps(bundle).encode(), "y.onnx")


def test_keys_that_cannot_be_used_are_told(file: Path, tmp_path: Path, keys: Keys) -> None:
    rsa_private, rsa_public = made_key(tmp_path, "rsa", rsa.generate_private_key(65537, 2048))
    small_private, small_public = made_key(tmp_path, "small", ec.generate_private_key(ec.SECP256K1()))
    for public in (rsa_public, small_public):
        with pytest.raises(SpecError, match="not on the curve"):
            PublicKey.read(public)
    for private in (rsa_private, small_private):
        with pytest.raises(SpecError, match="not on the curve"):
            sign(file, private)
    for path in (keys[0], tmp_path / "none"):
        with pytest.raises(SpecError, match=r"no public key|cannot be read"):
            PublicKey.read(path)
    with pytest.raises(SpecError, match="no private key"):
        sign(file, keys[1])
    assert not beside(file).exists()


def test_a_key_with_a_password_signs(file: Path, tmp_path: Path) -> None:
    private, public = made_key(tmp_path, "locked", password=b"correct horse")
    (tmp_path / "password").write_text("correct horse\n")
    (tmp_path / "wrong").write_text("battery staple")
    assert run("sign", file, "--key", private)[0] == 2
    assert run("sign", file, "--key", private, "--password-file", tmp_path / "wrong")[0] == 2
    assert run("sign", file, "--key", private, "--password-file", tmp_path / "password")[0] == 0
    assert PublicKey.read(public).check_beside(file.read_bytes(), file)


def test_a_file_that_is_no_model_is_not_signed(tmp_path: Path, keys: Keys) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    assert run("sign", tmp_path / "bad.onnx", "--key", keys[0])[0] == 6
    assert not (tmp_path / "bad.onnx.sig").exists()


def test_the_commands_sign_and_verify(file: Path, keys: Keys, tmp_path: Path) -> None:
    private, public = keys
    code, told, _ = run("verify", file, "--public-key", public, "--json")
    assert code == 6
    assert told == ""
    code, told, _ = run("sign", file, "--key", private, "--json")
    signed = json.loads(told)
    assert (code, signed["schema"], signed["signature"]) == (0, "modelwright/sign/1", f"{file}.sig")
    code, told, _ = run("verify", file, "--public-key", public, "--json")
    assert code == 0
    assert json.loads(told)["signature"] == {name: signed[name] for name in ("sha256", "key", "name")}
    assert "by key" in run("verify", file, "--public-key", public)[1]
    assert json.loads(run("verify", file, "--json")[1])["signature"] is None
    moved = tmp_path / "elsewhere.sig"
    beside(file).rename(moved)
    assert run("verify", file, "--public-key", public, "--signature", moved)[0] == 0
    assert run("verify", file, "--public-key", public)[0] == 6
    assert run("verify", file, "--signature", moved)[0] == 2
    assert run("verify", file, "--public-key", made_key(tmp_path, "other")[1], "--signature", moved)[0] == 6


def test_a_link_is_signed_as_the_file_it_means(file: Path, keys: Keys, tmp_path: Path) -> None:
    link = tmp_path / "latest.onnx"
    link.symlink_to(file)
    assert sign(link, keys[0]).name == "y.onnx"
    assert PublicKey.read(keys[1]).check_beside(link.read_bytes(), link)
