import json

import pytest

from modelwright.core.errors import DataError
from modelwright.suspicion.finding import Finding, Findings

ONE = Finding(
    "leak", "stop", ("a<b>", "c"), "Column 'a<b>' tells.", "all rows", "AUC 0.99.", 0.99, "warned", "--drop a<b>"
)
ALL = Findings("y", 100, 100, (ONE,))


def test_findings_survive_json() -> None:
    assert Findings.from_json(json.loads(json.dumps(ALL.to_json()))) == ALL


def test_what_is_no_finding_is_refused() -> None:
    with pytest.raises(DataError, match="cannot be 'fatal'"):
        Finding.from_json({**ONE.to_json(), "severity": "fatal"})
    with pytest.raises(DataError, match="cannot be understood"):
        Finding.from_json({"columns": []})
    with pytest.raises(DataError, match="not findings of the form"):
        Findings.from_json({**ALL.to_json(), "schema": "x"})
    with pytest.raises(DataError, match="cannot be understood"):
        Findings.from_json({})


def test_findings_read_as_text_and_show_as_a_table_without_foreign_markup() -> None:
    shown = ALL._repr_mimebundle_()
    assert "stop: Column 'a<b>' tells." in shown["text/plain"] and "To override: --drop a<b>" in shown["text/plain"]
    assert "a&lt;b&gt;" in shown["text/html"] and "<b>" not in shown["text/html"]
    assert "nothing suspicious" in Findings("y", 5, 5, ())._repr_mimebundle_()["text/html"]
    assert repr(ALL) == "<Findings Predicting 'y' from 100 rows: 1 stop.>"


def test_findings_are_a_list_that_can_be_asked() -> None:
    assert ALL.worst == "stop" and len(ALL) == 1 and list(ALL) == [ONE]
    assert ALL.about("c") == (ONE,) and ALL.about("d") == ()
    assert Findings("y", 5, 5, ()).worst is None
