"""How rows and clusters of rows are drawn."""

import math

import numpy as np
import pytest

from modelwright.metrics.clusters import Clusters
from modelwright.metrics.drawing import Drawing, _poisson_table

GROUPS = np.array(["b", "a", "b", "c", "a"])


def test_the_table_of_draws_is_poisson() -> None:
    counts = _poisson_table()
    assert counts.mean() == pytest.approx(1.0, abs=1e-3)
    assert counts.var() == pytest.approx(1.0, abs=2e-3)
    assert np.mean(counts == 0) == pytest.approx(math.exp(-1), abs=1e-4)


def test_clusters_add_up_their_rows() -> None:
    clusters = Clusters.of(GROUPS)
    assert clusters.number == 3
    rows = np.arange(10.0).reshape(5, 2)
    assert clusters.sums(rows).tolist() == [[10.0, 12.0], [4.0, 6.0], [6.0, 7.0]]
    assert clusters.each(np.array([5, 6, 7])).tolist() == [6, 5, 6, 7, 5]


def test_a_class_is_held_by_as_many_clusters_as_it_occurs_in() -> None:
    assert Clusters.of(GROUPS).holding(np.array([0, 1, 0, 1, 2])).tolist() == [1, 2, 1]
    assert Drawing.of(5, None, GROUPS).fewest(np.array([0, 0, 0, 0, 2])) == 1
    assert Drawing(5).fewest(np.array([0, 0, 1, 1, 1])) == 2


@pytest.mark.parametrize("n_rows", [40, 1500])
def test_rows_of_a_cluster_are_drawn_and_left_out_together(n_rows: int, rng: np.random.Generator) -> None:
    groups = rng.integers(0, n_rows // 5, size=n_rows)
    weight = rng.random(n_rows)
    drawing = Drawing.of(n_rows, weight, groups)
    seen = []

    def look(weights: np.ndarray) -> np.ndarray:
        times = weights / weight[:, np.newaxis]
        firsts = {group: times[groups == group][0] for group in set(groups.tolist())}
        assert all(np.allclose(row, firsts[group]) for row, group in zip(times, groups.tolist(), strict=True))
        seen.append(sum(firsts.values()))
        return weights.sum(axis=0)

    drawn = drawing.weigh_all([look], [lambda counts: counts.sum(axis=0)], drawing.draws(20, rng))
    assert drawn.shape == (2, 20)
    assert np.concatenate(seen) == pytest.approx(drawn[1])
    assert drawn[1] == pytest.approx(drawing.n_units, rel=0.2)
    left = drawing.weigh_all([look], (), drawing.left_out(rng))
    assert left.shape == (1, min(50, drawing.n_units))
    assert left.sum() == pytest.approx(weight.sum() * (left.size - 1))
