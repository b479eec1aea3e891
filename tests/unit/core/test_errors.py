"""Sentences of errors and results."""

from modelwright.core.errors import counted


def test_one_thing_is_not_told_as_many() -> None:
    told = [counted(n, noun) for n, noun in ((1, "row"), (0, "row"), (2000, "test row"), (3, "class"), (2, "leaf"))]
    assert told == ["1 row", "0 rows", "2,000 test rows", "3 classes", "2 leaves"]
