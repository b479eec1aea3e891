"""Options that take several values in a row."""

import click
import pytest
from click.testing import CliRunner

from modelwright.cli.several import SeveralCommand, repeated


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


def test_a_command_of_several_targets_takes_them_in_a_row_and_the_table_before_or_after() -> None:
    @click.command(cls=SeveralCommand)
    @click.argument("data")
    @click.option("-t", "--target", multiple=True, required=True)
    @click.option("-q", is_flag=True)
    def several(data: str, *, target: tuple[str, ...], q: bool) -> None:
        click.echo(f"{data}: {' '.join(target)}{' q' if q else ''}")

    for words, read in (
        ("d.csv -t a b", "d.csv: a b"),
        ("-t a b -q d.csv", "d.csv: a b q"),
        ("--target a b d.csv", "d.csv: a b"),
        ("-q --target a d.csv", "d.csv: a q"),
        ("d.csv --target a -t b", "d.csv: a b"),
    ):
        assert CliRunner().invoke(several, words.split()).output.strip() == read
    assert "Missing argument 'DATA'" in CliRunner().invoke(several, ["-t", "a"]).output
