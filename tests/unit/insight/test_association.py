import numpy as np
import pytest
from scipy import stats
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.insight.association import MOST_COLUMNS, associations, column_groups


def number(name: str, values: np.ndarray) -> Column:
    return Column(ColumnSchema(name, "number", "number"), values.astype(float))


def category(name: str, codes: np.ndarray, n_levels: int = 4) -> Column:
    levels = np.array([f"level {i}" for i in range(n_levels)], dtype=object)
    return Column(ColumnSchema(name, "category", "string"), codes.astype(np.int32), levels)


def test_numbers_go_together_by_rank(rng: np.random.Generator) -> None:
    a = rng.integers(0, 9, 200).astype(float)
    b = np.exp(a) * rng.random(200)
    a[:20] = np.nan
    found = associations(Table((number("a", a), number("b", b)), 200))
    expected = abs(stats.spearmanr(a[20:], b[20:]).statistic)
    # Ranks are taken over all rows of each column, so ties and missing cells differ a little from pairwise ranks.
    assert found[0, 1] == pytest.approx(expected, abs=0.02)
    assert found[0, 0] == 1.0 and found[0, 1] == found[1, 0]


def test_categories_go_together_by_corrected_v(rng: np.random.Generator) -> None:
    a = rng.integers(0, 4, 400)
    b = np.where(rng.random(400) < 0.7, a, rng.integers(0, 4, 400))
    found = associations(Table((category("a", a), category("b", b)), 400))[0, 1]
    seen = np.histogram2d(a, b, bins=4)[0].astype(int)
    plain = stats.contingency.association(seen, method="cramer")
    assert plain - 0.03 < found < plain
    independent = associations(Table((category("a", a), category("c", rng.permutation(a))), 400))[0, 1]
    assert independent < 0.1


def test_a_number_and_a_category_by_the_ratio(rng: np.random.Generator) -> None:
    codes = rng.integers(-1, 4, 300)
    same = number("number", codes * 10.0)
    found = associations(Table((same, category("category", codes), number("noise", rng.random(300))), 300))
    assert found[0, 1] == pytest.approx(1.0)
    assert found[1, 2] < 0.2


def test_constant_and_missing_columns_go_with_nothing() -> None:
    columns = (
        number("constant", np.ones(30)),
        number("missing", np.full(30, np.nan)),
        category("none", np.full(30, -1)),
        category("varied", np.arange(30) % 4),
    )
    found = associations(Table(columns, 30))
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, np.eye(4))
    assert column_groups(Table(columns, 30)) == ()


def test_groups_are_those_of_average_linkage(rng: np.random.Generator) -> None:
    roots = rng.normal(size=(500, 4))
    spread = rng.uniform(0.1, 1.4, size=14)
    columns = [number(f"c{j}", roots[:, j % 4] + spread[j] * rng.normal(size=500)) for j in range(14)]
    table = Table(tuple(columns), 500)
    apart = 1.0 - associations(table)
    np.fill_diagonal(apart, 0.0)
    for at in (0.3, 0.5, 0.7, 0.9):
        clusters = fcluster(linkage(squareform(apart, checks=False), "average"), 1.0 - at, "distance")
        expected = sorted(
            tuple(f"c{j}" for j in np.flatnonzero(clusters == k)) for k in np.unique(clusters) if sum(clusters == k) > 1
        )
        assert sorted(column_groups(table, at)) == expected


def test_very_wide_tables_are_not_grouped() -> None:
    wide = Table(tuple(number(f"c{j}", np.arange(5.0)) for j in range(MOST_COLUMNS + 1)), 5)
    assert column_groups(wide) == ()
