"""The documents inside a model file: JSON texts under ``modelwright.*`` metadata keys."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, isfinite
from typing import Any, Self, final

from modelwright.core.decision import Decision, is_decision
from modelwright.core.errors import DataError, FileRefusedError
from modelwright.core.json_value import json_value
from modelwright.core.schema import Schema
from modelwright.core.task import TASKS, Task
from modelwright.modelfile import digest

FORMAT = 1
"""The format number of the files of one target that this version writes, and the newest of them that it reads."""

JOINT_FORMAT = 2
"""The format number of files of several targets, see `modelwright.modelfile.joint`."""

MOST_TARGETS = 200
"""Targets that one file may have."""

PREFIX = "modelwright."
REQUIRED = ("manifest", "schema")
OPTIONAL = (
    "leaderboard",
    "evaluation",
    "parity",
    "reference",
    "card",
    "energy",
    "fairness",
    "suspicions",
    "recipe",
    "tiers",
    "glass",
    "asked",
)
KEYS = frozenset(PREFIX + name for name in REQUIRED + OPTIONAL) | {digest.KEY}
"""Every key a file may hold."""

LARGEST_METADATA = 16 * 1024 * 1024
DEEPEST_JSON = 64
MOST_JSON_VALUES = 2_000_000
MOST_QUANTILES = 100


@final
@dataclass(frozen=True, slots=True)
class Manifest:
    """What the model is and where it comes from.

    Attributes:
        version: Version of modelwright that wrote the file.
        task: What is predicted.
        target: Name of the predicted column.
        target_schema: What that column is, as `modelwright.core.schema.ColumnSchema.to_json` says it; how labelled
            tables are read.
        metric: Name of the metric that was optimised.
        budget: What the fit was allowed, such as ``{"seconds": 60.0, "trials": None}``.
        seed: Seed of the fit.
        data: Fingerprint of the training data, such as rows, columns and a hash.
        libraries: Versions of the libraries that took part, by name.
        created: ISO 8601 moment of writing, or None where bytes must repeat.
        interval: How the outputs that say how sure an answer is were made: level, method, measured coverage; None for a
            file without them.
        format: Format number of the file.
    """

    version: str
    task: Task
    target: str
    metric: str
    target_schema: Mapping[str, Any] = field(default_factory=dict)
    budget: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)
    created: str | None = None
    interval: Mapping[str, Any] | None = None
    format: int = FORMAT

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` reverses it."""
        interval = {} if self.interval is None else {"interval": dict(self.interval)}
        return interval | {
            "format": self.format,
            "version": self.version,
            "task": self.task.to_json(),
            "target": self.target,
            "target_schema": dict(self.target_schema),
            "metric": self.metric,
            "budget": dict(self.budget),
            "seed": self.seed,
            "data": dict(self.data),
            "libraries": dict(self.libraries),
            "created": self.created,
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Build a manifest from `to_json` output.

        Raises:
            FileRefusedError: It is no manifest, or of a newer format.
        """
        if not isinstance(value, dict) or type(value.get("format")) is not int:
            raise FileRefusedError("The model file's manifest has no format number.")
        if not 1 <= value["format"] <= FORMAT:
            raise FileRefusedError(
                f"The model file has format {value['format']}; this version reads 1 to {FORMAT}. "
                "Update with: pip install --upgrade modelwright"
            )
        if unknown := sorted(value.keys() - cls.__slots__):
            raise FileRefusedError(f"The model file's manifest holds the unknown entry '{unknown[0]}'.")
        for name, kind in _KINDS.items():
            if not isinstance(value.get(name), kind) or isinstance(value.get(name), bool):
                raise FileRefusedError(f"The model file's manifest has no usable '{name}'.")
        level = 0.5 if value.get("interval") is None else value["interval"].get("level")
        if not isinstance(level, float) or not 0 < level < 1:
            raise FileRefusedError("The model file's manifest has an 'interval' without a level between 0 and 1.")
        return cls(**{**value, "task": _task(value["task"])})


_KINDS: Mapping[str, Any] = {
    "version": str,
    "task": dict,
    "target": str,
    "metric": str,
    "target_schema": dict,
    "budget": dict,
    "seed": int,
    "data": dict,
    "libraries": dict,
    "created": str | None,
    "interval": dict | None,
}


def documents(manifest: Manifest, schema: Schema, **others: Any) -> dict[str, str]:
    """Return the metadata of a model file.

    Args:
        manifest: What the model is.
        schema: The features, in the order of the graph's inputs.
        others: Any of the `OPTIONAL` documents, as JSON-able values.

    Raises:
        DataError: A text in it cannot be written as UTF-8.
    """
    named = {"manifest": manifest.to_json(), "schema": schema.to_json(), **others}
    if unknown := sorted(named.keys() - {*REQUIRED, *OPTIONAL}):
        raise TypeError(f"a model file has no document '{unknown[0]}'")
    return {PREFIX + name: dumps(value, name) for name, value in named.items() if value is not None}


def dumps(value: Any, what: str) -> str:
    """Return `value` as compact JSON with sorted keys; numbers that are not finite become null."""
    text = json.dumps(json_value(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"The {what} of the model holds a text that is not valid Unicode (a lone surrogate): "
            f"{text[error.start : error.end]!r}. Rename that column or value."
        ) from error
    return text


def loads(text: str, what: str) -> Any:
    """Return the value of a JSON text from a file, within limits.

    Raises:
        FileRefusedError: It is no JSON, too deep or too large, repeats a name or holds a number that is not finite.
    """
    try:
        value = json.loads(text, object_pairs_hook=_distinct, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FileRefusedError(f"The model file's {what} is no usable JSON: {error}.") from error
    level, depth, seen = [value], 0, 0
    while level:
        depth, seen = depth + 1, seen + len(level)
        if depth > DEEPEST_JSON or seen > MOST_JSON_VALUES:
            raise FileRefusedError(f"The model file's {what} is nested too deeply or too large.")
        if any(isinstance(v, float) and not isfinite(v) for v in level):
            raise FileRefusedError(f"The model file's {what} holds a number that is not finite.")
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _inside(outer)]
    return value


def targets_of(metadata: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the targets of a file of several, in order, each with the names of its outputs in the file.

    Args:
        metadata: The texts of all metadata entries, by full key.

    Returns:
        By target, the name in the file by the name that the output has in the target's own part.

    Raises:
        FileRefusedError: The manifest is of another format, or does not tell them.
    """
    manifest = loads(metadata.get(f"{PREFIX}manifest", "null"), "manifest")
    told = manifest.get("format") if isinstance(manifest, dict) else None
    if told != JOINT_FORMAT:
        raise FileRefusedError(
            f"The model file has format {told}, not {JOINT_FORMAT}, that of several targets."
            " Update with: pip install --upgrade modelwright"
        )
    named: dict[str, dict[str, str]] = {}
    targets = manifest.get("targets")
    for target in targets if isinstance(targets, list) else ():
        name, outputs = (target.get("name"), target.get("outputs")) if isinstance(target, dict) else ("", None)
        texts = outputs.values() if isinstance(outputs, dict) else [None]
        if not isinstance(name, str) or name in named or not all(isinstance(text, str) for text in texts):
            raise FileRefusedError("The model file's manifest does not name its targets and their outputs.")
        named[name] = dict(outputs or {})
    if not 0 < len(named) <= MOST_TARGETS:
        raise FileRefusedError(f"The model file's manifest names {len(named)} targets, not 1 to {MOST_TARGETS}.")
    return named


def _inside(value: dict[str, Any] | list[Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def _task(value: Mapping[str, Any]) -> Task:
    name, classes, quantiles = value.get("name"), value.get("classes"), value.get("quantiles", [])
    kinds = {type(c) for c in classes} if isinstance(classes, list) else set()
    least, most = {"binary": (2, 2), "multiclass": (2, inf)}.get(str(name), (0, 0))
    if (
        name not in TASKS
        or not isinstance(classes, list)
        or not least <= len(classes) <= most
        or len(kinds) > 1
        or not kinds <= {str, int, bool}
        or len(set(classes)) != len(classes)
        or not _are_quantiles(quantiles, wanted=name == "quantile")
    ):
        raise FileRefusedError("The model file's manifest names no task with classes that fit it.")
    decision = value.get("decision")
    if decision is not None and not (classes and is_decision(decision, len(classes))):
        raise FileRefusedError("The model file's manifest has a 'decision' that does not fit its classes.")
    return Task(name, tuple(classes), tuple(quantiles), None if decision is None else Decision.from_json(decision))


def _are_quantiles(values: Any, *, wanted: bool) -> bool:
    """Return whether these are shares between 0 and 1, rising, as many as the task has."""
    if not isinstance(values, list) or bool(values) is not wanted or len(values) > MOST_QUANTILES:
        return False
    ordered = all(isinstance(v, float) and 0 < v < 1 for v in values)
    return ordered and all(low < high for low, high in pairwise(values))


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
