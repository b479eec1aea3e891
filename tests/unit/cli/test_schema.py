import dataclasses
import json
from pathlib import Path

import pytest

from modelwright.cli.schema import parsed_kinds, read_schema_file, schema_text
from modelwright.core.errors import DataError, SpecError
from modelwright.core.schema import ColumnSchema, Schema

SCHEMA = Schema(
    (
        ColumnSchema("zip", "category", "string", "few texts", levels=("01234", "\x1bx"), n_distinct=2),
        ColumnSchema("age", "number", "number", "numbers", low=1.0, high=90.5, missing_share=0.25, n_distinct=80),
        ColumnSchema("day", "date", "date", "dates", low=0.0, high=86_400_000_000.0, n_distinct=2),
    )
)


def test_kinds_are_split_at_the_last_equals_sign() -> None:
    assert parsed_kinds(("a=number", "x=y=date")) == {"a": "number", "x=y": "date"}


@pytest.mark.parametrize("option", ["a", "=number", "a="])
def test_a_kind_without_a_column_or_without_a_kind_is_refused(option: str) -> None:
    with pytest.raises(SpecError, match="COL=KIND"):
        parsed_kinds((option,))


def test_the_table_shows_kind_values_and_reason() -> None:
    lines = schema_text(SCHEMA).splitlines()
    assert lines[2].split() == ["age", "number", "25.0%", "80", "1", "to", "90.5", "numbers"]
    assert "1970-01-01 to 1970-01-02" in lines[3]
    assert "\x1b" not in lines[1]


@pytest.mark.parametrize(
    ("name", "kind", "dtype"),
    [
        ("zip", "number", "number"),
        ("zip", "date", "date"),
        ("age", "text", "string"),
        ("age", "category", "number"),
        ("day", "category", "string"),
        ("age", "identifier", "number"),
    ],
)
def test_storage_follows_a_kind_that_was_edited(tmp_path: Path, name: str, kind: str, dtype: str) -> None:
    document = SCHEMA.to_json()
    next(c for c in document["columns"] if c["name"] == name)["kind"] = kind
    place = tmp_path / "s.json"
    place.write_text(json.dumps(document))
    assert read_schema_file(str(place), {}).column(name).dtype == dtype


def test_kinds_of_the_command_line_stand_above_the_file(tmp_path: Path) -> None:
    place = tmp_path / "s.json"
    place.write_text(json.dumps(SCHEMA.to_json()))
    assert read_schema_file(str(place), {"zip": "text"}).column("zip").kind == "text"
    assert read_schema_file(str(place), {}) == Schema(tuple(dataclasses.replace(c) for c in SCHEMA))


@pytest.mark.parametrize(
    ("content", "said"), [("{", "cannot be read"), ("{}", "schema"), (None, "There is no schema file")]
)
def test_a_file_that_is_no_schema_is_named(tmp_path: Path, content: str | None, said: str) -> None:
    place = tmp_path / "s.json"
    if content is not None:
        place.write_text(content)
    with pytest.raises(DataError, match=said):
        read_schema_file(str(place), {})
