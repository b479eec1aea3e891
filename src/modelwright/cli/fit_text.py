"""The result of a fit, for reading and as a JSON document."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from modelwright.cli.output import Memory, grid, printable

if TYPE_CHECKING:
    from modelwright.model.model import Model


def fit_document(model: "Model", output: str, memory: Memory, done: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the result of a fit as a JSON document; `done` is what was told of its end, where that is not the last."""
    from modelwright.cli import facts

    done = memory.last("done") if done is None else done
    return {
        "schema": "modelwright/fit/1",
        "model": output,
        "digest": model.digest,
        "size_bytes": model.size_bytes,
        "task": model.task.to_json(),
        "target": model.manifest.target,
        "metric": model.metric,
        "score": done.get("score"),
        "low": done.get("low"),
        "high": done.get("high"),
        "seconds": done.get("seconds"),
        "members": facts.members(model),
        "evaluation": model.evaluation,
        "parity": {k: v for k, v in (model.parity or {}).items() if k != "witness"},
        "interrupted": bool(memory.last("interrupted")),
        "notes": memory.notes(),
        "warnings": memory.warnings(),
    }


def fit_text(model: "Model", output: str, memory: Memory) -> str:
    """Return the result of a fit for reading."""
    from modelwright.cli import facts

    seconds = memory.last("done").get("seconds")
    rows = [
        ("Model", f"{output} ({facts.size_text(model.size_bytes)})"),
        ("Task", facts.task_text(model)),
        ("Score", facts.score_text(model)),
        ("Members", facts.members_text(model)),
        ("Trials", facts.trials_text(model)),
        ("Parity", facts.parity_text(model)),
    ]
    rows[2:2] = [("Chosen", text.removeprefix("Task: ")) for text in memory.notes() if text.startswith("Task: ")]
    if model.task.decision is not None:
        rows.insert(2, ("Labels", printable(model.task.rule, 100)))
    if seconds is not None:
        rows.append(("Time", f"{seconds:.1f} s"))
    rows += [("Warning", text) for text in memory.warnings()]
    if memory.last("interrupted"):
        rows.append(("Note", "interrupted; this is the best model so far"))
    return grid(rows)
