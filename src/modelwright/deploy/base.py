"""What a deployment is asked to be, and what it becomes: files and calls, before anything is written."""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import modelwright
from modelwright.core.errors import DataError, SeveralTargetsError, SpecError
from modelwright.core.schema import ColumnSchema
from modelwright.model.joint import JointModel
from modelwright.model.model import Model

PORT = 8080
"""Where the server of every bundle listens unless the platform says otherwise."""

_NAME = re.compile(r"[a-z][a-z0-9-]{1,30}[a-z0-9]")
_IMAGE = re.compile(r"[A-Za-z0-9][\w.\-/:@]*[:@][\w.\-:]+", re.ASCII)  # a port is followed by a path
_WHEEL = re.compile(r"modelwright(-[\w.+]+){4}\.whl", re.ASCII)


@final
@dataclass(frozen=True, slots=True)
class Order:
    """What to deploy, and where.

    Attributes:
        model: The opened file.
        name: Of the service; obeys the strictest platform, Azure ML's endpoints.
        python: Version of Python in the image.
        wheel: A wheel of modelwright to install instead of the released package.
        values: What the target asks about an account, by name; what is not given stays a blank in capitals.
    """

    model: Model | JointModel
    name: str
    python: str = "3.13"
    wheel: Path | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SpecError(
                f"'{self.name}' cannot name a service. Use 3 to 32 small letters, digits and dashes, a letter first: "
                "--name churn"
            )
        if not re.fullmatch(r"3\.\d{2}", self.python):
            raise SpecError(f"'{self.python}' is no version of Python such as 3.13.")
        if self.wheel is not None and not (self.wheel.is_file() and _WHEEL.fullmatch(self.wheel.name)):
            raise DataError(f"'{self.wheel}' is not a wheel of modelwright. Make one with: pip wheel --no-deps .")
        image = self.values.get("image", "")
        if image and (not _IMAGE.fullmatch(image) or image.endswith(":latest")):
            raise SpecError(f"'{image}' is not an image with a tag of its own, such as registry.example.org/churn:1.")

    @property
    def single(self) -> Model:
        """The model, of what can only do one target.

        Raises:
            SeveralTargetsError: It has several.
        """
        if isinstance(self.model, JointModel):
            raise SeveralTargetsError(self.model.targets)
        return self.model

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the predicted columns."""
        return self.model.targets if isinstance(self.model, JointModel) else (self.model.manifest.target,)

    @property
    def tag(self) -> str:
        """A tag that changes with the model: the beginning of its digest."""
        return self.model.digest[:12]

    @property
    def file(self) -> str:
        """Name of the model file in the bundle."""
        return f"{self.name}.onnx"

    @property
    def local(self) -> str:
        """Name of the image on the machine that builds it."""
        return f"{self.name}:{self.tag}"

    def value(self, name: str) -> str:
        """Return what was given, or a blank in capitals for the user to fill in."""
        return self.values.get(name) or name.upper()

    def image(self, registry: str) -> str:
        """Return the full name of the image: as given, or beneath a registry."""
        return self.values.get("image") or f"{registry}/{self.local}"


@final
@dataclass(frozen=True, slots=True)
class Call:
    """One call that makes the deployment.

    Attributes:
        why: What it does, in a sentence.
        command: The program and its arguments, as lists hold them.
        body: What the platform's interface is sent, where the command sends a document.
        operation: The name of that operation in the platform's interface.
    """

    why: str
    command: tuple[str, ...]
    body: Mapping[str, Any] | None = None
    operation: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the call as a document."""
        operation = {"operation": self.operation} if self.operation else {}
        body = {} if self.body is None else {"body": dict(self.body)}
        return {"why": self.why, "command": list(self.command), **operation, **body}

    @property
    def text(self) -> str:
        """The command as it is typed."""
        return shlex.join(self.command)


@final
@dataclass(frozen=True, slots=True)
class Bundle:
    """A deployment: files to write, and calls to make when they are written.

    Attributes:
        files: Content by path within the folder.
        calls: In order.
        notes: What the user must know, a sentence each.
    """

    files: Mapping[str, bytes]
    calls: tuple[Call, ...]
    notes: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Target:
    """A platform.

    Attributes:
        name: As the command takes it.
        title: As a reader knows it.
        needs: What it asks about an account; the names of `Order.values`.
        build: Makes the bundle.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    build: Callable[[Order], Bundle]


def service_name(path: Path) -> str:
    """Return a name for the service of a model file, made from the file's name."""
    name = re.sub(r"[^a-z0-9]+", "-", path.name.removesuffix(".onnx").lower()).strip("-")
    name = re.sub(r"^[^a-z]+", "", name)[:32].strip("-")
    return name if len(name) >= 3 else f"{name or 'a'}-model"


def sample_row(model: Model | JointModel) -> dict[str, Any]:
    """Return a row that the model accepts, from the ranges and categories of its schema; None where it keeps none."""
    return {column.name: _cell(column) for column in model.schema}


def _cell(column: ColumnSchema) -> Any:
    if column.dtype == "number":
        return column.low
    if column.dtype == "boolean":
        return True
    if column.dtype == "date":
        return "2024-01-31"
    return column.levels[0] if column.levels else None


def json_bytes(document: Any) -> bytes:
    """Return a document as the bytes of an indented JSON file."""
    return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def package(order: Order, extras: str) -> str:
    """Return what pip installs in the image: the wheel of the bundle, or this version of the released package."""
    if order.wheel is not None:
        return f"/wheels/{order.wheel.name}[{extras}]"
    return f"modelwright[{extras}]=={modelwright.__version__}"
