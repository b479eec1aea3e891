"""What a token is made of: its word and the character n-grams of the word, weighted by how rare they are."""

from collections import Counter
from typing import Any

import numpy as np
import scipy.sparse

from modelwright.core.table import Array

SHORTEST, LONGEST = 2, 4
"""Lengths of character n-grams inside words; 5 gained nothing in our measurements."""

FEWEST_TEXTS = 3
"""Texts a character n-gram must be in."""


def rarity(frequency: Array, n_texts: int) -> Array:
    """Return the inverse document frequency of things that stand in `frequency` of `n_texts` texts."""
    return np.log((1.0 + n_texts) / (1.0 + np.minimum(frequency, n_texts))) + 1.0


def token_rows(words: Array, frequency: Array, pair_frequency: Array, n_texts: int) -> Any:
    """Return the features of every token as scipy CSR: words first, then pairs of words.

    A word has itself, when two texts have it, and its character n-grams, together as long as it is rare; a pair of
    words only has itself.

    Args:
        words: Words, (n_words,).
        frequency: Texts each word is in.
        pair_frequency: Texts each pair of words is in, (n_pairs,).
        n_texts: Number of texts.

    Returns:
        (n_words + n_pairs, n_features).
    """
    weight = rarity(frequency, n_texts)
    kept = np.flatnonzero(frequency > 1)
    shape = (len(words), len(kept))
    own = scipy.sparse.csr_matrix((weight[kept], (kept, np.arange(len(kept)))), shape=shape)
    grams = scipy.sparse.diags(weight) @ _gram_rows(words, frequency, n_texts)
    pairs = scipy.sparse.diags(rarity(pair_frequency, n_texts))
    blocks = scipy.sparse.hstack([own, grams])
    return scipy.sparse.block_diag([blocks, pairs], format="csr") if len(pair_frequency) else blocks.tocsr()


def _gram_rows(words: Array, frequency: Array, n_texts: int) -> Any:
    """Return rows of unit length with the weighted counts of character n-grams of each word."""
    counts = [Counter(_grams(word)) for word in words]
    texts: Counter[str] = Counter()
    for count, n in zip(counts, frequency.tolist(), strict=True):
        for gram in count:
            texts[gram] += n
    place = {gram: i for i, gram in enumerate(gram for gram, n in texts.items() if n >= FEWEST_TEXTS)}
    weights = rarity(np.array([texts[gram] for gram in place], dtype=np.float64), n_texts)
    entries = [(i, place[g], n) for i, count in enumerate(counts) for g, n in count.items() if g in place]
    at, of, n = (np.array(values) for values in zip(*entries, strict=True)) if entries else (np.zeros(0, int),) * 3
    values = n * weights[of]
    length = np.sqrt(np.bincount(at, values**2, len(words)))
    return scipy.sparse.csr_matrix((values / length[at], (at, of)), shape=(len(words), len(place)))


def _grams(word: str) -> list[str]:
    if not word:
        return []
    framed = f" {word} "
    return [framed[i : i + n] for n in range(SHORTEST, LONGEST + 1) for i in range(len(framed) - n + 1)]
