"""The arithmetic of benchmarks/peer_report.py, on invented lines."""

import importlib
import math
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def report():
    before = list(sys.path)
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module("peer_report")
    finally:
        sys.path[:] = before
        sys.modules.pop("peer_report", None)
        sys.modules.pop("results", None)


def line(peer, name, value=None, *, metric="rmse", seconds=60, **more):
    found = {"peer": peer, "set": name, "seconds": seconds, "metric": metric, **more}
    return found | ({"error": "killed"} if value is None else {"value": value})


def judge(theirs, ours):
    change = theirs["value"] - ours["value"]
    better = "neither" if abs(change) < 0.5 else "ours" if change > 0 else "peer"
    return {"better": better, "change": change, "low": change - 0.5, "high": change + 0.5}


def test_a_failure_is_a_loss_for_who_failed_and_both_failing_is_a_tie(report):
    answered, broken = line("p", "a", 2.0), line("p", "a")
    assert report.outcome(broken, line("ours", "a", 9.0), judge) == "won"
    assert report.outcome(answered, line("ours", "a"), judge) == "lost"
    assert report.outcome(broken, line("ours", "a"), judge) == "tied"
    assert report.outcome(answered, line("ours", "a", 2.1), judge) == "tied"


def test_equal_scores_share_a_rank_and_failures_share_the_last(report):
    lines = [line("a", "s", 1.0), line("b", "s", 1.0), line("c", "s", 3.0), line("d", "s"), line("e", "s")]
    assert report.ranks(lines) == {"a": 1.5, "b": 1.5, "c": 3.0, "d": 4.5, "e": 4.5}


def test_a_larger_area_is_a_smaller_error(report):
    lines = [line("a", "s", 0.9, metric="roc_auc"), line("b", "s", 0.8, metric="roc_auc")]
    assert report.ranks(lines) == {"a": 1.0, "b": 2.0}
    assert report.error_of(lines[0]) == pytest.approx(0.1)


def test_standings_count_wins_ties_losses_failures_ranks_and_ratios(report):
    lines = [
        *(line("ours", name, value) for name, value in {"a": 2.0, "b": 2.0, "c": 2.0, "d": 2.0}.items()),
        *(line("peer", name, value) for name, value in {"a": 4.0, "b": 2.0, "c": 1.0, "d": None}.items()),
    ]
    best, second = report.standings(lines, 60, judge)
    assert (best.peer, second.peer) == ("ours", "peer")
    assert (second.ours_won, second.ties, second.ours_lost, second.failures) == (2, 1, 1, 1)
    assert (best.ours_won, best.ties, best.ours_lost) == (0, 0, 0)
    assert best.rank == pytest.approx((1 + 1.5 + 2 + 1) / 4)
    assert second.relative_error == pytest.approx(1.0)  # (2 × 1 × 1/2) ** (1/3)
    assert best.rank + second.rank == pytest.approx(3.0)


def test_ranks_are_taken_only_on_sets_that_all_were_run_on(report):
    lines = [line("ours", "a", 2.0), line("peer", "a", 3.0), line("peer", "b", 1.0)]
    found = {s.peer: s for s in report.standings(lines, 60, judge)}
    assert (found["ours"].rank, found["peer"].rank) == (1.0, 2.0)
    assert (found["peer"].n_sets, found["peer"].ours_won) == (2, 1)


def test_the_last_line_counts_and_other_budgets_do_not(report):
    lines = [line("p", "a", 1.0), line("p", "a", 2.0), line("p", "a", 3.0, seconds=300)]
    assert report.latest(lines, 60)["p", "a"]["value"] == 2.0


def test_without_ours_there_are_ranks_but_no_wins(report):
    best, _ = report.standings([line("p", "a", 1.0), line("q", "a", 2.0)], 60, judge)
    assert (best.peer, best.rank, best.ours_won) == ("p", 1.0, 0)
    assert math.isnan(best.relative_error)


def test_no_error_at_all_is_not_infinitely_better(report):
    perfect, hardly = line("ours", "a", 1.0, metric="roc_auc"), line("peer", "a", 0.9999999, metric="roc_auc")
    (ratio,) = {s.relative_error for s in report.standings([perfect, hardly], 60, judge) if s.peer == "peer"}
    assert ratio == pytest.approx(1.0)


def test_late_runs_are_those_beyond_a_twentieth_and_three_seconds(report):
    lines = [line("p", name, 1.0, overrun_seconds=over, bytes=2_000_000) for name, over in {"a": 5.9, "b": 6.1}.items()]
    size, _, _, late, worst, _ = report.costs(lines)
    assert (size, late, worst) == ("2", "1", "6.1")


def test_tables_say_how_each_score_stands_and_who_failed(report):
    lines = [line("ours", "a", 2.0), line("peer", "a", 4.0), line("other", "a")]
    by_set = report.by_set(lines, 60, judge)
    assert "| a | rmse | 2 | 4 ▼ [+1.5, +2.5] | failed |" in by_set
    by_peer = report.by_peer(lines, 60, judge)
    assert "| peer | 1 | 1 | 0 | 0 | 0 | 2 | 2 |" in by_peer
    assert "| other | 1 | 1 | 0 | 0 | 1 | 3 | – |" in by_peer
