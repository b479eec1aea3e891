"""Whether texts are all different, told from a few of their bytes without a table of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from modelwright.core.table import Array

_WORD = 8
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
"""Odd numbers of 64 bits that spread what is multiplied by them; any such would do."""


def differ(chunks: Sequence[Any]) -> bool:
    """Whether all texts of Arrow string arrays are known to be different; False where two may be equal.

    Texts of which the length and three words of eight bytes, at the beginning, in the middle and at the end, are
    different are different. Where those are not enough, or a text is too short for them, the answer is False.
    """
    keys = []
    for chunk in chunks:
        if not len(chunk):
            continue
        found = _keys(chunk)
        if found is None:
            return False
        keys.append(found)
    if not keys:
        return True
    sorted_keys = np.concatenate(keys)
    sorted_keys.sort()
    return bool((sorted_keys[1:] != sorted_keys[:-1]).all())


def _keys(texts: Any) -> Array | None:
    """Return a number for each text, equal for equal ones; None where a text is missing or short."""
    _, places, data = texts.buffers()
    offsets = np.frombuffer(places, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    begins, lengths = offsets[:-1], np.diff(offsets)
    if texts.null_count or lengths.min() < _WORD:
        return None
    # every place in the text where eight bytes can be taken as a number, aligned or not
    words: Array = np.ndarray((data.size - _WORD + 1,), dtype=np.uint64, buffer=data, strides=(1,))
    most = lengths - _WORD
    keys = lengths.astype(np.uint64) * np.uint64(_FACTORS[0])
    for factor, places_of_words in zip(_FACTORS[1:], (begins, begins + most // 2, begins + most), strict=True):
        keys ^= keys >> np.uint64(29)
        keys += words[places_of_words] * np.uint64(factor)
    return keys
