import numpy as np
import pytest

from modelwright.core.errors import SchemaError
from modelwright.core.graph import Graph
from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.core.task import Target, Task
from modelwright.transform import text
from modelwright.transform.text import Texts

BINARY = Task("binary", ("dull", "good"))
GOOD, DULL = ("great", "lovely", "superb", "brilliant"), ("boring", "tedious", "bland", "tiresome")


def strings(cells, name="t"):
    levels = sorted({cell for cell in cells if cell})
    code = {level: i for i, level in enumerate(levels)} | {"": -1}
    values = np.array([code[cell] for cell in cells], dtype=np.int32)
    return Column(ColumnSchema(name, "text", "string"), values, np.array(levels, dtype=object))


def reviews(rng, n_rows):
    values = rng.integers(0, 2, n_rows)
    filler = [f"word{i}" for i in range(60)]
    cells = []
    for value in values:
        said = [*rng.choice(filler, 6), rng.choice(GOOD if value else DULL)]
        rng.shuffle(said)
        cells.append(" ".join(said) + ("!" if rng.random() < 0.3 else "."))
    return Table((strings(cells),), n_rows), Target(BINARY, values)


def score(fitted, matrix):
    return matrix[:, fitted.names.index("share of good by t")]


def test_scores_tell_the_classes_apart_in_and_out_of_sample(rng):
    table, target = reviews(rng, 400)
    fitted, matrix = Texts(("t",), "tree").fit_apply(table, target, rng)
    assert ((score(fitted, matrix) > 0.5) == target.values).mean() > 0.95
    fresh, truth = reviews(rng, 200)
    assert ((score(fitted, fitted.apply(fresh)) > 0.5) == truth.values).mean() > 0.95


def test_unseen_words_share_character_n_grams_with_seen_ones_only_by_their_forms(rng):
    table, target = reviews(rng, 400)
    fitted = Texts(("t",), "tree").fit(table, target, rng)
    found = score(fitted, fitted.apply(Table((strings(["GREAT!", "great", "unheardof", ""]),), 4)))
    assert found[0] == found[1] > found[2]
    assert found[2] == found[3]


def test_marks_and_blanks_are_counted(rng):
    table, target = reviews(rng, 100)
    fitted = Texts(("t",), "tree").fit(table, target, rng)
    found = fitted.apply(Table((strings(["a b c!!", "x"]),), 2))
    counted = dict(zip(fitted.names, found.T, strict=True))
    np.testing.assert_allclose(counted["log count of blanks in t"], np.log([3.0, 1.0]))
    np.testing.assert_allclose(counted["log count of '!' in t"], np.log([3.0, 1.0]))


def test_small_tables_get_few_directions(rng):
    table, target = reviews(rng, 310)
    names = Texts(("t",), "tree").fit(table, target, rng).names
    assert sum(name.startswith("direction") for name in names) == 2


def test_graph_uses_standard_operators_only_and_no_locale(rng):
    table, target = reviews(rng, 100)
    graph = Graph()
    Texts(("t",), "tree").fit(table, target, rng).emit(graph, {"t": "t"})
    assert {node.domain for node in graph.nodes} <= {"", "ai.onnx.ml"}
    assert "StringNormalizer" not in {node.op_type for node in graph.nodes}


def test_answer_does_not_depend_on_the_other_texts_of_a_batch(rng, open_graph):
    table, target = reviews(rng, 200)
    cells = [*table.columns[0].strings(), "great\nword1 word2\n\nlovely"] * 2
    table = Table((strings(cells),), len(cells))
    target = Target(BINARY, np.resize(target.values, len(cells)))
    fitted = Texts(("t",), "tree").fit(table, target, rng)
    graph = Graph()
    graph.output("y", fitted.emit(graph, {"t": graph.input("t", "string")}), "double", (None, len(fitted.names)))
    session = open_graph(graph)
    batch = np.array([["great word1"], ["a " * 400], ["x\n" * 40 + "great"], ["great\nword1 word2"]], dtype=object)
    (together,) = session.run(None, {"t": batch})
    alone = np.concatenate([session.run(None, {"t": batch[i : i + 1]})[0] for i in range(len(batch))])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(fitted.apply(Table((strings(batch[:, 0].tolist()),), 4)), alone)


def test_large_tables_learn_from_a_sample(rng, monkeypatch):
    monkeypatch.setattr(text, "MOST_ROWS", 150)
    table, target = reviews(rng, 400)
    fitted, matrix = Texts(("t",), "tree").fit_apply(table, target, rng)
    assert matrix.shape[0] == 400
    assert ((score(fitted, matrix) > 0.5) == target.values).mean() > 0.9


def test_column_that_is_not_text_is_refused(rng):
    column = Column(ColumnSchema("t", "text", "number"), np.zeros(3))
    with pytest.raises(SchemaError, match="'t' holds numbers"):
        Texts(("t",), "tree").fit(Table((column,), 3), Target(BINARY, np.array([0, 1, 0])), rng)
