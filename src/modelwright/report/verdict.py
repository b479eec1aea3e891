"""What stands first: a sentence, the figures that matter, and a light for each promise."""

from dataclasses import dataclass
from typing import Any, final

from modelwright.insight.evaluation import Evaluation, number
from modelwright.insight.tabulation import printable
from modelwright.report.case import Case
from modelwright.report.content import LEVELS, Level, Light
from modelwright.report.wording import interval_text, task_sentence

_ORDER: tuple[Level, ...] = ("stop", "look", "unknown", "good")


@final
@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the verdict with its interval."""

    name: str
    value: str
    interval: str

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {"name": self.name, "value": self.value, "interval": self.interval}


@final
@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader with half a minute reads.

    Attributes:
        title: What the model predicts.
        question: The question it answers.
        sentence: How good it is, on what, and what to look at.
        figures: Up to four figures.
        lights: How it stands with each promise, the gravest first.
    """

    title: str
    question: str
    sentence: str
    figures: tuple[Figure, ...]
    lights: tuple[Light, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {
            "question": self.question,
            "sentence": self.sentence,
            "figures": [figure.to_json() for figure in self.figures],
            "lights": [{**light.to_json(), "word": LEVELS[light.level]} for light in self.lights],
        }


def verdict_of(case: Case, lights: tuple[Light, ...]) -> Verdict:
    """Return the verdict on a case from what its sections said."""
    ranked = tuple(sorted(lights, key=lambda light: _ORDER.index(light.level)))
    evaluation: Evaluation | None = case.kept.get("evaluation")
    counts = {level: sum(light.level == level for light in ranked) for level in _ORDER}
    if counts["stop"]:
        judged = f"{_promises(counts['stop'])} not hold. Read why before anything is decided with this model."
    elif counts["look"]:
        judged = f"Nothing speaks against the model outright; {counts['look']} of {len(ranked)} promises need a look."
    else:
        judged = "Every promise that was looked at holds."
    title = printable(case.model.manifest.target, 80)
    figures = (
        []
        if evaluation is None
        else [Figure(m.title, number(m.value), interval_text(m)) for m in evaluation.metrics[:4]]
    )
    return Verdict(title, task_sentence(case.model), f"{_quality(evaluation)} {judged}".strip(), tuple(figures), ranked)


def _promises(n: int) -> str:
    return "One promise does" if n == 1 else f"{n} promises do"


def _quality(evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return ""
    main = evaluation.main
    where = "rows that its models had not seen in training" if evaluation.source == "out-of-fold" else "labelled rows"
    return (
        f"On {evaluation.n_rows:,} {where}, {main.title} is {number(main.value)} "
        f"({evaluation.level * 100:g} % interval {interval_text(main)})."
    )
