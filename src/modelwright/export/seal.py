"""A pipeline written as a file, opened again, proven, evaluated, and sealed with everything known about it."""

import datetime
import hashlib
import importlib.metadata
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np

import modelwright
from modelwright.core.asked import kept_together
from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Array, Table
from modelwright.export.monotone import prove_monotone
from modelwright.export.parity import Parity, prove, prove_further, prove_labels
from modelwright.insight.evaluate import evaluate
from modelwright.insight.evaluation import Evaluation
from modelwright.model.model import Model
from modelwright.model.verify import witness
from modelwright.modelfile.encode import encode
from modelwright.modelfile.manifest import Manifest, documents
from modelwright.pipeline.interval import Interval
from modelwright.pipeline.pipeline import Pipeline

LIBRARIES = ("numpy", "onnxruntime", "scikit-learn", "scipy", "lightgbm", "catboost")
"""Libraries whose versions are noted in the file, when installed."""


@final
@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model comes from.

    Attributes:
        target_schema: What the target column is.
        metric: Name of the metric that was optimised.
        budget: What the fit was allowed.
        seed: Seed of the fit.
        timed: Whether time was the limit; else the bytes must repeat, so no moment is written.
        features: The rows learned from, for their fingerprint.
        leaderboard: One line per trial.
        documents: Further documents of the file, by name.
        monotone: Columns with which the answer was to rise (1) or fall (-1), by name.
    """

    target_schema: ColumnSchema
    metric: str
    budget: Mapping[str, Any]
    seed: int
    timed: bool
    features: Table
    leaderboard: list[dict[str, Any]]
    documents: Mapping[str, Any]
    monotone: Mapping[str, int] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True)
class Sealed:
    """A finished file and what it says of itself."""

    data: bytes
    evaluation: Evaluation


def seal(
    pipeline: Pipeline,
    proof: tuple[Table, ...],
    expected: Array,
    evaluation: Evaluation,
    *,
    origin: Origin,
    test: Table | None = None,
) -> Sealed:
    """Return the bytes of the model file, after its answers are shown equal to the pipeline's.

    Args:
        pipeline: What to write.
        proof: Rows to prove parity on, the hostile ones first.
        expected: The training libraries' answers to the first rows of `proof`.
        evaluation: The fit's own estimate, from out-of-fold predictions.
        origin: Where the model comes from.
        test: Labelled rows that replace the estimate, when the user gave some.

    Raises:
        GateError: The answers differ; there is no file then.
    """
    graph = pipeline.emit()
    manifest = _manifest(pipeline, origin)
    draft = Model.open(encode(graph, documents(manifest, pipeline.schema)), whole=True)
    actual = np.concatenate([draft.answers(part) for part in _first(proof, len(expected))])
    parity = prove(pipeline.task, expected, actual, len(proof[0]))
    if pipeline.task.is_classification:
        labels = np.concatenate([draft.predict(part) for part in _first(proof[:2], len(expected))])
        prove_labels(pipeline.task, expected[: len(labels)], labels)
    if pipeline.interval is not None:
        parity = _with_interval(parity, pipeline.interval, draft, proof=proof[:2], expected=expected)
    kept = {"monotone": prove_monotone(draft, origin.features, origin.monotone)} if origin.monotone else {}
    if test is not None:
        together = kept_together(origin.documents)
        evaluation = evaluate(draft, test, groups=together if together in test.names else None)
    data = encode(
        graph,
        documents(
            manifest,
            pipeline.schema,
            leaderboard=origin.leaderboard,
            evaluation=evaluation.to_json(),
            **origin.documents,
            parity={**parity.to_json(), **kept, "witness": witness(draft, origin.seed)},
        ),
    )
    return Sealed(data, evaluation)


def _with_interval(
    parity: Parity, interval: Interval, draft: Model, *, proof: tuple[Table, ...], expected: Array
) -> Parity:
    """Prove the outputs that say how sure the answers are, on the first tables of the proof."""
    tables = _first(proof, len(expected))
    expected = expected[: sum(len(table) for table in tables)]
    of_tables = [interval.limits.of(table) for table in tables]
    limits = [np.broadcast_to(v, (len(t), v.shape[1])) for v, t in zip(of_tables, tables, strict=True)]
    wanted = interval.expected(expected, np.concatenate(limits))
    answer = draft.predict_membership if draft.task.is_classification else draft.predict_interval
    parts = [answer(table) for table in tables]
    given = (
        (np.concatenate(parts),)
        if draft.task.is_classification
        else tuple(map(np.concatenate, zip(*parts, strict=True)))
    )
    largest = prove_further(draft.task, wanted, given, probabilities=expected, n_hostile=parity.n_hostile)
    return replace(parity, largest_difference=max(parity.largest_difference, largest))


def _first(tables: tuple[Table, ...], n_rows: int) -> list[Table]:
    """Return the first `n_rows` rows of the tables, one after another."""
    kept = []
    for table in tables:
        kept.append(table.take(np.arange(min(n_rows, len(table)))))
        n_rows -= len(kept[-1])
    return kept


def _manifest(pipeline: Pipeline, origin: Origin) -> Manifest:
    return Manifest(
        version=modelwright.__version__,
        task=pipeline.task,
        target=origin.target_schema.name,
        metric=origin.metric,
        target_schema=origin.target_schema.to_json(),
        budget=origin.budget,
        seed=origin.seed,
        data={
            "rows": origin.features.n_rows,
            "columns": len(origin.features.columns),
            "sha256": _fingerprint(origin.features),
        },
        libraries=_versions(),
        created=_created(origin.timed),
        interval=None if pipeline.interval is None else pipeline.interval.facts,
    )


def _fingerprint(table: Table) -> str:
    """Return a hash of the cells that does not depend on how they were read."""
    digest = hashlib.sha256()
    for column in table.columns:
        digest.update(f"{column.name}\0{column.schema.dtype}\0".encode(errors="surrogatepass"))
        digest.update(np.ascontiguousarray(column.values).tobytes())
        if column.levels is not None:
            digest.update("\0".join(column.levels.tolist()).encode(errors="surrogatepass"))
    return digest.hexdigest()


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _created(timed: bool) -> str | None:
    """Return the moment of writing: SOURCE_DATE_EPOCH where set, else now; None where bytes must repeat."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None and not timed:
        return None
    moment = (
        datetime.datetime.now(datetime.UTC)
        if epoch is None
        else datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
    )
    return moment.isoformat(timespec="seconds")
