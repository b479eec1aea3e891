"""Options that take several values in a row."""

import pytest

from modelwright.cli.several import repeated


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("m.onnx d.csv --sensitive sex race", "m.onnx d.csv --sensitive sex --sensitive race"),
        ("d.csv --sensitive sex race -t y --json", "d.csv --sensitive sex --sensitive race -t y --json"),
        ("d.csv --sensitive sex --sensitive race", "d.csv --sensitive sex --sensitive race"),
        ("d.csv --sensitive sex -- -odd other", "d.csv --sensitive sex -- -odd other"),
        ("d.csv --target y z", "d.csv --target y z"),
        ("d.csv --sensitive=sex race", "d.csv --sensitive=sex race"),
    ],
)
def test_values_up_to_the_next_option_belong_to_it(given: str, read: str) -> None:
    assert repeated(given.split()) == read.split()
