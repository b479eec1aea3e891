"""A worksheet with the items of Annex IV of the EU AI Act: what the file knows is filled in, the rest is marked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from modelwright.report.content import Chart, Code, Facts, Grid, Part, Text
from modelwright.report.markdown import BLANK, code, joined, plain_text, table
from modelwright.report.wording import task_sentence

if TYPE_CHECKING:
    from modelwright.report.report import Report

_MOST_ROWS = 15

_WARNING = (
    "This is a worksheet and no technical documentation, no assessment and no claim of conformity. It orders what is "
    "known of one model file under the items of Annex IV of Regulation (EU) 2024/1689. Whether that regulation applies "
    "to the system, and whether an item is answered well enough, only people can judge. Every answer they must give is "
    f"marked {BLANK}. What is filled in stands here unchecked by anybody but the program."
)


@final
@dataclass(frozen=True, slots=True)
class Item:
    """One item of the annex.

    Attributes:
        number: As the annex numbers it.
        asks: What it asks for, shortened, in our words.
        sections: Sections of the report that answer a part of it.
        more: Further text from the model.
    """

    number: str
    asks: str
    sections: tuple[str, ...] = ()
    more: "Callable[[Report], str] | None" = None


def _version(report: "Report") -> str:
    manifest = report.model.manifest
    return f"Version: seal {report.model.digest}, written {manifest.created or 'at no recorded moment'}."


def _libraries(report: "Report") -> str:
    libraries = sorted(report.model.manifest.libraries.items())
    return "Made with " + ", ".join(f"{name} {version}" for name, version in libraries) + ". To answer: ONNX Runtime."


def _question(report: "Report") -> str:
    return task_sentence(report.model)


def _security(report: "Report") -> str:
    return f"The file is audited before it is opened, holds no code and is sealed: {report.model.digest}."


def _aim(report: "Report") -> str:
    return f"The fit aimed at {report.model.metric}."


ITEMS: tuple[Item, ...] = (
    Item("1 (a)", "Intended purpose, provider, version and its relation to earlier versions", (), _version),
    Item("1 (b)", "How the system works together with hardware, software and other AI systems outside it", ("calls",)),
    Item("1 (c)", "Versions of the software it needs, and what an update requires", (), _libraries),
    Item("1 (d)", "Forms in which it is placed on the market or put into service", ("file",)),
    Item("1 (e)", "Hardware it is meant to run on", ("time",)),
    Item("1 (f)", "Pictures of the product it is part of, its marking and its inside"),
    Item("1 (g)", "The interface given to the deployer"),
    Item("1 (h)", "Instructions for use for the deployer", ("limits",)),
    Item("2 (a)", "Methods and steps of development, ready-made systems and tools used", ("run", "leaderboard")),
    Item(
        "2 (b)",
        "Design: logic, main choices and their reasons, assumptions, what is optimised",
        ("explanation",),
        _question,
    ),
    Item("2 (c)", "Architecture, and the computing resources to develop, train, test and validate", ("file", "energy")),
    Item(
        "2 (d)",
        "Data: how they were got and chosen, origin, scope, main traits, labels, cleaning",
        ("columns", "rows", "suspicions"),
    ),
    Item(
        "2 (e)", "Human oversight that is needed, and the means to understand the output (Article 14)", ("explanation",)
    ),
    Item("2 (f)", "Changes determined beforehand, and how compliance lasts through them"),
    Item(
        "2 (g)",
        "Validation and testing: data, accuracy, robustness, possible discrimination; signed logs",
        ("evaluation", "calibration", "residuals", "slices", "robustness", "fairness"),
    ),
    Item("2 (h)", "Cybersecurity measures", (), _security),
    Item(
        "3",
        "Functioning and control: capabilities, limits, accuracy for groups, foreseeable risks, input data",
        ("evaluation", "slices", "limits"),
    ),
    Item("4", "Why these performance metrics suit this system", (), _aim),
    Item("5", "The risk management system (Article 9)"),
    Item("6", "Changes the provider makes through the lifecycle"),
    Item("7", "Harmonised standards applied, or what was done instead"),
    Item("8", "The EU declaration of conformity (Article 47)"),
    Item("9", "How performance is watched after it is on the market (Article 72)"),
)
"""The items, in the annex's order.

Source:
    Regulation (EU) 2024/1689 of 13 June 2024, Annex IV; shortened, not quoted. The law's text alone counts.
"""


def annex_iv(report: "Report") -> str:
    """Return the worksheet for a report's model."""
    lines = [f"# Worksheet on Annex IV: {plain_text(report.verdict.title)}", "", _WARNING, ""]
    lines += [
        f"Model file {plain_text(report.name)}, seal `{report.model.digest}`, made {plain_text(report.made)}.",
        "",
    ]
    for item in ITEMS:
        lines += [f"## {item.number} {plain_text(item.asks)}", ""]
        if item.more is not None:
            lines += [plain_text(item.more(report), 2000), ""]
        for name in item.sections:
            part = report.part(name)
            lines += _told(part) if part is not None else []
        lines += [BLANK, ""]
    return joined(lines)


def _told(part: Part) -> list[str]:
    """Return what a section says, without its pictures."""
    lines = [f"From the report, “{plain_text(part.title)}”:", ""]
    for block in part.blocks:
        if isinstance(block, Text):
            lines += [plain_text(block.text, 2000), ""]
        elif isinstance(block, Facts):
            lines += [*table(("what", "value"), block.pairs), ""]
        elif isinstance(block, Grid) and not block.folded:
            lines += [f"{plain_text(block.caption)}:", "", *table(block.rows[0], block.rows[1 : _MOST_ROWS + 1]), ""]
        elif isinstance(block, Code) and not block.folded:
            lines += [f"{plain_text(block.title)}:", "", *code(block.text), ""]
        elif isinstance(block, Chart):
            lines += [plain_text(block.description, 2000), ""]
    return lines
