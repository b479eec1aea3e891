"""What stands first: five answers for who has half a minute, the figures that matter, and a light for each promise."""

from dataclasses import dataclass
from typing import Any, final

from modelwright.insight.evaluation import Evaluation, number
from modelwright.insight.tabulation import printable
from modelwright.report.case import Case
from modelwright.report.content import LEVELS, About, Level, Light
from modelwright.report.wording import interval_text, midway, task_sentence

_ORDER: tuple[Level, ...] = ("stop", "look", "unknown", "good")

QUESTIONS: dict[About, str] = {
    "quality": "Is it any good?",
    "belief": "Can the figures be believed?",
    "doubt": "Does it know how sure it is?",
    "evenness": "Is it as good for everybody?",
    "use": "Will it hold in use?",
}
"""The five lines of every verdict."""

ANSWERS: dict[Level, str] = {"good": "Yes", "look": "Look", "stop": "No", "unknown": "Not known"}
"""The word beside each line: colour is never the only carrier."""

_NEEDS: dict[About, str] = {
    "quality": "The file carries no estimate of quality, and no labelled rows were given.",
    "belief": "The file tells of no look at the data, and no labelled rows were given.",
    "doubt": "It takes labelled rows to tell.",
    "evenness": "It takes labelled rows to tell, and to compare groups of people a fit with --sensitive.",
    "use": "It takes labelled rows to tell.",
}

_MOST_WORDS = 2
"""Sentences of one line."""


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
class Line:
    """One of the five answers.

    Attributes:
        question: What is asked.
        level: The gravest light among the promises it rests on.
        text: Why, in words that need no statistics.
    """

    question: str
    level: Level
    text: str

    @property
    def word(self) -> str:
        """The level as an answer to the question."""
        return ANSWERS[self.level]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {"question": self.question, "level": self.level, "word": self.word, "text": self.text}


@final
@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader with half a minute reads.

    Attributes:
        title: What the model predicts.
        question: The question it answers.
        sentence: How good it is, on what, and what to look at.
        lines: The five answers.
        figures: Up to four figures.
        lights: How it stands with each promise, the gravest first.
    """

    title: str
    question: str
    sentence: str
    lines: tuple[Line, ...]
    figures: tuple[Figure, ...]
    lights: tuple[Light, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {
            "question": self.question,
            "sentence": self.sentence,
            "lines": [line.to_json() for line in self.lines],
            "figures": [figure.to_json() for figure in self.figures],
            "lights": [light.to_json() for light in self.lights],
        }


def verdict_of(case: Case, lights: tuple[Light, ...]) -> Verdict:
    """Return the verdict on a case from what its sections said."""
    ranked = tuple(sorted(lights, key=lambda light: _ORDER.index(light.level)))
    evaluation: Evaluation | None = case.kept.get("evaluation")
    title = printable(case.model.manifest.target, 80)
    figures = (
        []
        if evaluation is None
        else [Figure(m.title, number(m.value), interval_text(m)) for m in evaluation.metrics[:4]]
    )
    lines = lines_of(ranked)
    sentence = f"{_quality(evaluation)} {_judged(ranked)}".strip()
    return Verdict(title, task_sentence(case.model), sentence, lines, tuple(figures), ranked)


def lines_of(ranked: tuple[Light, ...]) -> tuple[Line, ...]:
    """Return the five answers from the promises, the gravest first."""
    lines = {about: _line(about, ranked) for about in QUESTIONS}
    quality = lines["quality"]
    if lines["belief"].level == "stop" and quality.level == "good":
        text = f"Only if the figures can be believed, and the next line says that they cannot. {quality.text}"
        lines["quality"] = Line(quality.question, "look", text)
    return tuple(lines.values())


def _line(about: About, ranked: tuple[Light, ...]) -> Line:
    """Return one answer: that of the gravest promises, as a chain is as strong as its weakest link."""
    told = [light for light in ranked if light.about == about]
    known = [light for light in told if light.level != "unknown"]
    if not known:
        return Line(QUESTIONS[about], "unknown", " ".join(_words(told)) or _NEEDS[about])
    level = known[0].level
    same = [light for light in known if light.level == level]
    # What holds is said first where nothing is wrong; where something is, only that.
    return Line(QUESTIONS[about], level, " ".join(_words(same)))


def _words(lights: list[Light]) -> list[str]:
    said = [light.plainly or f"{light.promise}: {LEVELS[light.level].lower()}." for light in lights]
    left = len(said) - _MOST_WORDS
    return said[:_MOST_WORDS] + ([f"And {left} more."] if left > 0 else [])


def _judged(ranked: tuple[Light, ...]) -> str:
    counts = {level: sum(light.level == level for light in ranked) for level in _ORDER}
    if n := counts["stop"]:
        promises = "One promise does" if n == 1 else f"{n} promises do"
        return f"{promises} not hold: read why before anything is decided with this model."
    if n := counts["look"]:
        needs = "needs" if n == 1 else "need"
        return f"Nothing speaks against the model outright; {n} of {len(ranked)} promises {needs} a look."
    unknown = f", {counts['unknown']} could not be judged" if counts["unknown"] else ""
    return f"Every promise that could be judged holds{unknown}." if unknown else "Every promise looked at holds."


def _quality(evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return ""
    main = evaluation.main
    where = "rows that its models had not seen in training" if evaluation.source == "out-of-fold" else "labelled rows"
    return (
        f"On {evaluation.n_rows:,} {where}, {midway(main.title)} is {number(main.value)} "
        f"({evaluation.level * 100:g} % interval {interval_text(main)})."
    )
