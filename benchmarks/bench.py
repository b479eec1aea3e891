"""Speed and size, peers beside us in the same run; prints a table and keeps each line under results/.

python benchmarks/bench.py [startup prediction reading large]
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import onnx

from cases import CACHE, ROOT, tabular_cases
from measure import Measure
from process import run
from results import append, circumstances, markdown

MODELWRIGHT = [sys.executable, "-m", "modelwright"]
CHURN = ROOT / "examples" / "churn.csv"
BUDGET = "30s"


def main() -> None:
    """Run the named parts, or all."""
    parts: dict[str, Callable[[], list[Measure]]] = {
        "startup": startup,
        "prediction": prediction,
        "reading": reading,
        "large": large,
    }
    taken: list[Measure] = []
    for name in sys.argv[1:] or parts:
        found = parts[name]()
        for measure in found:
            append("bench", {"part": name, **asdict(measure), **circumstances()})
            print(" | ".join(measure.cells()), file=sys.stderr, flush=True)
        taken += found
    print(markdown(["what", "ours", "peer", "beside", "ratio", "promise", "kept"], [m.cells() for m in taken]))


def startup() -> list[Measure]:
    """Import, help, first prediction."""
    from startup import measures

    return measures(churn_model(), first_row())


def prediction() -> list[Measure]:
    """One row and ten thousand, on one core."""
    from prediction import measures

    return measures(churn_model(), CHURN, "Churn", shape_of(churn_model()))


def reading() -> list[Measure]:
    """A CSV of half a million rows."""
    from reading import measures

    return measures()


def large() -> list[Measure]:
    """The fit of 370,468 × 42 rows in 120 s, scored on the fixed test part."""
    case = next(case for case in tabular_cases() if case.name == "kddcup99_10pct")
    train, test = case.parts()
    file = CACHE / "kddcup99_10pct.onnx"
    fit = run([*MODELWRIGHT, "fit", str(train), "--target", case.target, "--budget", "120s", "-o", str(file)], 400)
    if fit.code != 0:
        raise SystemExit(fit.errors)
    scored = run([*MODELWRIGHT, "evaluate", str(file), str(test), "--json"], 600)
    if scored.code != 0:
        raise SystemExit(scored.errors)
    scores = {score["name"]: score["value"] for score in json.loads(scored.output)["metrics"]}
    what = "KDD-99, 370,468 × 42, 120 s"
    loss, default = scores["log_loss"], case.reference["log_loss"]
    held = fit.peak_bytes / 2**30
    return [
        Measure(f"{what}: fit", fit.seconds, "s", None, "", "≤ 129 s", fit.seconds <= 129),
        Measure(f"{what}: peak memory of all processes", held, "GiB", None, "", "≤ 24", held <= 24),
        Measure(f"{what}: log loss", loss, "", default, "LightGBM's defaults, which diverge", "≤ 0.1", loss <= 0.1),
    ]


def churn_model() -> Path:
    """Return the model of the example, fitted the first time; delete it to fit again."""
    file = CACHE / "churn.onnx"
    if not file.exists():
        CACHE.mkdir(exist_ok=True)
        fit = run([*MODELWRIGHT, "fit", str(CHURN), "--target", "Churn", "--budget", BUDGET, "-o", str(file)], 300)
        if fit.code != 0:
            raise SystemExit(fit.errors)
    return file


def first_row() -> str:
    """Return the first customer as JSON, numbers as numbers."""
    from pyarrow import csv

    return json.dumps(csv.read_csv(CHURN).slice(0, 1).drop_columns(["Churn"]).to_pylist()[0])


def shape_of(model: Path) -> tuple[int, int]:
    """Return how many trees the model holds and their mean number of leaves, so that the peer gets as many."""
    nodes = [node for node in onnx.load(model).graph.node if node.op_type == "TreeEnsemble"]
    sizes = {a.name: 0 for node in nodes for a in node.attribute}
    for node in nodes:
        for attribute in node.attribute:
            sizes[attribute.name] += len(attribute.ints)
    n_trees = sizes.get("tree_roots", 0)
    return (n_trees, max(2, round(sizes["leaf_targetids"] / n_trees))) if n_trees else (100, 31)


if __name__ == "__main__":
    main()
