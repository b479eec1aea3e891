"""The example files are what their page says."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_example_holds_the_training_part_byte_for_byte(public_data: Path) -> None:
    header, *rows = (public_data / "tabular" / "telco_churn.csv").read_bytes().splitlines(keepends=True)
    tested = [int(hashlib.sha1(f"telco_churn:{i}".encode()).hexdigest(), 16) % 4 == 0 for i in range(len(rows))]
    train = [row for row, held_out in zip(rows, tested, strict=True) if not held_out]
    assert (ROOT / "examples" / "churn.csv").read_bytes() == header + b"".join(train)
    new = [row.rpartition(b",")[0] + b"\n" for row, held_out in zip(rows, tested, strict=True) if held_out]
    assert (ROOT / "examples" / "churn_new.csv").read_bytes() == header.rpartition(b",")[0] + b"\n" + b"".join(
        new[:300]
    )
