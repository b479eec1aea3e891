"""Other systems beside ours: the same training rows, test rows, cores, seconds and judge.

    python benchmarks/peers.py install --peers flaml lightgbm …
    python benchmarks/peers.py run --peers flaml lightgbm ours --seconds 60 [--sets telco_churn …] [--pause 30]
    python benchmarks/peers.py report --seconds 60

The sets are those of ``peers_sets.json``; with more than 60 seconds those marked long. One line of JSON per run is
appended to ``results/peers.jsonl``; a run (peer, set, seconds, seed, version) that has one is not made again, so a
broken comparison goes on where it stopped, and the whole can be gathered in several sittings.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cases import Case, tabular_cases
from modelwright.insight.compare import compare_predictions
from peer_catalog import PEERS, PLACE, Peer, install
from peer_report import by_peer, by_set, failed
from peer_runs import ANSWERS, key, measure, seen, stored
from results import append, read

RESULTS = "peers"
PAIRS = "peers-paired"
SETS = Path(__file__).parent / "peers_sets.json"


def main() -> None:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["install", "run", "report"])
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS), metavar="PEER")
    parser.add_argument("--sets", nargs="*", default=[], help="instead of those of peers_sets.json")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cores", default="0,1", help="cores to pin every peer to")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds to rest after each run")
    parser.add_argument("--hold", type=Path, help="no run begins while this file exists")
    parser.add_argument("--again", action="store_true", help="make also the runs that have a result")
    parser.add_argument("--against", default="ours", help="the peer that the others are compared to")
    asked = parser.parse_args()
    if asked.what == "install":
        install([PEERS[name] for name in asked.peers])
    elif asked.what == "run":
        run_all([PEERS[name] for name in asked.peers], chosen(asked.sets, asked.seconds), asked)
    else:
        print(report(chosen(asked.sets, asked.seconds), asked))


def chosen(names: Iterable[str], seconds: int) -> list[Case]:
    """Return the sets to run on, in the order of the list."""
    listed = json.loads(SETS.read_text(encoding="utf-8"))["sets"]
    wanted = list(names) or [entry["set"] for entry in listed if seconds <= 60 or entry["long"]]
    cases = {case.name: case for case in tabular_cases()}
    return [cases[name] for name in wanted]


def run_all(peers: list[Peer], cases: list[Case], asked: argparse.Namespace) -> None:
    """Make every run that has no result yet, one peer after the other."""
    keys = ("peer", "set", "seconds", "seed", "version")
    for peer in peers:
        for case in cases:
            this = key(peer, case.name, asked.seconds, asked.seed)
            if not asked.again and any(all(line[k] == this[k] for k in keys) for line in read(RESULTS)):
                continue
            while asked.hold and asked.hold.exists():
                time.sleep(5)
            line = measure(peer, case, asked.seconds, asked.seed, asked.cores)
            append(RESULTS, line)
            print(told(line), file=sys.stderr, flush=True)
            time.sleep(asked.pause)


def told(line: Mapping[str, Any]) -> str:
    """Return one run as a line of text."""
    head = f"{line['date']} {line['peer']} {line['set']} {line['seconds']} s:"
    if failed(line):
        return f"{head} FAILED {line['error'][-200:]!r}"
    speed = f"{line['microseconds_1']:.0f} and {line['microseconds_10k']:.1f} µs/row"
    cost = f"fit {line['fit_seconds']:.1f} s, {line['bytes'] / 1e6:.2f} MB, {speed}"
    return f"{head} {line['metric']} {line['value']:.5g} [{line['low']:.5g}, {line['high']:.5g}], {cost}"


def report(cases: list[Case], asked: argparse.Namespace) -> str:
    """Return both tables."""
    names, wanted = {case.name: case for case in cases}, set(asked.peers)
    lines = [line for line in read(RESULTS) if line["set"] in names and line["peer"] in wanted]
    known = {(pair["peer"], pair["against"]): pair for pair in read(PAIRS)}

    def judge(line: Mapping[str, Any], ours: Mapping[str, Any]) -> Mapping[str, Any]:
        at = (run_of(line), run_of(ours))
        if at not in known:
            known[at] = paired(names[line["set"]], line, ours)
            append(PAIRS, known[at])
        return known[at]

    tables = [form(lines, asked.seconds, judge, asked.against) for form in (by_peer, by_set)]
    legend = f"▲ better than {asked.against} by more than chance, ▼ worse, = neither; 95 % interval of the difference."
    return "\n\n".join([*tables, legend])


def paired(case: Case, line: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """Compare the kept answers of two runs on the same rows: paired bootstrap, DeLong's method for ROC AUC."""
    theirs, own = (np.load(ANSWERS / stored(run))["answers"] for run in (line, ours))
    difference = compare_predictions(seen(case, own), theirs, metric=case.metric, names=("ours", "peer")).main
    better = {"first": "ours", "second": "peer", "neither": "neither"}[difference.better]
    spread = {"change": difference.change.value, "low": difference.change.low, "high": difference.change.high}
    return {"peer": run_of(line), "against": run_of(ours), "better": better, **spread, "test": difference.test}


def run_of(line: Mapping[str, Any]) -> str:
    """Return the name of a run, another one when it was made again."""
    return f"{stored(line, '')}@{line['date']}"


if __name__ == "__main__":
    PLACE.mkdir(parents=True, exist_ok=True)
    main()
