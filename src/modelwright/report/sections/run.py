"""What was asked, of what, and how to ask it again."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

from modelwright.insight.tabulation import printable
from modelwright.report.base import Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Code, Facts
from modelwright.report.wording import task_sentence

_ONE_WORD: dict[str, Any] = {
    "weight": None,
    "groups": None,
    "time": None,
    "interval": 0.9,
    "interval_groups": None,
    "mitigate": "none",
    "ship": "accurate",
}
"""Options of a fit that take one word, with what they are when not asked for."""


@final
class RunSection(Section[dict[str, Any]]):
    """The manifest in words."""

    title: ClassVar[str] = "What was asked"
    chapter: ClassVar[str] = "run"

    def look(self, case: Case) -> dict[str, Any]:
        """Return the manifest."""
        return case.model.manifest.to_json()

    def document(self, result: dict[str, Any]) -> dict[str, Any]:
        """Return the manifest."""
        return result

    def blocks(self, result: dict[str, Any], case: Case) -> Sequence[Block]:
        """Return question, data, budget, versions and the command that fits again."""
        manifest = case.model.manifest
        trials, seconds = manifest.budget.get("trials"), manifest.budget.get("seconds")
        data = manifest.data
        evaluation = case.evaluation
        pairs = [
            ("Question", task_sentence(case.model)),
            ("Rows learned from", f"{data['rows']:,}" if "rows" in data else "not recorded"),
            ("Columns offered", f"{data['columns']:,}" if "columns" in data else "not recorded"),
            ("Fingerprint of the data", f"sha256 {data['sha256']}" if data.get("sha256") else "not recorded"),
            ("Aimed at", evaluation.main.title if evaluation else manifest.metric),
            ("Validation", _validation(case)),
            ("Budget", f"{trials} trials" if trials else f"{seconds:g} s" if seconds else "not recorded"),
            ("Seed", str(manifest.seed)),
            ("Written", manifest.created or "no moment is recorded, so that the same fit gives the same bytes"),
            ("By", f"modelwright {manifest.version}"),
            ("With", ", ".join(f"{name} {version}" for name, version in sorted(manifest.libraries.items()))),
        ]
        shown = tuple((name, printable(value, 200)) for name, value in pairs if value)
        return (Facts(shown), Code("To fit again, on the same table", _again(case)))


def _validation(case: Case) -> str:
    evaluation = case.evaluation
    if evaluation is None:
        return "not recorded"
    if evaluation.source == "test":
        return f"{evaluation.n_rows:,} test rows that were given for it and never learned from"
    folds = max((line.get("folds") or 0 for line in case.model.leaderboard or ()), default=0)
    way = f"{folds} folds" if folds > 1 else "one held-out part" if folds == 1 else "held-out rows"
    return f"{way}: each of {evaluation.n_rows:,} rows was answered by models that had not seen it"


def _again(case: Case) -> str:
    manifest = case.model.manifest
    trials, seconds = manifest.budget.get("trials"), manifest.budget.get("seconds")
    limit = ["--trials", str(trials)] if trials else ["--budget", f"{seconds:g}s"] if seconds else []
    words = ["modelwright", "fit", "TRAINING_DATA", "--target", manifest.target, "--metric", manifest.metric, *limit]
    asked = (case.model.documents.get("recipe") or {}).get("spec") or {}
    return shlex.join([*words, "--seed", str(manifest.seed), "--output", case.name, *_options(asked)])


def _options(asked: Mapping[str, Any]) -> list[str]:
    """Return the options of `modelwright fit` for what was asked; those that take several words last."""
    words: list[str] = []
    if asked.get("task", "auto") != "auto":
        words += ["--task", str(asked["task"])]
    for name, otherwise in _ONE_WORD.items():
        value = asked.get(name, otherwise)
        if value != otherwise:
            words += [f"--{name.replace('_', '-')}", f"{value:g}" if isinstance(value, float) else str(value or 0)]
    for column in asked.get("drop", ()):
        words += ["--drop", str(column)]
    for column, kind in dict(asked.get("kinds") or {}).items():
        words += ["--kind", f"{column}={kind}"]
    if asked.get("sensitive_features"):
        words.append("--use-sensitive")
    monotone = [f"{column}={way:+d}" for column, way in dict(asked.get("monotone") or {}).items()]
    for name, values in (
        ("monotone", monotone),
        ("quantiles", asked.get("quantiles")),
        ("sensitive", asked.get("sensitive")),
    ):
        if values:
            words += [f"--{name}", *map(str, values)]
    return words
