"""How often the 95 % interval of each figure holds the true value, in simulation with known truth.

The rows of each world are drawn from one distribution; the truth is the figure on half a million of them. Run with
``python -m benchmarks.coverage --sets 500 --rows 150 500 2000``. A share of 500 has a standard error of 1 %.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable

import numpy as np

from modelwright.core.table import Array
from modelwright.core.task import Task
from modelwright.insight.calibration import calibration
from modelwright.insight.compare import compare_predictions
from modelwright.insight.gain import gain
from modelwright.insight.predictions import Predictions
from modelwright.insight.recall import precision_recall
from modelwright.insight.roc import roc
from modelwright.insight.threshold import threshold
from modelwright.metrics.bootstrap import Interval, intervals
from modelwright.metrics.choose import metrics_for
from modelwright.metrics.delong import area_interval, delong

World = Callable[[int, np.random.Generator], Predictions]
_POPULATION = 500_000


def _sigmoid(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))


def binary(n: int, rng: np.random.Generator) -> Predictions:
    """One class in five, ROC AUC 0.84, probabilities a little too bold."""
    score = 1.6 * rng.normal(size=n) - 1.9
    truth = (rng.random(n) < _sigmoid(score)).astype(np.int64)
    positive = _sigmoid(1.3 * score + 0.2)
    return Predictions(Task("binary", ("no", "yes")), truth, np.column_stack([1 - positive, positive]))


def sharp(n: int, rng: np.random.Generator) -> Predictions:
    """Half and half, ROC AUC 0.99, as on easy data."""
    score = 9.0 * rng.normal(size=n)
    truth = (rng.random(n) < _sigmoid(score)).astype(np.int64)
    positive = _sigmoid(score)
    return Predictions(Task("binary", ("no", "yes")), truth, np.column_stack([1 - positive, positive]))


def multiclass(n: int, rng: np.random.Generator) -> Predictions:
    """Four classes, one of them 7 % of the rows."""
    margins = 1.5 * rng.normal(size=(n, 4)) + np.array([0.8, 0.3, 0.0, -1.6])
    shares = np.exp(margins) / np.exp(margins).sum(axis=1, keepdims=True)
    truth = (shares.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return Predictions(Task("multiclass", ("a", "b", "c", "d")), truth, shares)


def normal(n: int, rng: np.random.Generator) -> Predictions:
    """Normal target, R² 0.6."""
    answers = rng.normal(size=n) + 10.0
    return Predictions(Task("regression"), answers + 0.8 * rng.normal(size=n), answers)


def skewed(n: int, rng: np.random.Generator) -> Predictions:
    """Prices: lognormal target, errors in proportion."""
    log = 0.7 * rng.normal(size=n)
    return Predictions(Task("regression"), np.exp(log + 0.35 * rng.normal(size=n)), np.exp(log))


def heavy(n: int, rng: np.random.Generator) -> Predictions:
    """Claims: lognormal with a long tail, errors of half the size."""
    log = 1.1 * rng.normal(size=n)
    return Predictions(Task("regression"), np.exp(log + 0.5 * rng.normal(size=n)), np.exp(log))


def student(n: int, rng: np.random.Generator) -> Predictions:
    """Errors of Student's distribution with 3.5 degrees of freedom: their squares have no variance."""
    answers = rng.normal(size=n) + 10.0
    return Predictions(Task("regression"), answers + 0.8 * rng.standard_t(3.5, size=n), answers)


def mixture(n: int, rng: np.random.Generator) -> Predictions:
    """Three rows in a hundred with errors seven times as large."""
    answers = rng.normal(size=n) + 10.0
    sizes = np.where(rng.random(n) < 0.03, 4.0, 0.6)
    return Predictions(Task("regression"), answers + sizes * rng.normal(size=n), answers)


def gamma(n: int, rng: np.random.Generator) -> Predictions:
    """Durations: gamma target, errors in proportion."""
    answers = rng.gamma(1.5, size=n)
    return Predictions(Task("regression"), answers * rng.gamma(4.0, 0.25, size=n), answers)


def _together(n: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Return groups of about ten rows, what the rows of each share unseen, and what is seen of every row."""
    groups = np.repeat(np.arange(n), 1 + rng.poisson(9, size=n))[:n]
    shared, own = rng.normal(size=(2, n))
    return groups, shared[groups], 0.7 * own[groups] + 0.7 * rng.normal(size=n)


def patients(n: int, rng: np.random.Generator) -> Predictions:
    """Two classes; about ten rows of one patient, alike in what the model does not know."""
    groups, shared, seen = _together(n, rng)
    truth = (rng.random(n) < _sigmoid(seen + 1.5 * shared)).astype(np.int64)
    positive = _sigmoid(seen)
    answers = np.column_stack([1 - positive, positive])
    return Predictions(Task("binary", ("no", "yes")), truth, answers, groups=groups)


def shops(n: int, rng: np.random.Generator) -> Predictions:
    """Numbers; about ten rows of one shop, alike in what the model does not know."""
    groups, shared, seen = _together(n, rng)
    return Predictions(Task("regression"), seen + shared + rng.normal(size=n), seen, groups=groups)


WORLDS: dict[str, World] = {
    f.__name__: f for f in (binary, sharp, multiclass, normal, skewed, heavy, student, mixture, gamma, patients, shops)
}


def figures(p: Predictions, seed: int) -> dict[str, Interval]:
    """Return every figure with its interval on these rows."""
    metrics = metrics_for(p.task)
    found = intervals([(m, m.answers_from(p.answers)) for m in metrics], p.truth, p.drawing, seed=seed)
    named = dict(zip((m.name for m in metrics), found, strict=True))
    if p.task.name == "binary":
        named["roc_auc, DeLong"] = area_interval(delong(p.truth == 1, p.answers[:, 1], groups=p.groups))
        named["calibration error"] = calibration(p, seed=seed).error
        line, other, share = (
            roc(p, seed=seed).lines[0],
            precision_recall(p, seed=seed).lines[0],
            gain(p, seed=seed).lines[0],
        )
        named["true positive rate at false 0.2"] = Interval(
            np.interp(0.2, line.false_positive_rate, line.true_positive_rate), line.low[20], line.high[20]
        )
        named["precision at recall 0.5"] = Interval(
            np.interp(0.5, other.recall, other.precision), other.low[50], other.high[50]
        )
        named["gain in the best 20 %"] = Interval(share.gain[20], share.low[20], share.high[20])
    return named


def changes(p: Predictions, rng: np.random.Generator, seed: int) -> dict[str, Interval]:
    """Return the differences of every metric to a second, noisier model."""
    noise = rng.normal(size=len(p))
    if p.task.name == "regression":
        others = p.answers * (1.0 + 0.1 * noise)
    else:
        logits = np.log(np.maximum(p.answers, 1e-12))
        logits[:, -1] += 0.5 * noise
        others = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = compare_predictions(p, others, seed=seed)
    return {f"change of {d.name}" + (", DeLong" if d.test == "DeLong" else ""): d.change for d in found.differences}


def choice(world: World, rng: np.random.Generator, seed: int, n: int) -> tuple[float, Interval]:
    """Return the true F1 of the threshold chosen on some rows, and what was said of it."""
    found = threshold(world(n, rng), by="f1", seed=seed)
    fresh = world(20_000, rng)
    given = fresh.answers[:, 1] >= found.chosen.value
    hits = float((given & (fresh.truth == 1)).sum())
    return 2 * hits / float(given.sum() + (fresh.truth == 1).sum()), found.value


def covered_metrics(name: str, n_rows: int, n_sets: int) -> dict[str, float]:
    """Return the share of intervals of the plain metrics that held the truth: much faster than every figure."""
    world, rng = WORLDS[name], np.random.default_rng(11)
    populations = [world(_POPULATION, rng) for _ in range(4)]  # a heavy tail needs more rows to be known
    metrics = metrics_for(populations[0].task)
    exact = [float(np.mean([m.score(p.truth, m.answers_from(p.answers), None) for p in populations])) for m in metrics]
    held: dict[str, list[bool]] = {m.name: [] for m in metrics}
    for seed in range(n_sets):
        rows = world(n_rows, rng)
        found = intervals([(m, m.answers_from(rows.answers)) for m in metrics], rows.truth, rows.drawing, seed=seed)
        for metric, value, interval in zip(metrics, exact, found, strict=True):
            if np.isfinite(interval.low):
                held[metric.name].append(interval.low <= value <= interval.high)
    return {name: float(np.mean(hits)) for name, hits in held.items() if hits}


def covered(name: str, n_rows: int, n_sets: int) -> dict[str, float]:
    """Return the share of intervals that held the truth, by figure."""
    world, rng = WORLDS[name], np.random.default_rng(11)
    population = world(_POPULATION, rng)
    exact = {k: i.value for k, i in figures(population, 0).items()}
    exact |= {k: i.value for k, i in changes(population, rng, 0).items()}
    if population.task.name == "binary":
        # The bins of the rows seen are those of the population, as they are of equal weight.
        exact["calibration error"] = calibration(population).plain_error
    held: dict[str, list[bool]] = {}
    for seed in range(n_sets):
        rows = world(n_rows, rng)
        found = figures(rows, seed) | changes(rows, rng, seed)
        for figure, interval in found.items():
            if np.isfinite(interval.low) and np.isfinite(exact[figure]):
                held.setdefault(figure, []).append(interval.low <= exact[figure] <= interval.high)
        if population.task.name == "binary":
            true, said = choice(world, rng, seed, n_rows)
            held.setdefault("F1 at the threshold chosen", []).append(said.low <= true <= said.high)
    return {figure: float(np.mean(hits)) for figure, hits in held.items()}


def run(names: Iterable[str], rows: Iterable[int], n_sets: int, *, only_metrics: bool = False) -> None:
    """Print one JSON line per world and number of rows."""
    for name in names:
        for n_rows in rows:
            started = time.perf_counter()
            shares = (covered_metrics if only_metrics else covered)(name, n_rows, n_sets)
            line = {"world": name, "rows": n_rows, "sets": n_sets, "seconds": round(time.perf_counter() - started, 1)}
            print(
                json.dumps(line | {"covered": {k: round(v, 3) for k, v in shares.items()}}, ensure_ascii=False),
                flush=True,
            )


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS), choices=list(WORLDS))
    parser.add_argument("--rows", nargs="+", type=int, default=[150, 500, 2000])
    parser.add_argument("--sets", type=int, default=500)
    parser.add_argument("--only-metrics", action="store_true", help="Leave out curves, differences and thresholds.")
    options = parser.parse_args()
    run(options.worlds, options.rows, options.sets, only_metrics=options.only_metrics)


if __name__ == "__main__":
    main()
