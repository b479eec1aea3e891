"""Numbers as people read them."""

import numpy as np
import pytest

from modelwright.insight.tabulation import between, plain, settled, signed


def test_what_rounding_left_is_nothing_and_small_values_stay() -> None:
    kept = settled(np.array([-2.5e-17, 3e-9, 0.25]), 1.0)
    assert kept.tolist() == [0.0, 3e-9, 0.25]
    assert settled(np.array([-2.5e-17]), 1e-17).tolist() == [-2.5e-17], "where everything is as small it is no rounding"
    assert signed(float(kept[0])) == "0"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.7875, 0.902, "0.7875 to 0.9020"),
        (-0.04098, -0.00105, "-0.04098 to -0.00105"),
        (0.0, 0.09327, "0 to 0.09327"),
        (0.83, 0.85, "0.83 to 0.85"),
        (-242.7, 6026.0, "-243 to 6,026"),
        (5.0, 12.0, "5 to 12"),
        (1e-9, 2e-9, "1e-09 to 2e-09"),
    ],
)
def test_both_ends_of_an_interval_have_the_same_digits(low: float, high: float, said: str) -> None:
    assert between(low, high) == said


def test_thousands_stand_apart_in_every_number() -> None:
    assert (plain(1984.4), signed(-2892.0), signed(-0.021)) == ("1,984", "-2,892", "-0.0210")
