"""Times batches of 10,000 rows through a model, in a process that has loaded nothing else.

python benchmarks/latency.py model.onnx rows.csv
"""

import json
import sys
import time

import numpy as np

import modelwright as mw
from modelwright.data import read

ROWS = 10_000
SECONDS = 3.0


def main() -> None:
    """Print the median microseconds per row as JSON."""
    model = mw.load(sys.argv[1])
    table = read(sys.argv[2], schema=model.schema)
    batch = table.take(np.arange(ROWS) % table.n_rows)
    model.predict(batch)
    spent: list[float] = []
    while len(spent) < 3 or sum(spent) < SECONDS:
        began = time.perf_counter()
        model.predict(batch)
        spent.append(time.perf_counter() - began)
    print(json.dumps({"microseconds_per_row": float(np.median(spent)) / ROWS * 1e6, "repeats": len(spent)}))


if __name__ == "__main__":
    main()
