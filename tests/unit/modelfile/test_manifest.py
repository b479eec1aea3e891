import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import DataError, FileRefusedError
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.task import Task
from modelwright.modelfile.manifest import KEYS, Manifest, documents, dumps, loads

MANIFEST = Manifest(
    version="0.1.0",
    task=Task("binary", (False, True)),
    target="churned",
    metric="roc_auc",
    budget={"seconds": 60.0, "trials": None},
    seed=3,
    data={"rows": 10},
    libraries={"numpy": "2.4"},
    created="2026-11-24T00:00:00+00:00",
)
SCHEMA = Schema((ColumnSchema("größe", "number", "number", low=float("inf")),))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=20,
)


def test_manifest_survives() -> None:
    assert Manifest.from_json(json.loads(dumps(MANIFEST.to_json(), "manifest"))) == MANIFEST


def test_documents_are_canonical_and_known() -> None:
    made = documents(MANIFEST, SCHEMA, leaderboard=[1, float("nan")], card=None)
    assert set(made) == {"modelwright.manifest", "modelwright.schema", "modelwright.leaderboard"}
    assert set(made) <= KEYS
    assert made["modelwright.leaderboard"] == "[1,null]"
    assert "größe" in made["modelwright.schema"]
    with pytest.raises(TypeError, match="no document 'plugin'"):
        documents(MANIFEST, SCHEMA, plugin={})


def test_text_that_is_no_unicode_is_named() -> None:
    with pytest.raises(DataError, match="lone surrogate"):
        documents(MANIFEST, Schema((ColumnSchema("a\ud800", "number", "number"),)))


@given(JSON)
def test_json_survives(value: object) -> None:
    assert loads(dumps(value, "card"), "card") == value


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", "Infinity", "1e999", "[" * 65 + "]" * 65, '{"a":1,"a":1}', "\ufeff1", "1 2"]
)
def test_unusable_json_is_refused(text: str) -> None:
    with pytest.raises(FileRefusedError, match="card"):
        loads(text, "card")


@pytest.mark.parametrize(
    "task",
    [
        {},
        {"name": "binary", "classes": ["a"]},
        {"name": "binary", "classes": ["a", "a"]},
        {"name": "multiclass", "classes": [1, "a", 2]},
        {"name": "multiclass", "classes": [[1], [2]]},
        {"name": "multiclass", "classes": [1.5, 2.5]},
        {"name": "regression", "classes": ["a"]},
        {"name": "poetry", "classes": []},
        {"name": ["binary"], "classes": ["a", "b"]},
        {"name": "binary", "classes": "ab"},
    ],
)
def test_task_that_makes_no_sense_is_refused(task: dict) -> None:
    with pytest.raises(FileRefusedError, match="task"):
        Manifest.from_json({**MANIFEST.to_json(), "task": task})
