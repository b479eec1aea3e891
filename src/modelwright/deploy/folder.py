"""A bundle on disk: a folder that appears whole, with a README of the calls to make."""

import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from modelwright.core.errors import OutputError, SpecError, listed, nearest
from modelwright.deploy.base import Bundle, Order, Target, json_bytes

MARK = "bundle.json"
"""The file that tells a folder of ours from any other; only such a folder is ever replaced."""

DOCUMENT = "modelwright/deploy/1"


def check_values(target: Target, values: Mapping[str, str]) -> None:
    """See that a target asks for every value given.

    Raises:
        SpecError: It does not, or a value cannot stand in a file.
    """
    for name, value in values.items():
        if name not in target.needs:
            known = f"{nearest(name, target.needs)} Known: {listed(target.needs)}."
            raise SpecError(f"{target.title} does not ask for '{name}'.{known}")
        if not re.fullmatch(r"[\w.\-/:@+=]+", value, re.ASCII):
            raise SpecError(f"The value of '{name}' may hold letters, digits and . - _ / : @ + = only.")


def blanks(target: Target, bundle: Bundle) -> tuple[str, ...]:
    """Return what the user has still to fill in, in capitals as it stands in files and calls."""
    texts = [call.text for call in bundle.calls]
    texts += [content.decode() for name, content in bundle.files.items() if not name.endswith((".onnx", ".whl"))]
    words = set(re.findall(r"\b[A-Z]{4,}\b", "\n".join(texts)))
    return tuple(name.upper() for name in target.needs if name.upper() in words)


def document(target: Target, order: Order, bundle: Bundle) -> dict[str, Any]:
    """Return what the bundle is: its files, the calls to make, and what is to fill in."""
    return {
        "schema": DOCUMENT,
        "target": target.name,
        "name": order.name,
        "digest": order.model.digest,
        "files": sorted([*bundle.files, "README.md", MARK]),
        "calls": [call.to_json() for call in bundle.calls],
        "blanks": list(blanks(target, bundle)),
        "notes": list(bundle.notes),
    }


def readme(target: Target, order: Order, bundle: Bundle) -> str:
    """Return the page that says which calls to make, in order."""
    title = f"# {order.name} on {target.title}"
    intro = f"Serves `model/{order.file}` (digest `{order.model.digest}`). Run these in this folder, in order."
    parts = [title, intro]
    if found := blanks(target, bundle):
        options = " ".join(f"--set {name.lower()}=…" for name in found)
        parts.append(
            f"Still to fill in, here and in the other files: {listed([f'`{n}`' for n in found])}. "
            f"`modelwright deploy {target.name} … {options} --force` does it everywhere."
        )
    for number, call in enumerate(bundle.calls, 1):
        parts.append(f"{number}. {call.why}\n\n   ```bash\n   {call.text}\n   ```")
    if bundle.notes:
        parts.append("## To know\n\n" + "\n".join(f"- {text}" for text in bundle.notes))
    return "\n\n".join(parts) + "\n"


def write(target: Target, order: Order, bundle: Bundle, folder: Path, *, force: bool = False) -> None:
    """Write the bundle as a folder that appears whole or not at all.

    Args:
        target: Where it goes.
        order: What it is made of.
        bundle: What to write.
        folder: The folder to make; the one above it must be there.
        force: Replace a bundle that is there; any other folder is refused even then.

    Raises:
        OutputError: Something is there already, or it cannot be written.
    """
    _check_free(folder, force=force)
    files = {
        **bundle.files,
        "README.md": readme(target, order, bundle).encode(),
        MARK: json_bytes(document(target, order, bundle)),
    }
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise OutputError(f"'{folder}' cannot be written: {error.strerror}. Name another place with -o.") from error
    try:
        made, old = beside / "new", beside / "old"
        for name, content in files.items():
            path = made / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if folder.exists():
            folder.rename(old)
        try:
            made.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)  # what was there is put back
            raise
    except OSError as error:
        raise OutputError(f"'{folder}' cannot be written: {error.strerror}. Name another place with -o.") from error
    finally:
        with suppress(OSError):
            shutil.rmtree(beside)


def _check_free(folder: Path, *, force: bool) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise OutputError(f"'{folder}' is there and is not a folder. Name another place with -o.")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / MARK).is_file():
        raise OutputError(f"'{folder}' holds other things than a bundle. Name another place with -o.")
    if not force:
        raise OutputError(f"'{folder}' holds a bundle already. Add --force to replace it.")
