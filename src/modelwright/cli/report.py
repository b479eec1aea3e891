"""``modelwright report``: what is known of a model file, as a page to show."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import click

from modelwright.cli.output import note, show
from modelwright.cli.targets import beside_targets, either, for_target, in_turn, targets_document
from modelwright.core.destination import check_writable, named
from modelwright.core.errors import SpecError
from modelwright.report.catalog import DOCUMENTS
from modelwright.report.report import check_page
from modelwright.report.report import report as make

if TYPE_CHECKING:
    from modelwright.model.joint import JointModel
    from modelwright.model.model import Model
    from modelwright.report.report import Report


@final
@dataclass(frozen=True, slots=True)
class Asked:
    """The options of the command, one field each."""

    files: tuple[str, ...]
    output: str | None
    folder: str | None
    chosen: str | None
    target: str | None
    examples: int
    seconds: float | None
    card: bool
    bom: bool
    annex_iv: bool
    as_json: bool

    @property
    def models(self) -> list[str]:
        """The model files among the arguments."""
        return [name for name in self.files if name.endswith(".onnx")]

    @property
    def tables(self) -> list[str]:
        """The other arguments."""
        return [name for name in self.files if not name.endswith(".onnx")]

    @property
    def page(self) -> Path:
        """Where the page goes: beside the model, under its name, unless said otherwise."""
        if self.folder is not None:
            return Path(self.folder) / f"{Path(self.models[0]).stem}.html"
        return Path(self.models[0]).with_suffix(".html") if self.output is None else Path(self.output)

    @property
    def documents(self) -> tuple[str, ...]:
        """The further documents asked for."""
        wanted = {"card": self.card, "bom": self.bom, "annex_iv": self.annex_iv}
        return tuple(name for name in DOCUMENTS if self.folder is not None or wanted[name])


@click.command("report", short_help="Write what is known of a model file as a page to show.")
@click.argument("files", nargs=-1, required=True, metavar="MODEL [OTHER] [DATA]")
@click.option("-o", "--output", metavar="FILE", help="The page; MODEL.html by default. Its JSON goes beside it.")
@click.option(
    "--all", "folder", metavar="DIR", help="Write the page, its JSON, card, bill and worksheet into a folder."
)
@click.option("--card", is_flag=True, help="Write a model card beside the page (Markdown, Hugging Face headings).")
@click.option("--bom", is_flag=True, help="Write a bill of materials beside the page (CycloneDX JSON).")
@click.option("--annex-iv", is_flag=True, help="Write a worksheet on Annex IV of the EU AI Act beside the page.")
@for_target
@click.option("-t", "--target", metavar="COL", help="Column of the true answers; its name in training by default.")
@click.option("--examples", type=click.IntRange(min=0), default=0, metavar="N", help="Show and explain N rows of DATA.")
@click.option("--seconds", type=float, help="Begin no section after so long.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON document.")
def report(**options: Any) -> None:
    """Write what is known of the model file MODEL as a page of HTML: from the file alone, or richer with labelled DATA.

    With two model files they are compared, on DATA. Of a file of several targets each gets a page of its own,
    MODEL.TARGET.html, unless --for names one.
    """
    asked = Asked(**options)
    if not 1 <= len(asked.models) <= 2 or len(asked.tables) > 1:
        raise SpecError(
            f"One or two model files (.onnx) and at most one table are needed, not {len(asked.models)} and "
            f"{len(asked.tables)}: modelwright report MODEL.onnx [OTHER.onnx] [LABELLED.csv]"
        )
    if asked.folder is not None:
        with named(Path(asked.folder)):
            Path(asked.folder).mkdir(parents=True, exist_ok=True)
    check_writable(asked.page, (*asked.models, *asked.tables))
    check_page(asked.page)
    from modelwright.model.joint import JointModel  # help loads no runtime

    first = either(asked.models[0], asked.chosen)
    other = either(asked.models[1], asked.chosen) if len(asked.models) > 1 else None
    if isinstance(first, JointModel):
        pages = beside_targets(asked.page, first.targets)
        documents = {name: _written(asked, part, _same(other, name), pages[name]) for name, part in first.items()}
        text = in_turn(first, lambda part: str(documents[part.manifest.target]))
        told = {name: made.to_json() for name, made in documents.items()}
        show(text, targets_document("report", asked.models[0], first, told), as_json=asked.as_json)
        return
    made = _written(asked, first, _same(other, first.manifest.target), asked.page)
    show(str(made), made.to_json(), as_json=asked.as_json)


def _same(other: "Model | JointModel | None", target: str) -> "Model | None":
    """Return the model of the same target in the file to compare with."""
    from modelwright.model.joint import JointModel

    return other[target] if isinstance(other, JointModel) else other


def _written(asked: Asked, model: "Model", other: "Model | None", page: Path) -> "Report":
    made = make(
        model,
        None,
        asked.tables[0] if asked.tables else None,
        other=other,
        target=asked.target,
        examples=asked.examples,
        seconds=asked.seconds,
    )
    for path in made.save(page, documents=asked.documents):
        note(f"Written: {path}")
    return made
