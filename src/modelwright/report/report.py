"""A report: made from a model, perhaps labelled rows and another model, and written in several forms."""

import importlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from modelwright.core.destination import whole_file
from modelwright.core.errors import MissingExtraError, ModelwrightError, OutputError, SpecError, listed
from modelwright.core.json_value import json_value
from modelwright.insight.opening import opened
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.catalog import CHAPTERS, DOCUMENTS, ENDINGS, SECTIONS
from modelwright.report.content import Absence, Light, Part
from modelwright.report.verdict import Verdict, verdict_of

if TYPE_CHECKING:
    from modelwright.model.model import Model

SCHEMA = "modelwright/report/1"

_PAGES = ("jinja2", "markupsafe")


@final
@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What is known of a model, ready to be written.

    Attributes:
        model: The model.
        name: How commands call its file.
        verdict: What stands first.
        parts: The sections, in the order of reading.
        absent: What is not in it, and why.
        command: What makes the report again.
        made: ISO 8601 moment of making.
    """

    model: "Model"
    name: str
    verdict: Verdict
    parts: tuple[Part, ...]
    absent: tuple[Absence, ...]
    command: str
    made: str

    def to_html(self) -> str:
        """Return one page that needs nothing but itself."""
        page: str = _extra("modelwright.report.page").page(self)
        return page

    def to_json(self) -> dict[str, Any]:
        """Return the same content as a JSON-able dictionary, valid against ``report.schema.json``."""
        document = {
            "schema": SCHEMA,
            "title": self.verdict.title,
            "made": self.made,
            "command": self.command,
            "model": {"file": self.name, "digest": self.model.digest, "size_bytes": self.model.size_bytes},
            "verdict": self.verdict.to_json(),
            "chapters": [
                {"name": name, "number": number, "title": title, "sections": [p.to_json() for p in self.parts_of(name)]}
                for number, (name, title) in enumerate(CHAPTERS.items(), 1)
            ],
            "absent": [a.to_json() for a in self.absent],
        }
        finite: dict[str, Any] = json_value(document)
        return finite

    def parts_of(self, chapter: str) -> tuple[Part, ...]:
        """Return the sections of a chapter."""
        return tuple(part for part in self.parts if part.chapter == chapter)

    def part(self, name: str) -> Part | None:
        """Return a section by its name in the catalog, None where it is not in the report."""
        return next((part for part in self.parts if part.name == name), None)

    def document(self, name: str) -> str:
        """Return one of the documents that go with a report: "card", "bom" or "annex_iv".

        Raises:
            SpecError: There is no such document.
        """
        if name not in DOCUMENTS:
            raise SpecError(f"There is no document '{name}'. Documents: {listed(DOCUMENTS)}.")
        module, _, attribute = DOCUMENTS[name].partition(":")
        text: str = getattr(importlib.import_module(module), attribute)(self)
        return text

    def save(self, path: str | os.PathLike[str], *, documents: tuple[str, ...] = ()) -> tuple[Path, ...]:
        """Write the page to `path` and its JSON beside it, and further documents.

        Args:
            path: Where the page goes, such as ``churn.html``.
            documents: Any of "card", "bom" and "annex_iv".

        Returns:
            The files written.

        Raises:
            OutputError: A file cannot be written, or a JSON file of another origin is beside the page.
        """
        path = Path(path)
        check_page(path)
        texts = {path: self.to_html(), path.with_suffix(".json"): dumped(self.to_json())}
        for name in documents:
            texts[path.with_suffix(f".{ENDINGS[name]}")] = self.document(name)
        for place, text in texts.items():
            with whole_file(place) as temporary:
                temporary.write_text(text, encoding="utf-8")
        return tuple(texts)

    def __repr__(self) -> str:
        return f"<Report on {self.verdict.title}: {len(self.parts)} sections, {len(self.absent)} not in it>"

    def __str__(self) -> str:
        verdict = self.verdict
        lines = [verdict.title, "", verdict.sentence, ""]
        lines += [f"{line.question} {line.word}. {line.text}" for line in verdict.lines]
        lines += ["", *(f"{light.word}: {light.promise}. {light.text}" for light in verdict.lights)]
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        fragment: str = _extra("modelwright.report.page").fragment(self)
        return {"text/plain": str(self), "text/html": fragment}


def report(
    model: "Model | str | os.PathLike[str]",
    path: str | os.PathLike[str] | None = None,
    data: Any = None,
    *,
    other: "Model | str | os.PathLike[str] | None" = None,
    target: str | None = None,
    examples: int = 0,
    seconds: float | None = None,
    documents: tuple[str, ...] = (),
) -> Report:
    """Make a report on a model: from its file alone, and richer with labelled rows that it has not learned from.

    Args:
        model: The model or its file.
        path: Where to write the page, the same as JSON beside it; None writes nothing.
        data: Labelled rows in any form that can be read.
        other: A second model to compare with, on the same rows.
        target: Column of the true answers; None takes its name in training.
        examples: How many single answers are shown and explained; these show cells of rows.
        seconds: No section is begun after so long; what is left out for it is told.
        documents: What else to write beside the page: "card", "bom", "annex_iv".

    Raises:
        DataError: The rows cannot be read, or none has an answer.
        SchemaError: A column is absent or a cell is of a wrong kind.
        SpecError: What was asked makes no sense.
        OutputError: A file cannot be written.
        MissingExtraError: Jinja2 or Matplotlib is not installed.

    Example:
        >>> import modelwright as mw
        >>> rows = {"size": list(range(40)), "price": [3.0 * i + 7 for i in range(40)]}
        >>> model = mw.fit(rows, target="price", budget=mw.Budget(trials=1))
        >>> "The file" in mw.report(model).to_html()
        True
    """
    if unknown := [name for name in documents if name not in DOCUMENTS]:
        raise SpecError(f"There is no document '{unknown[0]}'. Documents: {listed(DOCUMENTS)}.")
    if path is not None:
        check_page(Path(path))  # before the work
    first, second = opened(model), None if other is None else opened(other)
    started = time.monotonic()
    case = Case.of(first, data, target=target, other=second, examples=examples)
    made = make(case, lambda: seconds is not None and time.monotonic() - started >= seconds)
    if path is not None:
        made.save(path, documents=documents)
    return made


def check_page(page: Path) -> None:
    """Refuse a page whose JSON would take the place of a file that nobody named, such as the table.

    Raises:
        OutputError: No report of ours wrote the file that is there.
    """
    beside = page.with_suffix(".json")
    if beside != page and not is_report(beside):
        raise OutputError(
            f"The JSON of the page '{page}' would take the place of '{beside}', which no report wrote. Give the page"
            " another name (-o), or move that file."
        )


def is_report(path: Path) -> bool:
    """Return whether there is nothing under that name, or an older report: a table may be called like the model."""
    if not path.exists():
        return True
    with path.open("rb") as file:
        start = file.read(2000)
    return b'name="generator" content="modelwright' in start or b'"schema": "modelwright/report/' in start


def make(case: Case, is_late: Callable[[], bool] = lambda: False) -> Report:
    """Fill every section of the catalog for a case.

    Args:
        case: What the report is about.
        is_late: Says whether no further section should be begun.
    """
    parts: list[Part] = []
    absent: list[Absence] = []
    lights: list[Light] = []
    for name, entry in SECTIONS.items():
        module, _, attribute = entry.partition(":")
        section: Section[Any] = getattr(importlib.import_module(module), attribute)()
        if case.model.task.name not in section.applies:
            continue
        if is_late():
            absent.append(Absence(section.title, "The time given for the report was over.", "Give it more time."))
            continue
        try:
            parts.append(_filled(name, section, case))
        except NotHere as nothing:
            absent.append(Absence(section.title, nothing.why, nothing.remedy))
        except MissingExtraError as error:
            raise MissingExtraError("A report", "report") from error
        except ModelwrightError as error:
            absent.append(Absence(section.title, str(error), ""))
    told = {part.chapter for part in parts} | {_chapter(entry) for entry in SECTIONS.values()}
    absent += [Absence(title, "Nothing looks at it yet.", "") for name, title in CHAPTERS.items() if name not in told]
    lights += [light for part in parts for light in part.lights]
    return Report(
        case.model, case.name, verdict_of(case, tuple(lights)), tuple(parts), tuple(absent), _command(case), moment()
    )


def moment() -> str:
    """Return the time now, or SOURCE_DATE_EPOCH where it is set, so that the same report gives the same bytes."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(None if epoch is None else int(epoch)))


def dumped(value: Any) -> str:
    """Return a JSON document as text, a newline at its end."""
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _filled(name: str, section: Section[Any], case: Case) -> Part:
    result = section.look(case)
    return Part(
        name=name,
        title=section.title,
        chapter=section.chapter,
        blocks=tuple(section.blocks(result, case)),
        result=section.document(result),
        command=section.command(case),
        lights=tuple(section.lights(result, case)),
    )


def _chapter(entry: str) -> str:
    module, _, attribute = entry.partition(":")
    chapter: str = getattr(importlib.import_module(module), attribute).chapter
    return chapter


def _command(case: Case) -> str:
    more = ["--examples", str(case.examples)] if case.examples else []
    words = [*([case.other_name] if case.other else []), *([case.rows.name] if case.rows else []), *more]
    return case.line("report", *words, "-o", f"{Path(case.name).stem}.html")


def _extra(module: str) -> Any:
    """Import a module that needs the extra, or say how to install it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _PAGES:
            raise
        raise MissingExtraError("A report", "report") from error
