import json
from dataclasses import dataclass

import numpy as np

from modelwright.core.json_value import json_value


@dataclass(frozen=True)
class Pair:
    left: float
    right: tuple[int, ...]


def test_everything_of_ours_becomes_strict_json() -> None:
    value = {1: float("inf"), "array": np.array([[1.0, np.nan]]), "one": np.int64(3), "pair": Pair(0.5, (1, 2))}
    made = json_value(value)
    assert json.loads(json.dumps(made, allow_nan=False)) == {
        "1": None,
        "array": [[1.0, None]],
        "one": 3,
        "pair": {"left": 0.5, "right": [1, 2]},
    }


def test_what_json_cannot_say_is_left_to_the_writer() -> None:
    mark = object()
    assert json_value([mark, True, None, "text"]) == [mark, True, None, "text"]
