"""From texts to the ids of words and word pairs, the same in numpy and in standard ONNX operators.

The graph can only cut a text at a literal delimiter and look whole pieces up, so a piece is known by the exact forms
it was seen in, and those a known word is likely to take: capitals, and a mark at its end. Pieces never seen fall into
a class by their shape, such as a long number or a link, or count as nothing.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Self, final

import numpy as np

from modelwright.core.graph import Graph
from modelwright.core.table import Array, object_array

MOST_WORDS = 10_000
MOST_FORMS = 50_000
"""Bounds of the lookup, about 15 bytes a form in the file."""

MOST_PIECES = 256
"""Pieces read of a text without lines: the graph pads every text of a batch to the longest."""

MOST_LINES, MOST_PIECES_OF_LINE = 16, 64
_LINE_SHARE = 0.02
"""Share of texts with a line break from which on lines are cut first."""

_VARIED_WORDS = 1500
_ENDINGS = ("", ".", ",", "!", "?", ":", ";")

_END = r"[^A-Za-z0-9]*"
CLASSES = (
    r"(?:https?://|www\.)[^ ]+",
    r"@[A-Za-z0-9_]+" + _END,
    r"#[A-Za-z0-9_]+" + _END,
    _END + r"[0-9]{1,3}" + _END,
    _END + r"[0-9][0-9.,:/-]{2,}[0-9]" + _END,
    _END + r"(?:[A-Za-z]+[0-9]|[0-9]+[A-Za-z])[A-Za-z0-9]*" + _END,
    _END + r"[A-Z]{2,}" + _END,
)
"""Shapes of pieces seen once or never: links, mentions, tags, short and long numbers, codes, capitals.

The first match wins; RE2 and Python read these patterns alike.
"""

Found = tuple[Array, Array, Array, Array]
"""Positions of texts and the ids in them; positions of texts and the keys of pairs in them."""


@final
@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of a text column, as a lookup from raw pieces to ids.

    Id 0 is anything unknown; words have 1 to n_words by falling frequency; classes that occurred come last.

    Attributes:
        words: Words in the order of their ids, the empty text for each class; shape (n_ids - 1,).
        frequency: Number of training texts each of them is in.
        forms: Raw pieces that are known.
        form_ids: The id of each form.
        class_ids: The id of each of `CLASSES`, 0 for one that never occurred.
        by_line: Whether texts are cut into lines first; word pairs do not cross lines.
    """

    words: Array
    frequency: Array
    forms: Array
    form_ids: Array
    class_ids: Array
    by_line: bool

    @classmethod
    def fit(cls, texts: Sequence[str], repeats: Array) -> Self:
        """Learn the words of distinct `texts`, each of which stands in that many rows."""
        n_lines = sum(int(n) for text, n in zip(texts, repeats, strict=True) if "\n" in text)
        by_line = n_lines > _LINE_SHARE * max(int(repeats.sum()), 1)
        pieces: Counter[str] = Counter()
        frequency: Counter[str] = Counter()
        word_of: dict[str, str] = {}
        for text, n in zip(texts, repeats.tolist(), strict=True):
            words_here = set()
            for line in _lines(text, by_line):
                for piece in line:
                    word = word_of.get(piece)
                    if word is None:
                        word = word_of[piece] = _word(piece)
                    pieces[piece] += n
                    words_here.add(word)
            for word in words_here:
                frequency[word] += n
        del frequency[""]
        shapes = {p: shape for p, word in word_of.items() if frequency[word] == 1 and (shape := _shape(p)) >= 0}
        for piece in shapes:
            del frequency[word_of[piece]]
        tally = Counter(shapes.values())
        words = sorted(frequency, key=lambda word: (-frequency[word], word))[:MOST_WORDS]
        classes = [i for i in range(len(CLASSES)) if tally[i] > 1]
        class_ids = np.zeros(len(CLASSES), dtype=np.int64)
        class_ids[classes] = np.arange(len(classes)) + len(words) + 1
        forms = _forms(pieces, word_of, words)
        return cls(
            object_array([*words, *("" for _ in classes)]),
            np.array([*(frequency[word] for word in words), *(tally[i] for i in classes)], dtype=np.int64),
            object_array(list(forms)),
            np.array(list(forms.values()), dtype=np.int64),
            class_ids,
            by_line,
        )

    @property
    def n_ids(self) -> int:
        """Number of ids, 0 included; a pair of ids has the key left * n_ids + right."""
        return len(self.words) + 1

    def ids(self, texts: Sequence[str]) -> Found:
        """Return (position of the text, id) of every known piece and (position, key) of every pair of neighbours."""
        base = self.n_ids
        known = dict(zip(self.forms, self.form_ids.tolist(), strict=True))
        cached: dict[str, int] = {}
        at: list[int] = []
        found: list[int] = []
        pair_at: list[int] = []
        pairs: list[int] = []
        for position, text in enumerate(texts):
            for line in _lines(text, self.by_line):
                ids = []
                for piece in line:
                    number = known.get(piece)
                    if number is None:
                        number = cached.get(piece)
                    if number is None:
                        number = cached[piece] = self._class_id(piece)
                    ids.append(number)
                found += [number for number in ids if number]
                keys = [i * base + j for i, j in pairwise(ids) if i and j]
                pairs += keys
                pair_at += [position] * len(keys)
            at += [position] * (len(found) - len(at))
        return _integers(at), _integers(found), _integers(pair_at), _integers(pairs)

    def emit(self, graph: Graph, text: str) -> str:
        """Write the lookup as operators; return int64 ids padded with 0, rows first and pieces of a line last.

        `text` is a string tensor (n_rows, 1) whose cells end in a blank, so that none is empty.
        """
        c, last = graph.constant, graph.constant([-1])
        cells = text
        if self.by_line:
            cells = graph.ops("StringSplit", cells, n_outputs=2, delimiter="\n")[0]
            cells = graph.op("Slice", cells, c([0]), c([MOST_LINES]), last)
        pieces = graph.ops("StringSplit", cells, n_outputs=2, delimiter=" ")[0]
        pieces = graph.op("Slice", pieces, c([0]), c([MOST_PIECES_OF_LINE if self.by_line else MOST_PIECES]), last)
        forms = self.forms.tolist() or [" "]
        values = self.form_ids.tolist() or [0]
        ids = graph.op(
            "LabelEncoder", pieces, domain="ai.onnx.ml", keys_strings=forms, values_int64s=values, default_int64=-1
        )
        shape = c(0)
        for pattern, number in reversed(list(zip(CLASSES, self.class_ids.tolist(), strict=True))):
            if number:
                shape = graph.op("Where", graph.op("RegexFullMatch", pieces, pattern=pattern), c(number), shape)
        return graph.op("Where", graph.op("Less", ids, c(0)), shape, ids)

    def _class_id(self, piece: str) -> int:
        # The graph leaves out classes that never occurred, so a piece may fall to a later one.
        for pattern, number in zip(CLASSES, self.class_ids.tolist(), strict=True):
            if number and _pattern(pattern).fullmatch(piece):
                return int(number)
        return 0


def _lines(text: str, by_line: bool) -> list[list[str]]:
    if not by_line:
        return [text.split(" ", MOST_PIECES)[:MOST_PIECES]]
    lines = text.split("\n", MOST_LINES)[:MOST_LINES]
    return [line.split(" ", MOST_PIECES_OF_LINE)[:MOST_PIECES_OF_LINE] for line in lines]


def _word(piece: str) -> str:
    """Return the letters and digits of a piece in lower case; marks alone, such as a smile, are a word too."""
    return _pattern(r"[\W_]+").sub("", piece.lower()) or piece


def _shape(piece: str) -> int:
    return next((i for i, pattern in enumerate(CLASSES) if _pattern(pattern).fullmatch(piece)), -1)


def _forms(pieces: Counter[str], word_of: dict[str, str], words: list[str]) -> dict[str, int]:
    """Return the id of each raw form: those seen, by falling frequency, then likely ones of the frequent words."""
    id_of = {word: i for i, word in enumerate(words, start=1)}
    seen = sorted((p for p, word in word_of.items() if word in id_of), key=lambda p: (-pieces[p], p))
    likely = (
        (case + ending, word)
        for word in words[:_VARIED_WORDS]
        for case in (word, word.capitalize(), word.upper())
        for ending in _ENDINGS
        if _word(case + ending) == word  # not so for marks, nor in scripts where the cases are not inverse
    )
    forms = {piece: id_of[word_of[piece]] for piece in seen[:MOST_FORMS]}
    for form, word in likely:
        if len(forms) >= MOST_FORMS:
            break
        forms.setdefault(form, id_of[word])
    return forms


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _integers(values: list[int]) -> Array:
    return np.array(values, dtype=np.int64)
