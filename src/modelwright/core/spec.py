"""What was asked of a fit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Self, final

from modelwright.core.errors import SpecError, nearest
from modelwright.core.spelling import spelled

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30}


@final
@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of a fit.

    Attributes:
        seconds: Wall-clock seconds for everything, from reading to the written file.
        trials: Number of learner configurations to try; with it the time is no limit and the bytes repeat exactly.
        workers: Most processes that work at the same time; None leaves it to the cores there are.
        after: Seconds of the budget kept for what the caller does with the file, such as a report.
        memory: Bytes that all processes may hold together; None for nine tenths of what is free.
        watt_hours: Energy for everything, held against the upper end of what the meter says; None for no limit.
    """

    seconds: float = 60.0
    trials: int | None = None
    workers: int | None = None
    after: float = 0.0
    memory: int | None = None
    watt_hours: float | None = None

    def __post_init__(self) -> None:
        """Check that the limits can be kept together.

        Raises:
            SpecError: They cannot, or one is not positive.
        """
        for name, limit in (("memory", self.memory), ("watt_hours", self.watt_hours), ("trials", self.trials)):
            if limit is not None and not limit > 0:
                raise SpecError(f"{name} must be more than 0, not {limit:g}.")
        if self.watt_hours is not None and self.trials is not None:
            raise SpecError(
                "A number of trials gives the same bytes every time; with a limit of energy it could not."
                " Leave out one of the two, or limit the time instead."
            )

    @classmethod
    def parse(cls, text: str | float, trials: int | None = None) -> Self:
        """Read "90", "90s", "5m", "1.5h" or a number of seconds.

        Raises:
            SpecError: The text is not a duration, or not a positive one.
        """
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", str(text))
        if not match or float(match[1]) <= 0:
            raise SpecError(f"Budget '{text}' is not a duration. Write seconds, minutes or hours: 90s, 5m, 1.5h.")
        if trials is not None and trials < 1:
            raise SpecError(f"trials must be at least 1, not {trials}.")
        return cls(float(match[1]) * _UNITS[match[2]], trials)


def parse_bytes(text: str | float) -> int:
    """Read "4GB", "500 MB", "2GiB" or a number of bytes.

    Raises:
        SpecError: The text is no amount of memory, or not a positive one.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?b?)\s*", str(text).lower())
    unit = None if match is None else _BYTES.get(match[2] if match[2][-1:] in ("b", "") else f"{match[2]}b")
    if match is None or unit is None or float(match[1]) <= 0:
        raise SpecError(f"Memory '{text}' is not an amount. Write bytes with a unit: 4GB, 500MB, 2GiB.")
    return int(float(match[1]) * unit)


SHIPS = ("accurate", "balanced", "small")
"""What may ship: the mixture, the smallest model that is not shown to be worse, and a small forest."""


def parse_latency(text: str) -> float:
    """Read "50us", "50µs", "0.2ms" or "1s" as seconds.

    Raises:
        SpecError: The text is not a time with its unit, or not a positive one.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(us|[µμ]s|ms|s)\s*", text.lower())
    if match is None or float(match[1]) <= 0:
        raise SpecError(f"Latency '{text}' is not a time. Write it with its unit: 50us, 0.2ms.")
    return float(match[1]) * {"ms": 1e-3, "s": 1.0}.get(match[2], 1e-6)


@final
@dataclass(frozen=True, slots=True)
class FitSpec:
    """Everything about a fit beyond the table, the target and the budget.

    Attributes:
        task: "auto", "binary", "multiclass", "regression", "count" or "quantile".
        metric: "auto" or the name of a metric.
        drop: Columns to leave out.
        kinds: Kinds set by the user, by column.
        missing: What else stands for "no value": "-999" in all columns, "age=-999" in one.
        weight: Column of sample weights; never a feature.
        groups: Column whose equal values must stay in one fold; never a feature.
        time: Column that orders the rows; folds then never train on the future.
        sensitive: Columns by which the fit is audited for fairness; no features unless asked for.
        sensitive_features: Whether the sensitive columns may be features.
        mitigate: "none", or a way to weigh the rows so that groups are treated more alike: "reweight", so that the
            answer does not depend on the sensitive columns, or "exponentiated_gradient", by the prices of Fairlearn.
        parity: What the latter is to make even: "demographic_parity" or "equalised_odds".
        interval: Share of rows whose truth the intervals or sets of the file are to hold; None for a file without.
        interval_groups: A feature in each of whose groups that share is to hold; or the target itself, for each class.
        quantiles: The quantiles to predict, such as 0.1, 0.5 and 0.9, which makes the task "quantile".
        monotone: Number columns with which the answer may only rise (1) or only fall (-1), by name.
        ship: One of `SHIPS`.
        latency: Most seconds that one row may take on this machine; None for no limit.
        cost: What mistakes cost: "fp" and "fn" of two classes, or "a>b" for giving b to a row of class a. Labels then
            have the least expected cost.
        run: Folder that keeps what the fit does, so that `resume` can go on after anything; None for none.
        learners: Learners to try first: families of ours, import paths "package.module:Class?setting=value", names of
            entry points, or objects (scikit-learn estimators, own `Learner` values), which become such texts.
        only_learners: Whether nothing but these is tried.
        region: Where the electricity comes from, as a country's two letters, by which the energy becomes CO2e; None for
            the mean of the world.
    """

    task: str = "auto"
    metric: str = "auto"
    drop: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    weight: str | None = None
    groups: str | None = None
    time: str | None = None
    sensitive: tuple[str, ...] = ()
    sensitive_features: bool = False
    mitigate: str = "none"
    parity: str = "demographic_parity"
    interval: float | None = 0.9
    interval_groups: str | None = None
    quantiles: tuple[float, ...] = ()
    monotone: Mapping[str, int] = field(default_factory=dict)
    ship: str = "accurate"
    latency: float | None = None
    cost: Mapping[str, float] = field(default_factory=dict)
    run: str | None = None
    learners: tuple[Any, ...] = ()
    only_learners: bool = False
    region: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no table could make sense of, and spell learners out.

        Raises:
            SpecError: There is no such tier, or something is no learner.
        """
        object.__setattr__(self, "learners", tuple(map(spelled, self.learners)))
        marks = (self.missing,) if isinstance(self.missing, str | int | float) else self.missing
        object.__setattr__(self, "missing", tuple(map(str, marks)))
        if self.only_learners and not self.learners:
            raise SpecError("only_learners needs learners: name at least one, such as --learner lightgbm.")
        if self.ship not in SHIPS:
            raise SpecError(f"There is no tier '{self.ship}'.{nearest(self.ship, SHIPS)} Known: {', '.join(SHIPS)}.")

        if self.latency is not None and not 0 < self.latency < inf:
            raise SpecError(f"A row cannot take {self.latency:g} seconds at most. Give more than 0, such as 50e-6.")

    @property
    def climbs(self) -> bool:
        """Whether smaller models than the mixture are asked for."""
        return self.ship != "accurate" or self.latency is not None

    @property
    def withheld(self) -> tuple[str, ...]:
        """The sensitive columns that are no features."""
        return () if self.sensitive_features else self.sensitive
