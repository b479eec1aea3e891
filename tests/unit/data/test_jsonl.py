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
