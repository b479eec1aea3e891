"""The five lines that stand first, and what they rest on."""

import shlex
from dataclasses import replace

import numpy as np
import pytest

import modelwright
from modelwright.core.decision import Decision
from modelwright.core.spec import FitSpec
from modelwright.insight.evaluate import score
from modelwright.insight.predictions import of_classes, of_values
from modelwright.insight.tabulation import plain
from modelwright.report.content import Light
from modelwright.report.goodness import better_than_guessing
from modelwright.report.report import Report, report
from modelwright.report.verdict import ANSWERS, QUESTIONS, lines_of
from modelwright.report.wording import hundred

GOOD = Light("It predicts", "good", "0.9", "", "quality", "It is right.")


def test_every_verdict_has_five_lines_with_a_word_each(alone: Report, rich: Report) -> None:
    for made in (alone, rich):
        assert [line.question for line in made.verdict.lines] == list(QUESTIONS.values())
        assert all(line.word == ANSWERS[line.level] and line.text for line in made.verdict.lines)
        assert f"<strong>{made.verdict.lines[0].question}</strong>" in made.to_html()


def test_a_line_is_as_grave_as_its_gravest_promise_and_says_only_that() -> None:
    doubt = [
        Light("A", "good", "", "", "doubt", "A is fine."),
        Light("B", "look", "", "", "doubt", "B is odd."),
        Light("C", "unknown", "", "", "doubt", "C is not known."),
    ]
    ranked = tuple(sorted(doubt, key=lambda light: ("stop", "look", "unknown", "good").index(light.level)))
    line = lines_of(ranked)[2]
    assert (line.level, line.word, line.text) == ("look", "Look", "B is odd.")


def test_a_line_nobody_can_answer_is_not_green() -> None:
    for line in lines_of(()):
        assert line.word == "Not known"
        assert line.text


def test_good_figures_that_cannot_be_believed_are_no_yes() -> None:
    leak = Light("Nothing suspicious", "stop", "", "", "belief", "A column gives the answer away.")
    quality, belief, *_ = lines_of((leak, GOOD))
    assert (quality.word, belief.word) == ("Look", "No")
    assert "cannot" in quality.text


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.874, "87 of 100"), (0.999, "more than 99 of 100"), (1.0, "all of 100"), (0.001, "fewer than 1 of 100")],
)
def test_shares_are_said_as_people_count(share: float, said: str) -> None:
    assert hundred(share) == said


def judged(strength: float, n_rows: int) -> Light:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, n_rows)
    positive = 1 / (1 + np.exp(-strength * (truth - 0.5) - rng.normal(size=n_rows)))
    p = of_classes(truth, positive)
    return better_than_guessing(score(p.task, p.truth, p.answers), "y", p)


def test_guessing_is_told_from_knowing_and_from_too_few_rows() -> None:
    assert judged(2.0, 400).level == "good"
    assert judged(0.0, 2000).level == "stop"
    assert judged(0.6, 24).level in ("look", "stop")
    assert "cannot be told from guessing" in judged(0.0, 2000).plainly


def test_where_costs_decide_the_first_line_speaks_of_costs() -> None:
    rng = np.random.default_rng(5)
    truth = (rng.random(400) < 0.25).astype(np.int64)
    p = of_classes(truth, 1 / (1 + np.exp(-2.0 * (truth - 0.5) - rng.normal(size=400))))
    task = replace(p.task, decision=Decision.of_costs([[0.0, 1.0], [5.0, 0.0]]))
    light = better_than_guessing(score(task, p.truth, p.answers), "y", replace(p, task=task))
    labels = p.answers[:, 1] >= 1 / 6
    cost = np.mean(np.where(truth == 1, 5.0 * ~labels, 1.0 * labels))
    assert f"Its labels cost {plain(float(cost))} a row at the costs given" in light.plainly
    assert f"{plain(float(min((truth == 0).mean(), 5 * truth.mean())))} at best" in light.plainly
    assert "right in" not in light.plainly.split(". Of a row")[0]


def test_numbers_are_told_by_what_is_explained() -> None:
    rng = np.random.default_rng(6)
    truth = rng.normal(size=300)
    good, bad = (of_values(truth, truth * share + rng.normal(size=300) * 0.3) for share in (1.0, 0.0))
    first, second = (better_than_guessing(score(p.task, p.truth, p.answers), "size", p) for p in (good, bad))
    assert (first.level, second.level) == ("good", "stop")
    assert "of the differences in size" in first.plainly and "constant answer" in second.plainly


def test_quantiles_are_judged_as_quantiles() -> None:
    rng = np.random.default_rng(7)
    size = rng.uniform(1, 9, 400)
    rows = {"size": size.tolist(), "price": (size * np.exp(rng.normal(0, 0.5, 400))).tolist()}
    spec = FitSpec(task="quantile", quantiles=(0.1, 0.5, 0.9))
    model = modelwright.fit(rows, "price", budget=modelwright.Budget(trials=2), spec=spec)
    made = report(model, data=rows)
    names = {light.promise for light in made.verdict.lights}
    assert "Says how sure it is" in names and "Not off to one side" not in names
    part = made.part("uncertainty")
    assert part is not None and part.result is not None
    assert [line["quantile"] for line in part.result["below"]] == [0.1, 0.5, 0.9]
    assert next(light for light in made.verdict.lights if light.about == "quality").level != "unknown"


def test_the_command_to_fit_again_holds_every_option() -> None:
    rng = np.random.default_rng(8)
    rows = {
        "age": rng.integers(20, 60, 200).tolist(),
        "group name": rng.integers(0, 40, 200).tolist(),
        "heft": rng.uniform(1, 2, 200).round(2).tolist(),
        "sex": rng.choice(["f", "m"], 200).tolist(),
        "y": rng.choice(["no", "yes"], 200).tolist(),
    }
    spec = FitSpec(weight="heft", groups="group name", sensitive=("sex",), interval=0.8)
    made = report(modelwright.fit(rows, "y", budget=modelwright.Budget(trials=1), spec=spec))
    run = made.part("run")
    assert run is not None
    words = shlex.split(run.blocks[-1].to_json()["text"])
    assert words[:3] == ["modelwright", "fit", "TRAINING_DATA"]
    options = list(zip(words[3::2], words[4::2], strict=True))  # nothing asked here is a flag without a value
    assert sorted(options) == [
        ("--groups", "group name"),
        ("--interval", "0.8"),
        ("--output", "model.onnx"),
        ("--sensitive", "sex"),
        ("--target", "y"),
        ("--trials", "1"),
        ("--weight", "heft"),
    ]
