"""The command that asks for a model again."""

import json
import shlex
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from modelwright.core.asked import Asked
from modelwright.core.spec import Budget, FitSpec


def fit_command(asked: Asked, *, target: str, seed: int, data: str, output: str, test: str = "") -> str:
    """Return the ``modelwright fit`` that asks for the same, quoted for a shell.

    Every option that differs from its default is told; where a run was kept or tracked is not.

    Args:
        asked: What was asked.
        target: The column to predict.
        seed: Seed of every random choice.
        data: How the command calls the training data.
        output: How it calls the model file.
        test: How it calls the rows that the model was evaluated on, "" where there were none.
    """
    options = [
        ("--target", target),
        *_wishes(asked.spec),
        *_limits(asked.budget),
        *([] if seed == 0 else [("--seed", str(seed))]),
        *([("--test", test)] if test else []),
        ("--output", output),
    ]
    return shlex.join(["modelwright", "fit", data, *(word for option in options for word in _words(*option))])


def _wishes(spec: FitSpec) -> list[tuple[str, str | None]]:
    """Return the options of what is wanted, those that are no flags with their value."""
    plain = FitSpec()
    found: list[tuple[str, str | None]] = []
    for option, name in _TEXTS.items():
        if (value := getattr(spec, name)) != getattr(plain, name):
            found.append((option, value))
    for option, values in _repeated(spec):
        found += [(option, value) for value in values]
    if spec.interval != plain.interval:
        found.append(("--interval", "0" if spec.interval is None else _number(spec.interval)))
    if spec.latency is not None:
        found.append(("--latency", f"{_number(spec.latency)}s"))
    found += [(option, None) for option, name in _FLAGS.items() if getattr(spec, name)]
    return found


def _repeated(spec: FitSpec) -> list[tuple[str, Iterable[str]]]:
    return [
        ("--drop", spec.drop),
        ("--kind", (f"{name}={kind}" for name, kind in spec.kinds.items())),
        ("--missing", spec.missing),
        ("--quantiles", map(_number, spec.quantiles)),
        ("--monotone", (f"{name}={way:d}" for name, way in spec.monotone.items())),
        ("--cost", _costs(spec.cost)),
        ("--sensitive", spec.sensitive),
        ("--learner", spec.learners),
    ]


def _costs(cost: Mapping[str, float]) -> list[str]:
    """Return costs as ``a>b=5``, and those of classes that such a text would tear apart as JSON."""
    found: list[str] = []
    apart: dict[str, dict[str, float]] = {}
    for name, value in cost.items():
        meant, sign, given = name.partition(">")
        if sign and ("," in name or name != name.strip()):
            apart.setdefault(meant, {})[given] = value
        else:
            found.append(f"{name}={_number(value)}")
    return [*found, *([json.dumps(apart, ensure_ascii=False)] if apart else [])]


def _limits(budget: Budget) -> list[tuple[str, str | None]]:
    plain = Budget()
    found: list[tuple[str, str | None]] = []
    if budget.trials is not None:
        found.append(("--trials", str(budget.trials)))
    if budget.trials is None or budget.seconds != plain.seconds:
        found.append(("--budget", f"{_number(budget.seconds)}s"))
    if budget.memory is not None:
        found.append(("--memory", str(budget.memory)))
    if budget.watt_hours is not None:
        found.append(("--energy", f"{_number(budget.watt_hours)}Wh"))
    return found


def _words(option: str, value: str | None) -> list[str]:
    if value is None:
        return [option]
    # What begins with a dash would be taken for the next option.
    return [f"{option}={value}"] if value.startswith("-") else [option, value]


def _number(value: Any) -> str:
    """Return the shortest digits that read back as the same number, without an exponent."""
    return format(Decimal(repr(float(value))), "f").removesuffix(".0")


_TEXTS = {
    "--task": "task",
    "--metric": "metric",
    "--weight": "weight",
    "--groups": "groups",
    "--time": "time",
    "--interval-groups": "interval_groups",
    "--mitigate": "mitigate",
    "--parity": "parity",
    "--ship": "ship",
    "--region": "region",
}

_FLAGS = {"--use-sensitive": "sensitive_features", "--only-learners": "only_learners"}
