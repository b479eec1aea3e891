"""A learner of the user's own as one line of text: its import path and the settings that differ from the defaults.

``package.module:Class?alpha=2&solver=svd`` is what the command line takes, what run folders keep and what worker
processes are told, so that no object of foreign code has to travel.
"""

import dataclasses
import inspect
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from modelwright.core.errors import SpecError

_WORDS = {"True": True, "False": False, "None": None}
_SAFE = "[]{},:\"'()/*-+."


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """Return the path or name, and the settings: JSON where it is JSON, else text; lists become tuples.

    Raises:
        SpecError: A setting has no value.
    """
    path, _, query = text.strip().partition("?")
    settings = {}
    for part in filter(None, query.split("&")):
        name, sign, value = part.partition("=")
        if not sign or not name.isidentifier():
            raise SpecError(f"'{part}' in the learner '{text}' is no setting. Write {path}?NAME=VALUE&NAME=VALUE.")
        settings[name] = _value(unquote(value))
    return path, settings


def spell(path: str, settings: Mapping[str, Any]) -> str:
    """Return the text that `parse` reads.

    Raises:
        SpecError: A setting is neither a number, a text, a truth value, None nor a list of them.
    """
    parts = [f"{name}={_written(name, value, path)}" for name, value in settings.items()]
    return f"{path}?{'&'.join(parts)}" if parts else path


def spelled(learner: Any) -> str:
    """Return a learner in one line: a text as it is, a frozen dataclass or a scikit-learn estimator by its settings.

    Raises:
        SpecError: It is none of these, or was made where other processes cannot import it.
    """
    if isinstance(learner, str):
        parse(learner)
        return learner
    kind = type(learner)
    if dataclasses.is_dataclass(learner) and not isinstance(learner, type):
        settings = {field.name: getattr(learner, field.name) for field in dataclasses.fields(learner) if field.init}
    elif callable(getattr(learner, "get_params", None)) and not isinstance(learner, type):
        settings = learner.get_params(deep=False)
    else:
        raise SpecError(
            f"{learner!r} is no learner. Give an import path such as 'package.module:Class', a scikit-learn estimator,"
            " or an object that implements modelwright.learners.base.Learner."
        )
    if kind.__module__ == "__main__" or "<locals>" in kind.__qualname__:
        raise SpecError(
            f"The learner {kind.__qualname__} is defined in a script, a notebook or a function, where worker processes"
            " cannot import it. Put its class into a module of its own."
        )
    path = f"{_public(kind.__module__)}:{kind.__qualname__}"
    defaults = {name: p.default for name, p in inspect.signature(kind).parameters.items()}
    return spell(path, {name: value for name, value in settings.items() if not _same(value, defaults.get(name))})


def _public(module: str) -> str:
    """Return the module of scikit-learn that documents what one of its private modules defines."""
    parts = module.split(".")
    if parts[0] != "sklearn":
        return module
    private = [i for i, part in enumerate(parts) if part.startswith("_")]
    return ".".join(parts[: private[0]] if private else parts)


def _same(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) and _plain(value) and bool(value == default))


def _plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(map(_plain, value))
    return value is None or type(value) in (bool, int, float, str)


def _value(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    try:
        return frozen(json.loads(text))
    except ValueError:
        return text


def frozen(value: Any) -> Any:
    """Return what JSON made a list of as the tuple that it was."""
    return tuple(map(frozen, value)) if isinstance(value, list) else value


def _written(name: str, value: Any, path: str) -> str:
    import numpy as np  # the command line reads this module, and its help must load nothing of weight

    value = value.item() if isinstance(value, np.generic) else value
    if not _plain(value):
        raise SpecError(
            f"The setting {name} of {path} is a {type(value).__name__}; a learner travels to other processes as text,"
            " so settings are numbers, texts, True, False, None or lists of them."
        )
    text = value if isinstance(value, str) and _value(value) == value else json.dumps(value, separators=(",", ":"))
    return quote(text, safe=_SAFE)
