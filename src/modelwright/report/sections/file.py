"""The file itself."""

from collections.abc import Sequence
from typing import Any, ClassVar, final

from modelwright.core.errors import counted
from modelwright.insight.tabulation import printable
from modelwright.report.base import Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Facts, Level, Light

PROMISE = "The file answers as the fitted model did"


@final
class FileSection(Section[dict[str, Any]]):
    """Size, seal and proof."""

    title: ClassVar[str] = "What the file holds"
    chapter: ClassVar[str] = "file"

    def look(self, case: Case) -> dict[str, Any]:
        """Return what the file says of itself."""
        parity, decision = case.model.parity or {}, case.model.task.decision
        return {
            "name": case.name,
            "size_bytes": case.model.size_bytes,
            "digest": case.model.digest,
            "format": case.model.manifest.format,
            "parity": {k: v for k, v in parity.items() if k != "witness"} or None,
            "inputs": list(case.model.schema.names),
            "outputs": list(case.model.task.outputs(case.model.schema.names)),
            "labels": None if decision is None else case.model.task.rule,
        }

    def document(self, result: dict[str, Any]) -> dict[str, Any]:
        """Return the same."""
        return result

    def command(self, case: Case) -> str:
        """Return the command that proves the file again."""
        return case.line("verify")

    def blocks(self, result: dict[str, Any], case: Case) -> Sequence[Block]:
        """Return the facts."""
        size = result["size_bytes"]
        pairs = (
            ("File", f"{result['name']}, one ordinary ONNX model of standard operators"),
            ("Size", f"{size / 1e3:.1f} kB" if size < 1_000_000 else f"{size / 1e6:.2f} MB"),
            ("Format", str(result["format"])),
            ("Seal", f"sha256 {result['digest']}"),
            ("Inputs", f"{len(result['inputs'])}, one per column, each of shape (rows, 1)"),
            ("Outputs", ", ".join(result["outputs"])),
            *((("Labels", printable(result["labels"], 200)),) if result["labels"] else ()),
            ("Parity", _parity(result["parity"])),
        )
        return (Facts(pairs),)

    def lights(self, result: dict[str, Any], case: Case) -> Sequence[Light]:
        """Say whether parity was proven."""
        level: Level = "unknown" if result["parity"] is None else "good"
        said = "The file answers as the fitted model did." if level == "good" else "The file carries no proof."
        return (Light(PROMISE, level, _parity(result["parity"]), "file", "use", said),)


def _parity(parity: dict[str, Any] | None) -> str:
    if parity is None:
        return "The file carries no proof; modelwright verify cannot repeat one."
    largest = parity["largest_difference"]
    difference = f"the largest difference is {largest:.1g}" if largest else "there is no difference"
    return (
        f"Proven on {counted(parity['n_rows'], 'row')}, {parity.get('n_hostile', 0):,} of them odd on purpose: "
        f"{difference}, {parity['tolerance']:f}".rstrip("0")
        + " is allowed."
    )
