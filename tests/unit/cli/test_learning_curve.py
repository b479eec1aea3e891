import json
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from modelwright.cli.learning_curve import learning_curve


def test_it_fits_ever_more_rows_and_forecasts(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=200)
    lines = [f"{a:.4f},{3 * a + e:.4f},{i}" for i, (a, e) in enumerate(zip(x, rng.normal(size=200), strict=True))]
    (tmp_path / "rows.csv").write_text("x,y,spare\n" + "\n".join(lines) + "\n")
    words = [str(tmp_path / "rows.csv"), "--target", "y", "--repeats", "1", "--metric", "mae", "--drop", "spare"]
    ran = CliRunner().invoke(learning_curve, [*words, "--json"])
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.stdout)
    assert found["metric"] == "mae"
    assert [p["n_rows"] for p in found["points"]] == [30, 60, 105, 150]
    assert all(f["n_rows"] > 150 for f in found["forecasts"][-2:])
