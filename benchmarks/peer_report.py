"""The paired table of all peers: wins, ties and losses, ranks, errors, sizes, speeds, overruns.

Only lines of results are looked at, and a function that compares two of them, so that all of it can be tested.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any, final

from results import markdown

Line = Mapping[str, Any]
Judge = Callable[[Line, Line], Mapping[str, Any]]
"""Takes the line of a peer and ours; gives "better" ("peer", "ours" or "neither"), "change", "low" and "high"."""

SMALLEST_ERROR = 1e-6
"""Errors are raised to this before they are divided: no error at all is not infinitely better than hardly any."""


@final
@dataclass(frozen=True, slots=True)
class Standing:
    """One peer over all sets.

    Attributes:
        peer: Its name.
        n_sets: Sets it was run on.
        ours_won: Sets on which ours is better by more than chance, its failures among them.
        ties: Sets on which neither is.
        ours_lost: Sets on which the peer is.
        failures: Sets on which it failed.
        rank: Mean rank among all peers of a set; failures come last.
        relative_error: Geometric mean of its error over ours, where both answered; NaN where none did.
    """

    peer: str
    n_sets: int
    ours_won: int
    ties: int
    ours_lost: int
    failures: int
    rank: float
    relative_error: float


def latest(lines: Iterable[Line], seconds: int) -> dict[tuple[str, str], Line]:
    """Return the last line of each (peer, set) at a number of seconds."""
    return {(line["peer"], line["set"]): line for line in lines if line["seconds"] == seconds}


def failed(line: Line) -> bool:
    """Return whether a run gave no usable answers."""
    return "error" in line


def error_of(line: Line) -> float:
    """Return what is 0 at best: one less the area or the precision, else the loss itself."""
    return 1.0 - line["value"] if line["metric"] in ("roc_auc", "average_precision") else float(line["value"])


def ranks(lines: Sequence[Line]) -> dict[str, float]:
    """Return the rank of each peer on one set; equal scores share their mean rank, failures are last and share too."""
    sizes = {line["peer"]: math.inf if failed(line) else error_of(line) for line in lines}
    places = {}
    for peer, size in sizes.items():
        below, same = sum(s < size for s in sizes.values()), sum(s == size for s in sizes.values())
        places[peer] = below + (same + 1) / 2
    return places


def outcome(line: Line, ours: Line, judge: Judge) -> str:
    """Return "won", "tied" or "lost", as ours stands to a peer on one set; who fails, loses."""
    if failed(line) or failed(ours):
        return "tied" if failed(line) and failed(ours) else "won" if failed(line) else "lost"
    return {"ours": "won", "peer": "lost", "neither": "tied"}[judge(line, ours)["better"]]


def standings(lines: Iterable[Line], seconds: int, judge: Judge, against: str = "ours") -> list[Standing]:
    """Return how every peer stands to ours, the best rank first; ranks are taken on sets that all peers were run on."""
    found = latest(lines, seconds)
    peers = list(dict.fromkeys(peer for peer, _ in found))
    sets = list(dict.fromkeys(name for _, name in found))
    whole = [name for name in sets if all((peer, name) in found for peer in peers)]
    places = [ranks([found[peer, name] for peer in peers]) for name in whole]
    made = []
    for peer in peers:
        own = [found[peer, name] for name in sets if (peer, name) in found]
        pairs = [(line, found[against, line["set"]]) for line in own if (against, line["set"]) in found]
        outcomes = [] if peer == against else [outcome(*pair, judge) for pair in pairs]
        both = [pair for pair in pairs if not any(map(failed, pair))]
        made.append(
            Standing(
                peer=peer,
                n_sets=len(own),
                ours_won=outcomes.count("won"),
                ties=outcomes.count("tied"),
                ours_lost=outcomes.count("lost"),
                failures=sum(map(failed, own)),
                rank=fmean(place[peer] for place in places) if places else math.nan,
                relative_error=_mean_ratio(both),
            )
        )
    return sorted(made, key=lambda s: (math.isnan(s.rank), s.rank))


def _mean_ratio(pairs: Sequence[tuple[Line, Line]]) -> float:
    logs = [math.log(max(error_of(a), SMALLEST_ERROR) / max(error_of(b), SMALLEST_ERROR)) for a, b in pairs]
    return math.exp(fmean(logs)) if logs else math.nan


def by_peer(lines: Sequence[Line], seconds: int, judge: Judge, against: str = "ours") -> str:
    """Return the table with one row per peer."""
    head = ["peer", "sets", f"{against} wins", "ties", "losses", "failed", "mean rank", f"error / {against}"]
    head += ["MB (median)", "µs/row: 1", "µs/row: 10k", "late runs", "worst overrun s", "peak GiB"]
    found, rows = latest(lines, seconds), []
    for s in standings(lines, seconds, judge, against):
        own = [line for (peer, _), line in found.items() if peer == s.peer]
        versus = ["–"] * 3 if s.peer == against else [s.ours_won, s.ties, s.ours_lost]
        rows.append([s.peer, s.n_sets, *versus, s.failures, number(s.rank), number(s.relative_error), *costs(own)])
    return markdown(head, rows)


def costs(lines: Sequence[Line]) -> list[str]:
    """Return the cells of size, speed, lateness and memory of one peer."""

    def middle(name: str, scale: float = 1.0) -> str:
        values = [line[name] for line in lines if line.get(name) is not None]
        return number(median(values) / scale) if values else "–"

    over = [line["overrun_seconds"] for line in lines if "overrun_seconds" in line]
    late = sum(line.get("overrun_seconds", 0) > allowed(line["seconds"]) for line in lines)
    peak = max((line.get("peak_bytes", 0) for line in lines), default=0)
    speed = [middle("microseconds_1"), middle("microseconds_10k")]
    return [middle("bytes", 1e6), *speed, str(late), number(max(over, default=math.nan)), f"{peak / 2**30:.1f}"]


def allowed(seconds: float) -> float:
    """Return the seconds that a fit may take beyond its limit: a twentieth and three."""
    return 0.05 * seconds + 3.0


def by_set(lines: Sequence[Line], seconds: int, judge: Judge, against: str = "ours") -> str:
    """Return the table with one row per set: every score, marked by how it stands to ours."""
    found = latest(lines, seconds)
    peers = [s.peer for s in standings(lines, seconds, judge, against)]
    rows = []
    for name in dict.fromkeys(name for _, name in found):
        some = next(line for (_, at), line in found.items() if at == name)
        rows.append([name, some["metric"], *(_cell(found, peer, name, judge, against) for peer in peers)])
    return markdown(["set", "metric", *peers], rows)


def _cell(found: Mapping[tuple[str, str], Line], peer: str, name: str, judge: Judge, against: str) -> str:
    line, ours = found.get((peer, name)), found.get((against, name))
    if line is None:
        return ""
    if failed(line):
        return "failed"
    value = f"{line['value']:.5g}"
    if ours is None or peer == against or failed(ours):
        return value
    change = judge(line, ours)
    mark = {"ours": "▼", "peer": "▲", "neither": "="}[change["better"]]
    return f"{value} {mark} [{change['low']:+.2g}, {change['high']:+.2g}]"


def number(value: float) -> str:
    """Return a number with three digits that count, "–" for none."""
    if not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
