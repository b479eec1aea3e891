"""Every transform of the catalog, and every view, keeps the contract of transform/base.py."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwright.core.catalog import load
from modelwright.core.graph import Graph
from modelwright.core.pack import pack, unpack
from modelwright.core.schema import ColumnSchema
from modelwright.core.table import MISSING_DATE, Column, Table
from modelwright.core.task import Target, Task
from modelwright.transform.base import CLIP
from modelwright.transform.catalog import COMBINATIONS, TRANSFORMS
from modelwright.transform.view import fit_view

PLAIN_VIEWS = ("tree", "linear", "neural")
VIEWS = (*PLAIN_VIEWS, "prepared")
ELEMENTS = {"string": "string", "number": "double", "boolean": "double", "date": "int64"}
TASKS = (Task("binary", ("no", "yes")), Task("multiclass", ("a", "b", "c")), Task("regression"))
COLUMNS = {
    "number": (("n1", "number", "number"), ("n2", "flag", "boolean"), ("n3", "number", "number")),
    "category": (("c1", "category", "string"), ("c2", "category", "number"), ("c3", "flag", "string")),
    "date": (("d1", "date", "date"), ("d2", "date", "date"), ("d3", "date", "date")),
    "text": (("t1", "text", "string"), ("t2", "text", "string")),
}
NUMBERS = tuple((f"n{i}", "number", "number") for i in range(3))
CATEGORIES = (("c1", "category", "string"), ("c2", "category", "number"), ("c3", "category", "string"))
COMBINED = {
    "arithmetic": (NUMBERS, {}),
    "crosses": (CATEGORIES, {"least_pairs": 0}),
    "group_statistics": (CATEGORIES[:2] + NUMBERS, {"n_categories": 2}),
}
WORDS = ("red", "green", "Blue", "naïve", "東京", "x", "don't", "end.", "\u3000", "a\u00a0b", "🙂", "R&D", "zzz")
SETTINGS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

numbers = st.one_of(
    st.sampled_from([np.nan, np.inf, -np.inf, 1e300, -1e300, 5e-324, 0.0, -0.0, 2.0**53, 1.0]), st.floats()
)
few_numbers = st.sampled_from([np.nan, 0.0, -0.0, 1.0, 1.5, np.inf, 1e300, 7.0, 8.0])
instants = st.one_of(
    st.sampled_from([MISSING_DATE, MISSING_DATE + 1, -1, 0, 2**63 - 1, -86_400_000_000, 951_782_400_000_000]),
    st.integers(MISSING_DATE, 2**63 - 1),
)
texts = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), st.text(st.characters(codec="utf-8"), max_size=12)
)
labels = st.one_of(st.sampled_from(["", "a", "b", "c", "ä", "Z z", "nan", "None"]), st.text(max_size=3))


def cells_of(name, dtype):
    if dtype == "string":
        return texts if name.startswith("t") else labels.filter(_is_utf8)
    if dtype == "date":
        return instants
    if dtype == "boolean":
        return st.sampled_from([0.0, 1.0, np.nan])
    return few_numbers if name.startswith("c") else numbers


def _is_utf8(text):
    return not re.search("[\ud800-\udfff]", text)


def column(name, kind, dtype, cells):
    schema = ColumnSchema(name, kind, dtype)
    if dtype != "string":
        return Column(schema, np.array(cells, dtype=np.int64 if dtype == "date" else np.float64))
    levels = sorted({cell for cell in cells if cell})
    code = {level: i for i, level in enumerate(levels)} | {"": -1}
    array = np.empty(len(levels), dtype=object)
    array[:] = levels
    return Column(schema, np.array([code[cell] for cell in cells], dtype=np.int32), array)


@st.composite
def tables(draw, columns, min_rows, max_rows):
    n_rows = draw(st.integers(min_rows, max_rows))
    made = []
    for name, kind, dtype in columns:
        pool = draw(st.lists(cells_of(name, dtype), min_size=1, max_size=10))
        picks = draw(st.lists(st.integers(0, len(pool) - 1), min_size=n_rows, max_size=n_rows))
        made.append(column(name, kind, dtype, [pool[i] for i in picks]))
    return Table(tuple(made), n_rows)


def target_of(task, n_rows, rng):
    values = rng.normal(size=n_rows) if task.name == "regression" else rng.integers(0, len(task.classes), n_rows)
    return Target(task, values, rng.uniform(0.5, 2.0, n_rows))


def graph_of(fitted, table, n_features):
    graph = Graph()
    used = [c for c in table.columns if c.name in fitted.columns]
    inputs = {c.name: graph.input(c.name, ELEMENTS[c.schema.dtype]) for c in used}
    graph.output("features", fitted.emit(graph, inputs), "double", (None, n_features))
    return graph


def feeds_of(fitted, table):
    return {c.name: c.feed() for c in table.columns if c.name in fitted.columns}


def assert_agree(expected, found):
    assert expected.dtype == found.dtype == np.float64
    assert expected.shape == found.shape
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
    assert np.abs(expected[~np.isnan(expected)]).max(initial=0.0) <= CLIP


@pytest.mark.parametrize("view", PLAIN_VIEWS)
@pytest.mark.parametrize("name", TRANSFORMS)
@given(data=st.data())
@SETTINGS
def test_graph_equals_numpy_on_hostile_tables(open_graph, name, view, data):
    columns = COLUMNS[name]
    train = data.draw(tables(columns, 1, 30))
    task = data.draw(st.sampled_from(TASKS))
    target = target_of(task, len(train), np.random.default_rng(3))
    transform = load(TRANSFORMS, name, "transform")(tuple(c[0] for c in columns), view)
    fitted, matrix = transform.fit_apply(train, target, np.random.default_rng(0))
    assert matrix.shape == (len(train), len(fitted.names))
    assert matrix.dtype == np.float64
    session = open_graph(graph_of(fitted, train, len(fitted.names)))
    for table in (train, data.draw(tables(columns, 1, 12)), train.take(np.arange(1)), train.take(np.arange(0))):
        (found,) = session.run(None, feeds_of(fitted, table))
        assert_agree(fitted.apply(table), found)
        if view != "tree":
            assert not np.isnan(found).any()


@pytest.mark.parametrize("name", COMBINATIONS)
@given(data=st.data())
@settings(SETTINGS, max_examples=20)
def test_combination_equals_its_graph_whole_and_in_part(open_graph, name, data):
    columns, options = COMBINED[name]
    train = data.draw(tables(columns, 1, 30))
    target = target_of(data.draw(st.sampled_from(TASKS)), len(train), np.random.default_rng(3))
    transform = load(COMBINATIONS, name, "transform")(tuple(c[0] for c in columns), **options)
    fitted, matrix = transform.fit_apply(train, target, np.random.default_rng(0))
    assert matrix.shape == (len(train), len(fitted.names))
    others = [train, data.draw(tables(columns, 1, 12)), train.take(np.arange(1)), train.take(np.arange(0))]
    assert_same_as_graph(open_graph, fitted, others)
    if not fitted.n_units:
        return
    units = np.sort(data.draw(st.lists(st.integers(0, fitted.n_units - 1), min_size=1, unique=True)))
    part, width = fitted.keep(units), len(fitted.names) // fitted.n_units
    kept = (units[:, None] * width + np.arange(width)).ravel()
    assert part.names == tuple(fitted.names[i] for i in kept)
    np.testing.assert_array_equal(part.apply(others[1]), fitted.apply(others[1])[:, kept])
    assert_same_as_graph(open_graph, part, others)


def assert_same_as_graph(open_graph, fitted, others):
    session = open_graph(graph_of(fitted, others[0], len(fitted.names)))
    for table in others:
        (found,) = session.run(None, feeds_of(fitted, table))
        expected = fitted.apply(table)
        np.testing.assert_array_equal(found, expected)  # the very same bits, NaN equal to NaN
        assert np.abs(expected[~np.isnan(expected)]).max(initial=0.0) <= CLIP


def sample(rng, n_rows=300):
    """Return a table with every kind of column."""
    made = []
    for columns in COLUMNS.values():
        for name, kind, dtype in columns:
            if dtype == "string":
                size = 1 if kind != "text" else 5
                cells = [" ".join(rng.choice(WORDS, size)) if rng.random() > 0.1 else "" for _ in range(n_rows)]
            elif dtype == "date":
                cells = np.where(rng.random(n_rows) < 0.1, MISSING_DATE, rng.integers(-(10**16), 10**16, n_rows))
            else:
                cells = np.where(
                    rng.random(n_rows) < 0.1, np.nan, rng.integers(0, 2 if dtype == "boolean" else 9, n_rows)
                )
            made.append(column(name, kind, dtype, list(cells)))
    return Table(tuple(made), n_rows)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
@pytest.mark.parametrize("view", VIEWS)
def test_view_equals_its_graph_and_survives_packing(open_graph, rng, view, task):
    table = sample(rng)
    target = target_of(task, len(table), rng)
    fitted, matrix = fit_view(view, table, target, seed=5)
    assert matrix.shape == (len(table), len(fitted.names))
    assert matrix.flags.c_contiguous
    again = unpack(pack(fitted))
    assert pack(again) == pack(fitted)
    session = open_graph(graph_of(again, table, len(fitted.names)))
    for rows in (np.arange(len(table)), np.arange(1), np.arange(0)):
        part = table.take(rows)
        (found,) = session.run(None, feeds_of(again, part))
        assert_agree(fitted.apply(part), found)
        assert_agree(again.apply(part), found)


@pytest.mark.parametrize("view", VIEWS)
def test_same_seed_gives_the_same_view(rng, view):
    table = sample(rng)
    target = target_of(TASKS[1], len(table), rng)
    first, second = (fit_view(view, table, target, seed=5) for _ in range(2))
    assert pack(first[0]) == pack(second[0])
    np.testing.assert_array_equal(first[1], second[1])


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
@pytest.mark.parametrize("view", PLAIN_VIEWS)
@pytest.mark.parametrize("name", ("category", "text"))
def test_no_row_sees_its_own_answer(rng, name, view, task):
    n_rows = 1200
    cells = [" ".join(f"w{j}" for j in rng.integers(0, 400, 3)) for _ in range(n_rows)]
    if name == "category":
        cells = [f"v{j}" for j in rng.integers(0, 600, n_rows)]
    table = Table((column("x", name, "string", cells),), n_rows)
    target = Target(task, target_of(task, n_rows, rng).values)
    fitted, matrix = fit_view(view, table, target, seed=1)
    outcome = target.values == 1 if task.is_classification else target.values
    # A leaking statistic of two rows per level would correlate at about 0.7; noise has a deviation of 0.03.
    correlations = [abs(np.corrcoef(column, outcome)[0, 1]) for column in matrix.T]
    assert max(correlations) < 0.15
    # Cross-fitted features of training rows differ from those of new rows; networks get no statistic of categories.
    assert np.array_equal(matrix, fitted.apply(table)) == (view == "neural" and name == "category")


def test_views_share_their_lookups(rng):
    table = sample(rng).select(["c1", "c2", "c3"])
    target = target_of(TASKS[0], len(table), rng)
    graph = Graph()
    inputs = {c.name: graph.input(c.name, ELEMENTS[c.schema.dtype]) for c in table.columns}
    for view in VIEWS:
        fit_view(view, table, target, seed=5)[0].emit(graph, inputs)
    # The fourth looks up the crosses of the prepared view.
    assert sum(node.op_type == "LabelEncoder" for node in graph.nodes) == 4
