"""One run of one peer on one set: fit in its own process, use in another, judged by our metric code.

The answers are kept under ``.bench/peers/answers``, so that every paired difference can be computed again, and what
the peer told of its fit under ``.bench/peers/logs``.
"""

import json
import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from cases import Case
from modelwright.insight.predictions import Predictions, of_classes, of_values
from modelwright.metrics.bootstrap import interval
from modelwright.metrics.choose import metric_for
from peer_catalog import PLACE, Peer
from process import Outcome, run
from results import circumstances

ANSWERS = PLACE / "answers"
LOGS = PLACE / "logs"
LIMIT = 3
"""A peer that fits longer than this many times its limit has failed."""

STARTING = 60
"""Seconds beyond that for starting, reading and writing before the process is ended."""

USING = 1800
"""Seconds for loading, answering and timing."""


def measure(peer: Peer, case: Case, seconds: int, seed: int, cores: str) -> dict[str, Any]:
    """Fit and use a peer on a set; return the line of the results, with an "error" where it failed."""
    folder = PLACE / "runs" / f"{peer.name}-{case.name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    line = key(peer, case.name, seconds, seed) | {"task": case.task, "metric": case.metric}
    line |= circumstances() | machine(cores)
    (folder / "job.json").write_text(json.dumps(job(peer, case, seconds, seed, cores)), encoding="utf-8")
    try:
        return line | _steps(peer, case, line, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # AutoGluon's are gigabytes


def key(peer: Peer, name: str, seconds: int, seed: int) -> dict[str, Any]:
    """Return what makes a run the same run; ours is as old as its commit."""
    version = circumstances()["commit"] if not peer.environment else peer.version()
    return {"peer": peer.name, "set": name, "seconds": seconds, "seed": seed, "version": version}


def machine(cores: str) -> dict[str, Any]:
    """Return what else a measurement depends on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    pinned = {"cores": len(cores.split(",")), "nice": os.getpriority(os.PRIO_PROCESS, 0)}
    return {"memory_bytes": memory, "machine": f"{platform.machine()} {_processor()}", **pinned}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def job(peer: Peer, case: Case, seconds: int, seed: int, cores: str) -> dict[str, Any]:
    """Return what the runner is told."""
    train, test = case.parts()
    return {
        "train": str(train),
        "test": str(test),
        "target": case.target,
        "drop": list(case.drop),
        "separator": case.separator,
        "missing_markers": list(case.missing_markers),
        "skip_blanks": case.skip_blanks,
        "dates": [name for name in case.dates if name not in case.drop],
        "task": case.task,
        "metric": case.metric,
        "seconds": seconds,
        "seed": seed,
        "cores": len(cores.split(",")),
        "preset": peer.preset,
    }


def _steps(peer: Peer, case: Case, line: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    limit = LIMIT * line["seconds"]
    command = ["taskset", "-c", line_cores(line), str(peer.python), str(peer.runner)]
    fit = run([*command, "fit", str(folder)], limit + STARTING)
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / stored(line, ".log")).write_text(fit.output[-50_000:] + fit.errors, encoding="utf-8")
    found: dict[str, Any] = {"code": fit.code, "process_seconds": round(fit.seconds, 2), "peak_bytes": fit.peak_bytes}
    if fit.code != 0:
        return found | {"error": said(fit)}
    found |= _noted(folder, "fit")
    found["overrun_seconds"] = round(found["fit_seconds"] - line["seconds"], 2)
    if (folder / "members.json").exists():
        found["members"] = _noted(folder, "members")
    if found["fit_seconds"] > limit:
        return found | {"error": f"fitted for {found['fit_seconds']:.0f} s of {line['seconds']}"}
    found["bytes"] = sum(path.stat().st_size for path in (folder / "model").rglob("*") if path.is_file())
    use = run([*command, "use", str(folder)], USING)
    if use.code != 0:
        return found | {"error": said(use)}
    return found | _noted(folder, "use") | judged(case, line, folder)


def line_cores(line: Mapping[str, Any]) -> str:
    """Return the cores to pin to, the first ones."""
    return ",".join(str(core) for core in range(line["cores"]))


def said(outcome: Outcome) -> str:
    """Return the end of what a failed process complained of."""
    # The last line alone: a traceback names folders of the machine, and the log keeps it whole.
    last = (outcome.errors.strip().splitlines() or [""])[-1]
    return f"code {outcome.code} after {outcome.seconds:.0f} s: {last[-500:]}"


def _noted(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def judged(case: Case, line: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Score the answers, and keep them."""
    answers = np.load(folder / "answers.npy")
    if case.task != "regression":
        answers = in_order(answers, _noted(folder, "classes"), classes_of(case))
    truth = truth_of(case)
    if len(answers) != len(truth) or not np.isfinite(answers).all():
        return {"error": f"answers of shape {answers.shape} for {len(truth)} rows, some perhaps not finite"}
    predictions = seen(case, answers)
    metric = metric_for(case.metric, predictions.task)
    score = interval(metric, predictions.truth, metric.answers_from(predictions.answers))
    ANSWERS.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(ANSWERS / stored(line), answers=answers)
    return {**score.to_json(), "error_size": metric.loss(predictions.truth, predictions.answers), "n_test": len(truth)}


def stored(line: Mapping[str, Any], suffix: str = ".npz") -> str:
    """Return the name of the file that keeps the answers of a run, or another of its files."""
    return "-".join(str(line[part]) for part in ("peer", "set", "seconds", "seed", "version")) + suffix


def in_order(answers: np.ndarray, given: list[str], wanted: tuple[str, ...]) -> np.ndarray:
    """Return the probabilities in the order wanted; a class that a peer left out has none."""
    ordered = np.zeros((len(answers), len(wanted)))
    for place, label in enumerate(wanted):
        if label in given:
            ordered[:, place] = answers[:, given.index(label)]
    return ordered


def seen(case: Case, answers: np.ndarray) -> Predictions:
    """Return the answers beside the truth."""
    if case.task == "regression":
        return of_values(truth_of(case), answers)
    return of_classes(truth_of(case), answers, classes=classes_of(case))


def classes_of(case: Case) -> tuple[str, ...]:
    """Return the classes of the training part as text, the positive one of two last."""
    labels = sorted({str(label) for label in _column(case, 0)})
    return tuple(sorted(labels, key=lambda label: label == case.positive)) if case.task == "binary" else tuple(labels)


def truth_of(case: Case) -> np.ndarray:
    """Return the true answers of the test part, classes as text."""
    cells = _column(case, 1)
    return np.array(cells, dtype=np.float64) if case.task == "regression" else np.array([str(cell) for cell in cells])


def _column(case: Case, part: int) -> list[Any]:
    path = case.parts()[part]
    if path.suffix == ".parquet":
        return pq.read_table(path, columns=[case.target]).column(0).to_pylist()
    parse = pacsv.ParseOptions(delimiter=case.separator, newlines_in_values=True)
    cells = pacsv.read_csv(path, parse_options=parse).column(case.target).to_pylist()
    return [cell.strip() if isinstance(cell, str) else cell for cell in cells]
