import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.core.graph import Graph
from modelwright.transform.token import CLASSES, MOST_PIECES, Tokens

TEXTS = [
    "The end.",
    "the END",
    "call 07700900123 now",
    "call 07700900456 now",
    "ring 5551234 or 5559876 !",
    ":) 😀",
    "don't",
]


def tokens_of(texts):
    return Tokens.fit(texts, np.ones(len(texts), dtype=np.int64))


def ids_of(tokens, text):
    return tokens.ids([text])[1].tolist()


def names_of(tokens, text):
    return [str(tokens.words[i - 1]) for i in ids_of(tokens, text)]


def test_case_and_marks_around_a_word_do_not_matter():
    tokens = tokens_of(TEXTS)
    assert ids_of(tokens, "the end") == ids_of(tokens, "THE END!") == ids_of(tokens, "The end.")
    assert names_of(tokens, "don't") == ["dont"]


def test_marks_alone_are_words():
    assert names_of(tokens_of(TEXTS), ":) 😀") == [":)", "😀"]


def test_pieces_never_seen_fall_into_the_class_of_their_shape():
    tokens = tokens_of(TEXTS)
    assert ids_of(tokens, "07999888777") == ids_of(tokens, "07700900123")
    assert ids_of(tokens, "unheard") == []


def test_pairs_do_not_cross_unknown_pieces_or_lines():
    lines = tokens_of(["a b", "a\nb", "b\na", "x y"])
    assert lines.by_line
    assert len(lines.ids(["a b"])[3]) == 1
    assert len(lines.ids(["a\nb"])[3]) == len(lines.ids(["a unheard b"])[3]) == 0


def test_only_the_first_pieces_of_a_long_text_are_read():
    tokens = tokens_of(["a a"])
    assert len(ids_of(tokens, "a " * 5000)) == MOST_PIECES


@pytest.mark.parametrize(
    ("text", "shape"),
    [("https://x.org/a", 0), ("@you!", 1), ("#now", 2), ("£42,", 3), ("1,234.50", 4), ("b2b", 5), ("WOW!!", 6)],
)
def test_shapes(text, shape):
    assert next(i for i, pattern in enumerate(CLASSES) if re.fullmatch(pattern, text)) == shape


def alphabet():
    return st.one_of(st.sampled_from(list("ab019@#.!/:' \n\t\u00a0£東éA")), st.characters(codec="utf-8"))


@given(st.lists(st.text(alphabet(), max_size=15), min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_graph_finds_the_same_ids(texts):
    session = SESSIONS["graph"]
    (found,) = session.run(None, {"text": np.array([[text] for text in texts], dtype=object)})
    at, ids, _, _ = TOKENS.ids(texts)
    for i, row in enumerate(found.reshape(len(texts), -1)):
        assert row[row > 0].tolist() == ids[at == i].tolist()


TOKENS = tokens_of(
    ["a b\nA! 1", "@a #b a1 b1 A0", "@b #a 101 910 é", "1001 9019 AA aB http://a www.b 東", "AA. AB a\tb"]
)
SESSIONS = {}


@pytest.fixture(autouse=True, scope="module")
def _session(open_graph):
    graph = Graph()
    text = graph.op("StringConcat", graph.input("text", "string"), graph.constant(" "))
    graph.output("ids", TOKENS.emit(graph, text), "int64", (None, 1, None, None))
    SESSIONS["graph"] = open_graph(graph)
