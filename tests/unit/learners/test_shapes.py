import numpy as np
import pytest

from modelwright.learners.shapes import Shape, added, centred, forest, purified

CUTS = (np.array([-1.0, 0.0, 2.0]), np.array([0.5]))


def pair(rng: np.random.Generator, n_margins: int = 2) -> Shape:
    return Shape((0, 2), CUTS, rng.normal(size=(5, 3, n_margins)))


def cells(rng: np.random.Generator, n_rows: int = 200) -> np.ndarray:
    found = rng.normal(size=(n_rows, 3))
    found[:40] = rng.choice([-1.0, 0.0, 2.0, 0.5, np.nan, np.inf, -np.inf], (40, 3))
    return found


def test_a_forest_looks_its_tables_up_and_reads_them_back(rng: np.random.Generator) -> None:
    shape, rows = pair(rng), cells(rng)
    trees = forest([shape], np.array([0.25, -1.0]))
    expected = shape.values[shape.steps(rows)]
    np.testing.assert_array_equal(trees.margins(rows), expected + np.array([0.25, -1.0]))
    np.testing.assert_array_equal(trees.pruned().margins(rows), trees.margins(rows))
    again = Shape.of(trees.only(np.array([0])), (0, 2), 3)
    np.testing.assert_array_equal(again.values[again.steps(rows)], expected)


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_missing_cell_may_go_with_any_step(rng: np.random.Generator, place: int) -> None:
    values = rng.normal(size=(5, 1))
    values[-1] = values[place]
    trees = forest([Shape((1,), CUTS[:1], values)], np.zeros(1))
    rows = cells(rng)
    assert np.isfinite(trees.threshold).all()
    np.testing.assert_array_equal(trees.margins(rows), values[Shape((1,), CUTS[:1], values).steps(rows)])


def test_what_is_taken_out_of_a_pair_comes_back_in_the_sum(rng: np.random.Generator) -> None:
    shape, rows = pair(rng), cells(rng, 400)
    weight = shape.weighed(rows, np.ones(400))
    rest, (one, other) = purified(shape, weight)
    total = sum(part.values[part.steps(rows)] for part in (rest, one, other))
    np.testing.assert_allclose(total, shape.values[shape.steps(rows)], atol=1e-12)
    counted = (weight + 1e-3 * weight.sum() / weight.size)[..., np.newaxis]
    for axis in (0, 1):
        np.testing.assert_allclose((rest.values * counted).sum(axis=axis), 0.0, atol=1e-6)


def test_shapes_of_one_feature_add_up_over_all_their_cuts(rng: np.random.Generator) -> None:
    shapes = [
        Shape((0,), (np.array(cuts),), rng.normal(size=(len(cuts) + 2, 1))) for cuts in ([0.0, 1.0], [0.5, 1.0, 3])
    ]
    rows = cells(rng)
    whole = added(shapes)
    expected = sum(shape.values[shape.steps(rows)] for shape in shapes)
    np.testing.assert_array_equal(whole.values[whole.steps(rows)], expected)
    middle, mean = centred(whole, whole.weighed(rows, np.ones(len(rows))))
    np.testing.assert_allclose(middle.values[middle.steps(rows)].mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(middle.values + mean, whole.values)
