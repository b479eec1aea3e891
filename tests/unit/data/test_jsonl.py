"""JSON Lines as programs and people write them."""

from pathlib import Path

import pytest

from modelwright.core.errors import DataError
from modelwright.data import read, scan


@pytest.mark.parametrize("content", ['{"a": 1}\n{"a": 2, "b": 1, "a": 3}\n', '{"a": 1}\n{"a": 2, "b": NaN, "a": 3}\n'])
def test_a_key_that_stands_twice_is_an_error(tmp_path: Path, content: str) -> None:
    file = tmp_path / "t.jsonl"
    file.write_text(content)
    with pytest.raises(DataError, match=r"t\.jsonl, line 2: .*the key 'a' stands in one object twice"):
        read(file)
    with pytest.raises(DataError, match="the key 'a' stands in one object twice"):
        list(scan(file, read({"a": [1]}).schema))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_understood(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "t.jsonl"
    file.write_bytes('{"c": "Zürich", "n": 1}\n{"c": "Genève", "n": 2}\n'.encode(encoding))
    table = read(file)
    assert table.column("c").strings().tolist() == ["Zürich", "Genève"]
    assert any("cp1252" in note for note in table.notes) == (encoding == "cp1252")
    assert [s for p in scan(file, table.schema) for s in p.column("c").strings()] == ["Zürich", "Genève"]


def test_a_table_turned_on_its_side_says_how_to_write_it(tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    file.write_text('{"a": [1, 2], "b": [3, 4]}')
    with pytest.raises(DataError, match=r"t\.json: Column 'a', row 1: .*orient='records'"):
        read(file)


NESTED = """\
{"id": 1, "who": {"age": 31, "home": {"city": "Rome"}}, "tags": ["x", "y"]}
{"id": 2, "who": {"age": 45, "home": {"city": "Oslo"}}, "tags": []}
{"id": 3, "who": null, "tags": null}
"""


@pytest.mark.parametrize("name", ["t.jsonl", "t.json"])
def test_objects_are_spread_over_columns_alike_at_training_and_after(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text(NESTED if name == "t.jsonl" else "[" + ",".join(NESTED.splitlines()) + "]")
    table = read(file, kinds={"tags": "text"})
    assert table.names == ("id", "who.age", "who.home.city", "tags")
    assert table.column("who.age").missing.tolist() == [False, False, True]
    assert table.column("tags").strings().tolist() == ['["x", "y"]', "[]", ""]
    [again] = scan(file, table.schema)
    assert again.column("who.home.city").strings().tolist() == ["Rome", "Oslo", ""]
    assert again.column("tags").strings().tolist() == ['["x", "y"]', "[]", ""]


def test_a_list_is_named_with_its_remedies(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    file.write_text(NESTED)
    with pytest.raises(DataError, match=r"t\.jsonl: Column 'tags', row 1: .* a list.*--kind tags=text"):
        read(file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"a": {"b": 1}, "a.b": 2}\n{"c": 1}\n', "holds 'a.b' twice"),
        ('{"a": {"0": 1, "1": 2}, "b": {"0": 1, "1": 2}}', "orient='records'"),
        ("[" * 20_000 + "]" * 20_000, "not valid JSON"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "not valid JSON"),
    ],
)
def test_what_is_no_list_of_records_is_told(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "t.json"
    file.write_text(content)
    with pytest.raises(DataError, match=said):
        read(file)


def test_nested_records_of_python_are_spread_too() -> None:
    table = read([{"a": {"b": 1}, "c": 1}, {"a": {"d": 5}, "c": 2}])
    assert set(table.names) == {"a.b", "a.d", "c"}
    assert table.column("a.d").missing.tolist() == [True, False]
