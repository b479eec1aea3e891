"""What is known of a fit so far: the sum of its events."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, final

from modelwright.core.events import Event

PHASES: dict[str, str] = {
    "read": "Reading",
    "plan": "Planning",
    "race": "Trying learners",
    "blend": "Blending",
    "tiers": "Trying smaller models",
    "interval": "Learning intervals",
    "refit": "Fitting on all rows",
    "emit": "Writing the graph",
    "prove": "Proving the file",
    "evaluate": "Evaluating",
    "join": "Joining the targets",
    "done": "Done",
}
"""The phases of a fit, as they are told and as they are shown."""


_TOLD_STATES = {"racing": "under way", "dropped": "given up", "failed": "failed"}


@final
@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a fit, changed by nothing but the next event.

    Attributes:
        budget: Seconds the fit may take; None when a number of trials limits it.
        phase: Key of `PHASES`; an unknown phase is shown under its own name.
        seconds: Seconds since the fit began, as of the last event.
        metric: Name of the metric, empty until a score is known.
        score: Best score so far.
        low: Lower end of its interval.
        high: Upper end of its interval.
        members: Number of parts of the best model so far.
        states: State of each configuration by its identifier: racing, done, dropped or failed.
        latest: What finished last: the configuration, its fold and seconds.
        target: Which of several targets is fitted, in words; empty where there is one.
    """

    budget: float | None = None
    phase: str = ""
    seconds: float = 0.0
    metric: str = ""
    score: float | None = None
    low: float | None = None
    high: float | None = None
    members: int = 0
    states: Mapping[str, str] = field(default_factory=dict)
    latest: str = ""
    target: str = ""

    def after(self, event: Event) -> Self:
        """Return the state once `event` has happened."""
        told = event.data
        changed: dict[str, Any] = {"seconds": max(self.seconds, event.seconds)}
        if event.name == "target":  # each of several targets begins anew
            fresh = type(self)(
                self.budget, target=f"'{told.get('target')}', {told.get('number', 0) + 1} of {told.get('targets')}"
            )
            return dataclasses.replace(fresh, **changed)
        if event.name == "phase":
            changed["phase"] = str(told.get("phase", ""))
        elif event.name == "trial":
            changed |= self._after_trial(told)
        elif event.name in ("best", "target_done", "done"):
            known = ("metric", "score", "low", "high", "members")
            changed |= {key: told[key] for key in known if told.get(key) is not None}
            if event.name == "done":
                changed["phase"] = "done"
        return dataclasses.replace(self, **changed)

    def _after_trial(self, told: Mapping[str, Any]) -> dict[str, Any]:
        name, state = str(told.get("id", "")), str(told.get("state", ""))
        fold = f" fold {told['fold'] + 1} of {told['folds']}" if {"fold", "folds"} <= told.keys() else ""
        seconds = f", {told['took']:.1f} s" if "took" in told else ""
        return {"states": {**self.states, name: state}, "latest": f"{name}{fold}{seconds}"}

    @property
    def phase_title(self) -> str:
        """The phase in words, with the target where there are several."""
        title = PHASES.get(self.phase, self.phase.capitalize())
        return f"{title} ({self.target})" if self.target and title and self.phase not in ("join", "done") else title

    @property
    def best(self) -> str:
        """The best score so far with its interval, or an empty text while there is none."""
        if self.score is None:
            return ""
        between = "" if self.low is None or self.high is None else f" ({figure(self.low)} to {figure(self.high)})"
        return f"{metric_title(self.metric)} {figure(self.score)}{between}"

    @property
    def trials(self) -> str:
        """How many configurations finished, were given up and failed."""
        counts = Counter(self.states.values())
        parts = [f"{counts['done']} done"]
        parts += [f"{counts[state]} {word}" for state, word in _TOLD_STATES.items() if counts[state]]
        return ", ".join(parts)

    def burnt(self, seconds: float) -> str:
        """Return the time used against the time allowed, such as ``31 s of 60 s``."""
        used = f"{seconds:.0f} s"
        return used if self.budget is None else f"{used} of {self.budget:.0f} s"


def failed(event: Event) -> str:
    """Return who failed and why, or an empty text when the event is no failure."""
    told = event.data
    if event.name != "trial" or told.get("state") != "failed":
        return ""
    return f"{told.get('id', 'A learner')} failed: {told.get('reason') or 'no reason given'}"


def figure(value: float) -> str:
    """Return a score with four significant digits, without an exponent where a person would not write one."""
    size = abs(value)
    if size == 0 or 1e-4 <= size < 1:
        return f"{value:.4f}"
    return f"{value:,.0f}" if 1e4 <= size < 1e9 else f"{value:.4g}"


_INITIALS = {"roc_auc": "ROC AUC", "r2": "R²", "mcc": "MCC", "f1": "F1", "f1_macro": "F1 macro"} | {
    name: name.upper() for name in ("rmse", "mae", "mape", "rmsle")
}


def metric_title(name: str) -> str:
    """Return a metric's name for reading, without loading the metric."""
    return _INITIALS.get(name, name.replace("_", " "))
