"""``modelwright inspect``: what a model file holds."""

from typing import TYPE_CHECKING, Any

import click

from modelwright.cli.output import ends_text, grid, printable, show
from modelwright.cli.schema import schema_text
from modelwright.cli.targets import either, for_target, in_turn, targets_document
from modelwright.core.errors import counted

if TYPE_CHECKING:
    from modelwright.model.joint import JointModel
    from modelwright.model.model import Model


@click.command("inspect", short_help="Show what a model file holds.")
@click.argument("model")
@for_target
@click.option("--region", metavar="CC", help="Country to tell CO2e for, such as DE; that of the fit by default.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON document.")
def inspect(model: str, *, chosen: str | None, region: str | None, as_json: bool) -> None:
    """Show task, score, members, columns, size, speed, energy and origin of the model file MODEL."""
    from modelwright.model.joint import JointModel
    from modelwright.model.speed import row_microseconds  # help loads no runtime

    opened = either(model, chosen)
    if isinstance(opened, JointModel):
        times = {name: row_microseconds(part) for name, part in opened.items()}
        documents = {name: inspect_document(part, times[name], region) for name, part in opened.items()}
        text = in_turn(opened, lambda part: inspect_text(part, times[part.manifest.target], region))
        document = targets_document("inspect", model, opened, documents)
        show(f"{_whole(opened)}\n\n{text}", document, as_json=as_json)
        return
    micros = row_microseconds(opened)
    text, document = inspect_text(opened, micros, region), inspect_document(opened, micros, region)
    show(text, document, as_json=as_json)


def inspect_document(model: "Model", micros: float, region: str | None = None) -> dict[str, Any]:
    """Return everything a file says of itself as a JSON document."""
    from modelwright.cli import facts

    return {
        "schema": "modelwright/inspect/1",
        "manifest": model.manifest.to_json(),
        "digest": model.digest,
        "size_bytes": model.size_bytes,
        "row_microseconds": round(micros, 1),
        "columns": model.schema.to_json()["columns"],
        "evaluation": model.evaluation,
        "leaderboard": model.leaderboard,
        "glass": model.documents.get("glass"),
        "parity": {k: v for k, v in (model.parity or {}).items() if k != "witness"},
        "energy": facts.energy_document(model, region),
    }


def inspect_text(model: "Model", micros: float, region: str | None = None) -> str:
    """Return what a file says of itself for reading."""
    from modelwright.cli import facts

    manifest = model.manifest
    rows = [
        ("Task", facts.task_text(model)),
        ("Score", facts.score_text(model)),
        ("Members", facts.members_text(model)),
        ("Glass box", facts.glass_text(model)),
        ("Size", facts.size_text(model.size_bytes)),
        ("Speed", f"{micros:.0f} µs per row, asked one by one on this machine"),
        ("Parity", facts.parity_text(model)),
        *facts.energy_texts(model, region),
        ("Written", f"{manifest.created or 'at no recorded moment'}, by modelwright {manifest.version}"),
        ("Data", _data(manifest.data)),
        ("Budget", _budget(manifest.budget, manifest.seed)),
        ("Made with", ", ".join(f"{name} {version}" for name, version in sorted(manifest.libraries.items()))),
        ("Digest", model.digest),
    ]
    if model.task.decision is not None:
        rows.insert(1, ("Labels", printable(model.task.rule, 100)))
    if model.classes:
        rows.insert(1, ("Classes", printable(", ".join(map(str, model.classes)), 100)))
    return "\n\n".join([grid(rows), schema_text(model.schema), *_trials(model)])


def _whole(model: "JointModel") -> str:
    """Return what is to be said of a file of several targets as a whole."""
    from modelwright.cli import facts

    outputs = [name for names in model.outputs.values() for name in names.values()]
    return grid(
        [
            ("Targets", printable(", ".join(model.targets), 100)),
            ("Columns", f"{len(model.schema)}: {printable(', '.join(model.schema.names), 100)}"),
            ("Outputs", printable(", ".join(outputs), 200)),
            ("Size", facts.size_text(model.size_bytes)),
            ("Digest", model.digest),
        ]
    )


def _data(data: Any) -> str:
    parts = [counted(data["rows"], "row") if "rows" in data else "", f"sha256 {str(data.get('sha256', ''))[:16]}"]
    return ", ".join(part for part in parts if part)


def _budget(budget: Any, seed: int) -> str:
    trials = budget.get("trials")
    limit = counted(trials, "trial") if trials else f"{budget.get('seconds', 0):g} s"
    return f"{limit}, seed {seed}"


def _trials(model: "Model") -> list[str]:
    lines = model.leaderboard or ()
    if not lines:
        return []
    head = ("trial", "family", "state", "loss", "95 % interval", "seconds", "weight", "")
    cells = [
        (
            str(line.get("id", "")),
            str(line.get("family", "")),
            str(line.get("state", "")),
            "" if line.get("loss") is None else f"{line['loss']:.5g}",
            "" if line.get("loss") is None else ends_text(line.get("loss_low"), line.get("loss_high")),
            "" if line.get("seconds") is None else f"{line['seconds']:.1f}",
            f"{line['weight']:.2f}" if line.get("weight") else "",
            printable(str(line.get("reason", "")), 60),
        )
        for line in lines
    ]
    return [grid([head, *cells], right=frozenset({3, 5, 6}))]
