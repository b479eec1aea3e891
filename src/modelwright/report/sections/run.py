"""What was asked, of what, and how to ask it again."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar, final

from modelwright.core.asked import SCHEMA, Asked
from modelwright.core.errors import DataError, counted
from modelwright.core.spec import Budget, FitSpec
from modelwright.insight.tabulation import printable
from modelwright.model.naming import safe_name
from modelwright.report.again import fit_command
from modelwright.report.base import Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Code, Facts
from modelwright.report.wording import budget_text, moment_text, task_sentence


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
        data = manifest.data
        evaluation = case.evaluation
        pairs = [
            ("Question", task_sentence(case.model)),
            ("Rows learned from", f"{data['rows']:,}" if "rows" in data else "not recorded"),
            ("Columns read", f"{data['columns']:,}" if "columns" in data else "not recorded"),
            ("Fingerprint of the data", f"sha256 {data['sha256']}" if data.get("sha256") else "not recorded"),
            ("Aimed at", evaluation.main.title if evaluation else manifest.metric),
            ("Validation", _validation(case)),
            ("Budget", budget_text(manifest.budget)),
            ("Seed", str(manifest.seed)),
            (
                "Written",
                moment_text(manifest.created) or "no moment is recorded, so that the same fit gives the same bytes",
            ),
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
        return f"{counted(evaluation.n_rows, 'test row')} that were given for it and never learned from"
    folds = max((line.get("folds") or 0 for line in case.model.leaderboard or ()), default=0)
    way = f"{folds} folds" if folds > 1 else "one held-out part" if folds == 1 else "held-out rows"
    return f"{way}: each of {counted(evaluation.n_rows, 'row')} was answered by models that had not seen it"


def _again(case: Case) -> str:
    manifest = case.model.manifest
    is_tested = case.evaluation is not None and case.evaluation.source == "test"
    return fit_command(
        _asked(case),
        target=manifest.target,
        seed=manifest.seed,
        data="TRAINING_DATA",
        output=case.name if case.model.within is None else f"{safe_name(manifest.target)}.onnx",
        test="TEST_DATA" if is_tested else "",
    )


def _asked(case: Case) -> Asked:
    """Return what was asked, from recipe and manifest where the file keeps no more that this version understands."""
    with suppress(DataError):
        return Asked.from_json(case.model.documents.get("asked"))
    manifest = case.model.manifest
    trials, seconds = manifest.budget.get("trials"), manifest.budget.get("seconds")
    budget = {"trials": trials} if trials else {"seconds": seconds} if seconds else {}
    recipe = case.model.documents.get("recipe") or {}
    with suppress(DataError):
        return Asked.from_json({"schema": SCHEMA, "budget": budget, "spec": recipe.get("spec")})
    return Asked(Budget(**budget), FitSpec(metric=manifest.metric))
