"""Numbers as people read them."""

import numpy as np

from modelwright.insight.tabulation import settled, signed


def test_what_rounding_left_is_nothing_and_small_values_stay() -> None:
    kept = settled(np.array([-2.5e-17, 3e-9, 0.25]), 1.0)
    assert kept.tolist() == [0.0, 3e-9, 0.25]
    assert settled(np.array([-2.5e-17]), 1e-17).tolist() == [-2.5e-17], "where everything is as small it is no rounding"
    assert signed(float(kept[0])) == "0"
