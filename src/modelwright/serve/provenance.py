"""Where the files of a server may come from: anywhere, or only from whoever holds a key."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Self, final

from modelwright.core.errors import FileRefusedError, MissingExtraError
from modelwright.model.joint import JointModel, audited, opened
from modelwright.model.model import Model
from modelwright.modelfile import store

if TYPE_CHECKING:
    from modelwright.modelfile.signature import PublicKey


@final
class Provenance:
    """Opens model files, and where a key is given only those that were signed with it.

    What is checked, audited and opened are the same bytes, read once.

    Args:
        key: Whose signatures count, or None to open any file.
    """

    def __init__(self, key: "PublicKey | None" = None) -> None:
        self._key = key

    @classmethod
    def of(cls, public_key: str | None) -> Self:
        """Read the key from a file, if there is one.

        Raises:
            MissingExtraError: The library that checks signatures is not installed.
            SpecError: The file holds no such key.
        """
        if public_key is None:
            return cls()
        try:
            from modelwright.modelfile.signature import PublicKey  # its library is optional
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("modelwright"):
                raise
            raise MissingExtraError("Checking signatures", "sign") from error
        return cls(PublicKey.read(public_key))

    def read(self, path: str | os.PathLike[str]) -> bytes:
        """Return the bytes of a file that may be opened; they are not audited yet.

        Raises:
            DataError: There is no such file.
            FileRefusedError: It is not signed, or wrongly.
        """
        data = store.read(path)
        if self._key is not None:
            self._key.check_beside(data, path)
        return data

    def open(self, path: str | os.PathLike[str]) -> Model | JointModel:
        """Open a file.

        Raises:
            DataError: There is no such file.
            FileRefusedError: It is not signed, wrongly signed, damaged, foreign, too new or hostile.
        """
        return opened(self.read(path), Path(path))

    def audit(self, path: str | os.PathLike[str]) -> None:
        """Say whether a file may be opened, without opening it.

        Raises:
            DataError: There is no such file.
            FileRefusedError: As for `open`; the text names the file, since a server may have several.
        """
        audited(self.read(path), path)

    def check(self, model: Model | JointModel) -> None:
        """Check a model that somebody else opened.

        Raises:
            FileRefusedError: Its file is not signed, or wrongly, or it has none.
        """
        if self._key is None:
            return
        if model.path is None:
            raise FileRefusedError("A model without a file has no signature beside it. Open it from its file.")
        self._key.check_beside(model.to_bytes(), model.path)

    def stamp(self, path: Path) -> tuple[int, ...] | None:
        """Return what tells a file, and its signature, from their replacements, or None while there is no file."""
        found = _stamp(path)
        if found is None or self._key is None:
            return found
        return (*found, *(_stamp(Path(f"{path}.sig")) or ()))


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
