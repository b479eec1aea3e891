"""What was tried."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar, final

from modelwright.core.errors import counted, listed
from modelwright.insight.tabulation import between, plain, printable
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Grid, Light, Note, Text

_MOST_SHOWN = 60
_STATES = {"done": "finished", "dropped": "given up", "failed": "failed"}


@final
class LeaderboardSection(Section[list[dict[str, Any]]]):
    """Every trial with its out-of-fold loss, its time and its share in the model."""

    title: ClassVar[str] = "What was tried"
    chapter: ClassVar[str] = "leaderboard"

    def look(self, case: Case) -> list[dict[str, Any]]:
        """Return the trials that the file tells of."""
        lines = case.model.leaderboard
        if not lines:
            raise NotHere("The file tells of no trials.")
        return sorted(lines, key=lambda line: (line.get("loss") is None, line.get("loss") or 0.0))

    def document(self, result: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the trials, the best first."""
        return {"trials": result}

    def command(self, case: Case) -> str:
        """Return the command that lists them."""
        return case.line("inspect")

    def blocks(self, result: list[dict[str, Any]], case: Case) -> Sequence[Block]:
        """Return one row per trial and how far the best is from guessing."""
        is_squared = case.model.task.name == "regression"
        what = "RMSE" if is_squared else "loss"
        head = ("trial", "family", "state", what, "95 % interval", "share in the model", "seconds", "why")
        begun = [line for line in result if line.get("state") != "dropped" or line.get("seconds") or line.get("folds")]
        rows = [head, *(_row(line, is_squared) for line in begun[:_MOST_SHOWN])]
        sides = "<<<>>>><"
        if not any(row[-1] for row in rows[1:]):  # nothing was given up or failed
            rows, sides = [row[:-1] for row in rows], sides[:-1]
        blocks: list[Block] = [Text(_sentence(result, is_squared))]
        left_out = max(0, len(begun) - _MOST_SHOWN)
        blocks.append(Grid("Trials, the best first", tuple(rows), sides, left_out=left_out))
        meant = "RMSE is the root of the mean squared error of" if is_squared else "Loss is the mean loss of a row on"
        blocks.append(
            Note(
                f"{meant} out-of-fold predictions, so lower is better. The trials answered the same rows, so that "
                "intervals which overlap do not say that two of them are equally good; and the blend is chosen by what "
                "a trial adds, not by rank."
            )
        )
        return blocks

    def lights(self, result: list[dict[str, Any]], case: Case) -> Sequence[Light]:
        """Say where the file holds nothing but the baseline, and why."""
        if any(line.get("weight") and line.get("family") != "constant" for line in result):
            return ()
        others = [line for line in result if line.get("family") != "constant"]
        finished = sum(bool(line.get("folds")) for line in others)
        reasons = listed(dict.fromkeys(printable(r, 120) for line in others if (r := line.get("reason"))), 3)
        text = "The file holds the baseline alone: the same answer for every row. " + (
            f"No learner was better, of the {finished} that finished." if finished else f"None finished: {reasons}."
        )
        return (Light("It learned from the columns", "stop", text, "leaderboard"),)


def _told(loss: float | None, is_squared: bool) -> float | None:
    """Return a loss as it is told: of squares their root, which is in the unit of the answers."""
    return math.sqrt(max(0.0, loss)) if loss is not None and is_squared else loss


def _row(line: dict[str, Any], is_squared: bool) -> tuple[str, ...]:
    loss, low, high = (_told(line.get(name), is_squared) for name in ("loss", "loss_low", "loss_high"))
    weight, seconds = line.get("weight"), line.get("seconds")
    return (
        printable(line.get("id", ""), 40),
        printable(line.get("family", ""), 20),
        _STATES.get(str(line.get("state")), printable(line.get("state", ""))),
        "–" if loss is None else plain(loss),
        "–" if low is None or high is None else between(low, high),
        f"{weight:.0%}" if weight else "–",
        "–" if seconds is None else f"{seconds:.1f}",
        printable(line.get("reason") or "", 120),
    )


def _sentence(lines: list[dict[str, Any]], is_squared: bool) -> str:
    counts = {word: sum(line.get("state") == state for line in lines) for state, word in _STATES.items()}
    said = ", ".join(f"{n} {word}" for word, n in counts.items() if n)
    members = sum(bool(line.get("weight")) for line in lines)
    mixed = "One of them is the model." if members == 1 else f"{members} of them are mixed in the model."
    text = f"{counted(len(lines), 'trial')}: {said}. {mixed}"
    idle = [line for line in lines if line.get("state") == "dropped" and not (line.get("seconds") or line.get("folds"))]
    if idle:
        which = "all" if len(idle) == counts["given up"] else f"{len(idle)}"
        text += f" For {which} of those given up no time was left to begin; they are not in the table."
    losses = [line["loss"] for line in lines if line.get("loss") is not None and math.isfinite(line["loss"])]
    guess = next((line.get("loss") for line in lines if line.get("family") == "constant"), None)
    if guess and losses and guess > 0:
        best, same = (_told(value, is_squared) or 0.0 for value in (min(losses), guess))
        text += (
            f" The best single trial has {'an RMSE' if is_squared else 'a loss'} of {plain(best)}; always giving the"
            f" same answer has {plain(same)}, so {1 - best / same:.0%} of it is gone."
        )
    return text
