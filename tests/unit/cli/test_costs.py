"""Costs as they are typed and as files hold them."""

from pathlib import Path

import pytest

from modelwright.cli.costs import parsed_costs
from modelwright.core.errors import DataError, SpecError


def test_options_may_hold_one_or_several_costs() -> None:
    assert parsed_costs(("fp=1,fn=5",)) == {"fp": 1.0, "fn": 5.0}
    assert parsed_costs(("a>b=5", "b>a = 2e-1")) == {"a>b": 5.0, "b>a": 0.2}
    assert parsed_costs(("x, y>z=w=3",)) == {"x, y>z=w": 3.0}
    assert parsed_costs(()) == {}


def test_a_matrix_is_read_from_a_file(tmp_path: Path) -> None:
    table = tmp_path / "costs.csv"
    table.write_text('meant,a,"b, c"\na,,5\n\n"b, c",2.5,0\n')
    nested = tmp_path / "costs.json"
    nested.write_text('{"a": {"b, c": 5}, "b, c": {"a": 2.5, "b, c": 0}}')
    assert parsed_costs((str(table),)) == {"a>b, c": 5.0, "b, c>a": 2.5, "b, c>b, c": 0.0}
    assert parsed_costs((str(nested),)) == parsed_costs((str(table),))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("costs.csv", "meant,a,b\na,0\n", "Line 2 .* has 2 cells; the first has 3"),
        ("costs.csv", "meant,a,b\na,0,much\n", "line 2, column 'b': 'much' is no number"),
        ("costs.csv", "", "holds no costs"),
        ("costs.json", "[1, 2]", "must be of the form"),
        ("costs.json", "{", "no JSON"),
        ("costs.json", '{"a": {"b": null}}', "a, b: 'None' is no number"),
    ],
)
def test_a_file_that_is_no_matrix_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SpecError, match=message):
        parsed_costs((str(tmp_path / name),))


def test_an_absent_file_or_a_text_without_a_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no file"):
        parsed_costs((str(tmp_path / "none.csv"),))
    with pytest.raises(SpecError, match="is no number"):
        parsed_costs(("fp=much",))
    with pytest.raises(SpecError, match="not of the form"):
        parsed_costs(("dear",))


def test_a_cost_that_is_not_a_number_is_told_with_its_option() -> None:
    with pytest.raises(SpecError, match="--cost 'fp=a': 'a' is no number"):
        parsed_costs(("fp=a",))
