"""Whether groups are treated alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

from modelwright.core.errors import DataError, SpecError, counted
from modelwright.insight.fairness.audit import audit, labelled_groups
from modelwright.insight.fairness.result import Fairness, Gap
from modelwright.insight.fairness.thresholds import tradeoff
from modelwright.insight.fairness.tradeoff import Tradeoff
from modelwright.insight.tabulation import plain, printable
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Light, Note, Text
from modelwright.report.drawing import chart, grids, notes
from modelwright.report.wording import NOT_READ, interval_text

_LOOKED_AT = ("demographic_parity", "equalised_odds", "error_equality")
"""Gaps that the verdict tells of."""

_COSTS = (
    "The model's own labels follow the costs that were given at the fit; those by group in this picture follow "
    "accuracy. That they are right more often is no gain: count what their mistakes cost before you compare."
)

_SMALL = 0.1
"""Where every gap is known to be below ten points, groups are treated about alike; our choice, no law."""


@final
@dataclass(frozen=True, slots=True)
class Found:
    """The audit, and what evening out would cost where there are two classes."""

    audit: Fairness
    tradeoff: Tradeoff | None
    note: str = ""


@final
class FairnessSection(Section[Found]):
    """Figures and gaps of the groups by the columns that the fit was told to be sensitive."""

    title: ClassVar[str] = "Are groups treated alike?"
    chapter: ClassVar[str] = "fairness"

    def look(self, case: Case) -> Found:
        """Audit the labelled rows where they hold the sensitive columns, else show the fit's own audit."""
        saved = case.model.documents.get("fairness")
        if saved is None:
            raise NotHere(
                "No sensitive columns were named when the model was fitted.",
                "Fit with --sensitive COL, or audit the file: modelwright fairness MODEL LABELLED.csv --sensitive COL",
            )
        kept = Fairness.from_json(saved)
        if case.rows is not None:
            try:
                return _looked(case, kept.sensitive, _saved(saved))
            except (DataError, SpecError) as error:
                note = f"{printable(case.rows.name, 60)} could not be audited; these are the rows of the fit. {error}"
                return Found(kept, _saved(saved), note)
        return Found(kept, _saved(saved))

    def document(self, result: Found) -> dict[str, Any]:
        """Return the audit, the trade-off inside it."""
        document = result.audit.to_json()
        return document if result.tradeoff is None else {**document, "tradeoff": result.tradeoff.to_json()}

    def command(self, case: Case) -> str:
        """Return the command that audits the rows again."""
        names = Fairness.from_json(case.model.documents["fairness"]).sensitive
        return case.line_on_rows("fairness", "--sensitive", *names) if case.rows else ""

    def blocks(self, result: Found, case: Case) -> Sequence[Block]:
        """Return gaps, groups, proxies, and the cost of evening out."""
        r = result.audit
        judged = [g for g in r.groups if g.is_judged]
        smallest = min(judged, key=lambda g: g.n_rows, default=None)
        text = (
            f"{len(judged):,} of {counted(len(r.groups), 'group')} have the {r.min_rows:,} rows it takes to be judged"
            + (
                f"; the smallest of them is {printable(smallest.name, 80)} with {smallest.n_rows:,}."
                if smallest
                else "."
            )
        )
        told = (Note(result.note),) if result.note else ()
        tables = grids(r)
        found: list[Block] = [Text(text), *told, *tables]
        if result.tradeoff is not None:
            decision = case.model.task.decision
            found += [Note(_COSTS)] if decision is not None and decision.costs else []
            found.append(chart("TradeoffDisplay", result.tradeoff, "tradeoff"))
        told_once = dict.fromkeys((*(result.tradeoff.notes if result.tradeoff else ()), *r.notes))
        # Which columns the model does not read is said with the rows.
        return (*found, *notes([note for note in told_once if not note.startswith(NOT_READ)]))

    def lights(self, result: Found, case: Case) -> Sequence[Light]:
        """Say which gap is the largest beyond chance; without one, whether the rows were enough to see it."""
        promise = "Groups are treated alike"
        gaps = [g for g in result.audit.gaps if g.name in _LOOKED_AT and g.n_groups > 1]
        if beyond := [g for g in gaps if g.is_beyond_chance]:
            widest = max(beyond, key=lambda g: g.difference.low)
            return (Light(promise, "look", _told(widest), "fairness", "evenness", _plainly(widest)),)
        if not gaps:
            text = f"No two groups by {_by(result.audit)} have enough rows to be compared."
            return (Light(promise, "unknown", text, "fairness", "evenness", text),)
        widest = max(gaps, key=lambda g: g.difference.high)
        small = case.model.task.is_classification and widest.difference.high <= _SMALL
        text = (
            f"No gap by {_by(result.audit)} is beyond chance on {counted(result.audit.n_rows, 'row')};"
            f" one of {plain(widest.difference.high)} cannot be ruled out ({widest.name.replace('_', ' ')})."
        )
        said = f"Groups by {_by(result.audit)} are treated about alike."
        if not small:
            said = f"Too few rows to say that groups by {_by(result.audit)} are treated alike."
        return (Light(promise, "good" if small else "unknown", text, "fairness", "evenness", said),)


def _looked(case: Case, names: tuple[str, ...], saved: Tradeoff | None) -> Found:
    assert case.rows is not None, "asked for only with rows"
    answered, groups = labelled_groups(case.model, case.rows.source, names, target=case.target, weight=None)
    assert answered.table is not None, "predictions of a model come with their rows"
    audited = audit(answered, groups, answered.table.select(case.model.schema.names))
    if case.model.task.name != "binary":
        return Found(audited, None)
    constraint = "demographic_parity" if saved is None else saved.constraint
    return Found(audited, tradeoff(answered, groups, constraint=constraint))


def _saved(document: Any) -> Tradeoff | None:
    return Tradeoff.from_json(document["tradeoff"]) if "tradeoff" in document else None


def _by(result: Fairness) -> str:
    return ", ".join(printable(name, 40) for name in result.sensitive)


def _told(gap: Gap) -> str:
    name = gap.name.replace("_", " ")
    return (
        f"Largest gap beyond chance: {name} by {printable(' × '.join(gap.columns), 60)},"
        f" {plain(gap.difference.value)} ({interval_text(gap.difference)}), between “{printable(gap.lowest, 60)}”"
        f" and “{printable(gap.highest, 60)}”."
    )


def _plainly(gap: Gap) -> str:
    where = " and ".join(f"“{printable(name, 60)}”" for name in (gap.lowest, gap.highest))
    label = printable(gap.label, 40)
    what = {
        "demographic_parity": f"how often the answer is {label}",
        "equalised_odds": f"how often the answer is {label} where that is, or is not, true",
        "error_equality": "how far off the predictions are",
    }[gap.name]
    return f"Groups differ in {what}, most between {where}."
