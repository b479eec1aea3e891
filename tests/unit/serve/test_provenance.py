"""A server that requires signatures opens, and takes over, nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

pytest.importorskip("model_signing", reason="the extra 'sign' is not installed")

from modelwright.core.errors import FileRefusedError, SpecError
from modelwright.model.model import Model
from modelwright.modelfile.signature import beside
from modelwright.modelfile.signing import sign
from modelwright.serve.app import application
from modelwright.serve.provenance import Provenance
from modelwright.serve.settings import Settings
from modelwright.serve.shelf import Shelf
from modelwright.serve.threaded import Threaded

Build = Callable[..., bytes]
Keys = tuple[Path, Path]


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = tmp_path / "k.pem", tmp_path / "k.pub"
    plain = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, form))
    return private, public


@pytest.fixture
def file(tmp_path: Path, small_file: Build, keys: Keys) -> Path:
    path = tmp_path / "m.onnx"
    path.write_bytes(small_file())
    sign(path, keys[0])
    return path


def replaced(path: Path, data: bytes) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.write_bytes(data)
    unfinished.replace(path)


def test_signed_files_are_opened_and_others_are_not(file: Path, keys: Keys, small_file: Build) -> None:
    provenance = Provenance.of(str(keys[1]))
    assert provenance.open(file).path == file
    replaced(file, small_file("multiclass"))
    with pytest.raises(FileRefusedError, match="bytes have changed"):
        provenance.open(file)
    beside(file).unlink()
    with pytest.raises(FileRefusedError, match="not signed"):
        provenance.open(file)
    assert Provenance.of(None).open(file).classes == (3, 5, 8)


def test_a_key_that_is_none_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot be read"):
        Provenance.of(str(tmp_path / "none.pub"))


def test_embedded_models_are_checked_too(file: Path, keys: Keys, small_file: Build) -> None:
    settings = Settings(log_level="error", public_key=str(keys[1]))
    assert Threaded(str(file), settings).service.is_ready
    assert application({"m": Model.open(file)}, settings).state.service.is_ready
    with pytest.raises(FileRefusedError, match="without a file"):
        application({"m": Model.open(small_file())}, settings)
    beside(file).unlink()
    with pytest.raises(FileRefusedError, match="not signed"):
        Threaded({"m": str(file)}, settings)
    with pytest.raises(FileRefusedError, match="not signed"):
        application({"m": Model.open(file)}, settings)


def test_a_refused_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_text("a,b\n1,2\n")
    with pytest.raises(FileRefusedError, match=r"m\.onnx' is refused\. The model file is damaged"):
        Provenance.of(None).open(tmp_path / "m.onnx")


def test_a_replaced_file_is_taken_over_once_it_is_signed(file: Path, keys: Keys, small_file: Build) -> None:
    told: list[tuple[str, str, Any]] = []
    shelf = Shelf({"m": Model.open(file)}, Provenance.of(str(keys[1])))
    replaced(file, small_file("multiclass"))
    for _ in range(2):  # refused once, and not tried again until something changes
        shelf.refresh(lambda *what: told.append(what))
    assert [(name, "bytes have changed" in what) for name, what, _ in told] == [("m", True)]
    assert shelf.get("m").model.classes == ("no", "yes")
    sign(file, keys[0])  # the file stays as it is; its signature arrives later
    shelf.refresh(lambda *what: told.append(what))
    assert told[-1][1] == "replaced"
    assert shelf.get("m").model.classes == (3, 5, 8)


def test_a_file_whose_signature_is_taken_away_is_not_served_again(file: Path, keys: Keys, small_file: Build) -> None:
    told: list[tuple[str, str, Any]] = []
    shelf = Shelf({"m": Model.open(file)}, Provenance.of(str(keys[1])))
    beside(file).unlink()
    replaced(file, small_file("multiclass"))
    shelf.refresh(lambda *what: told.append(what))
    assert "not signed" in told[0][1]
    assert shelf.get("m").model.classes == ("no", "yes")
