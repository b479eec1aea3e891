"""Files of several targets on the command line."""

from pathlib import Path

from modelwright.cli.targets import beside_targets


def test_targets_of_like_names_have_files_of_their_own() -> None:
    found = beside_targets(Path("shop.html"), ["a b", "a_b", "price"])
    assert found["price"] == Path("shop.price.html")
    assert len(set(found.values())) == 3
