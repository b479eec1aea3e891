"""A report as one page of HTML: no script, nothing fetched, light and dark, on paper too."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from modelwright.insight.tabulation import printable
from modelwright.report.catalog import CHAPTERS
from modelwright.report.content import LEVELS, Block, Chart, Grid

if TYPE_CHECKING:
    from modelwright.report.report import Report

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""Content security policy: styles and pictures inside the page, nothing else, nowhere."""

_WIDEST_BESIDE = 540
"""Width of a picture, in CSS pixels, up to which something may stand beside it."""

_MOST_LETTERS_BESIDE = 54
"""Letters of a table's widest row, with what lies between columns, up to which something may stand beside it."""

_BETWEEN = 1.5
"""Letters that the space after a column is worth."""

_WIDEST_WHOLE = 700
"""Width of a picture, in CSS pixels, from which on it is moved sideways on a phone instead of being shrunk."""

_WIDEST_ON_PAPER = 100
"""Letters of a row that paper has room for, the space between columns counted."""

_NARROWEST = 12
"""Letters down to which a column of words may be narrowed on paper."""

_WIDEST_COLUMN = 26
"""Letters that a column of words is wide before it breaks lines."""

_PAGES = jinja2.Environment(
    loader=jinja2.PackageLoader("modelwright.report", "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(report: "Report") -> str:
    """Return the whole page."""
    return _rendered("page.html.jinja", report)


def fragment(report: "Report") -> str:
    """Return the verdict alone, for a notebook: a cell's output is no place for a whole report."""
    return _rendered("fragment.html.jinja", report)


def _rendered(template: str, report: "Report") -> str:
    chapters = [
        {"name": name, "number": number, "title": title, "parts": report.parts_of(name)}
        for number, (name, title) in enumerate(CHAPTERS.items(), 1)
    ]
    return _PAGES.get_template(template).render(
        report=report,
        verdict=report.verdict,
        chapters=[chapter for chapter in chapters if chapter["parts"]],
        style=_style(),
        policy=POLICY,
        levels=LEVELS,
        picture=_picture,
        rows=_rows,
        printable=printable,
    )


def _rows(blocks: Sequence[Block]) -> list[list[Block]]:
    """Return the blocks, those that may stand side by side together."""
    found: list[list[Block]] = []
    before = False
    for block in blocks:
        beside = _fits_beside(block)
        if beside and before:
            found[-1].append(block)
        else:
            found.append([block])
        before = beside
    return found


def _fits_beside(block: Block) -> bool:
    if isinstance(block, Chart):
        width = re.search(r'width="(\d+)"', block.markup)
        return width is not None and int(width[1]) <= _WIDEST_BESIDE
    if not isinstance(block, Grid) or block.folded:
        return False
    heads = (max(map(len, head.split()), default=0) for head in block.rows[0])
    return sum(max(pair) + _BETWEEN for pair in zip(widths(block), heads, strict=True)) <= _MOST_LETTERS_BESIDE


def widths(grid: Grid) -> list[int]:
    """Return how many letters wide each column is: the longest cell, words that can be broken up to a limit."""
    longest = [max(map(len, column)) for column in zip(*grid.rows[1:] or grid.rows, strict=True)]
    return [min(n, _WIDEST_COLUMN) if side == "<" else n for n, side in zip(longest, grid.sides, strict=True)]


def _fits_paper(grid: Grid) -> bool:
    """Return whether numbers need not break lines on paper: columns of words can be narrow instead."""
    room = [w if side == ">" else min(w, _NARROWEST) for w, side in zip(widths(grid), grid.sides, strict=True)]
    return sum(room) + _BETWEEN * len(room) <= _WIDEST_ON_PAPER


def _is_wide(chart: Chart) -> bool:
    width = re.search(r'width="(\d+)"', chart.markup)
    return width is not None and int(width[1]) >= _WIDEST_WHOLE


def _style() -> Markup:
    source, _, _ = jinja2.PackageLoader("modelwright.report", "templates").get_source(_PAGES, "page.css")
    return Markup(source)  # our own file


def _picture(chart: Chart) -> Any:
    return Markup(chart.markup)  # made by `modelwright.display.svg`, which escapes every text of the data


_PAGES.globals |= {"widths": widths, "is_wide": _is_wide, "fits_paper": _fits_paper}
