"""``modelwright fit`` of several targets: what is asked of each, and what is told of all."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import click

from modelwright.cli.fit_text import fit_document, fit_text
from modelwright.cli.output import Memory, grid, note, printable
from modelwright.cli.targets import beside_targets, in_turn, targets_document
from modelwright.core.errors import OutputError, SpecError, listed
from modelwright.core.spec import FitSpec
from modelwright.model.naming import joint_name

if TYPE_CHECKING:
    from modelwright.model.joint import JointModel


@final
class PerTarget(click.ParamType[str]):
    """A word for all targets, or ``COL=WORD`` for one.

    Args:
        words: The words that there are, or None for any.
    """

    name = "word"

    def __init__(self, words: Sequence[str] | None = None) -> None:
        self._choice = None if words is None else click.Choice(words)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Check the word and return the text."""
        if self._choice is not None:
            self._choice.convert(str(value).rpartition("=")[2], param, ctx)
        return value


def specs_of(spec: FitSpec, targets: Sequence[str], tasks: Sequence[str], metrics: Sequence[str]) -> dict[str, FitSpec]:
    """Return what is asked of each target.

    Args:
        spec: What is asked of all.
        targets: The targets.
        tasks: Each ``TASK`` for all or ``COL=TASK`` for one.
        metrics: The same of metrics.

    Raises:
        SpecError: One names a column that is no target.
    """
    task, metric = worded(tasks, targets, "--task"), worded(metrics, targets, "--metric")
    return {name: replace(spec, task=task[name], metric=metric[name]) for name in targets}


def worded(texts: Sequence[str], targets: Sequence[str], option: str) -> dict[str, str]:
    """Return the word for each target; "auto" where none is given.

    Raises:
        SpecError: A text names a column that is no target.
    """
    found = dict.fromkeys(targets, "auto")
    for text in sorted(texts, key=lambda text: "=" in text):  # what is said of one stands above what is said of all
        name, _, word = text.rpartition("=")
        if name and name not in found:
            raise SpecError(f"{option} {text}: '{name}' is no target. Targets: {listed(targets)}.")
        found |= {name: word} if name else dict.fromkeys(targets, word)
    return found


def joint_output(targets: Sequence[str]) -> str:
    """Return the file name of several targets when none is given."""
    return f"{joint_name(targets)}.onnx"


def told_joint(
    model: "JointModel",
    output: str,
    memory: Memory,
    pages: Sequence[Path] = (),
    *,
    verb: str = "fit",
    kept: str | None = None,
) -> tuple[str, dict[str, Any]]:
    """Return the result of a fit, or refit, of several targets for reading and as a JSON document.

    Args:
        model: The file.
        output: Where it is.
        memory: The events.
        pages: The reports beside it.
        verb: The command.
        kept: Where its run is kept, or None.
    """
    done = {str(e.data.get("target")): e.data for e in memory.events if e.name == "target_done"}
    of_target = {
        name: {**fit_document(part, output, memory, done.get(name, {})), "notes": []} for name, part in model.items()
    }
    document = targets_document(
        verb,
        output,
        model,
        of_target,
        seconds=memory.last("done").get("seconds"),
        interrupted=bool(memory.last("interrupted")),
        notes=memory.notes(),
        report=[str(page) for page in pages],
        **({} if kept is None else {"run": kept}),
    )
    seconds = memory.last("done").get("seconds")
    whole = [
        ("Model", f"{output} ({model.size_bytes / 1e6:.2f} MB)"),
        ("Targets", printable(", ".join(model.targets), 100)),
        ("Time", f"{seconds:.1f} s" if seconds is not None else ""),
    ]
    if memory.last("interrupted"):
        whole.append(("Note", "interrupted; these are the best models so far"))
    text = in_turn(model, lambda part: fit_text(part, output, Memory()))
    ends = [] if kept is None else [f"Run        {kept}"]
    return "\n\n".join([grid(whole), text, *ends]), document


def pages_beside(model: "JointModel", place: Path, seconds: float) -> tuple[Path, ...]:
    """Write a report per target beside the model, as far as there is time; say what was left out."""
    from time import monotonic

    from modelwright.report.beside import beside

    end, places = monotonic() + seconds, beside_targets(place, model.targets)
    pages: list[Path] = []
    for name, part in model.items():
        try:
            written = beside(places[name], model=part, seconds=end - monotonic())
        except OutputError as error:  # the model is there
            note(f"No report on '{name}' was written beside the model. {error}")
            break
        if not written:
            note(f"There was no time for a report of every target. Make them with: modelwright report {place}")
            break
        pages += written
    return tuple(pages)
