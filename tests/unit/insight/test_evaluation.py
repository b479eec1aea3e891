import json
import math
import re

import pytest

from modelwright.core.errors import DataError
from modelwright.core.task import Task
from modelwright.insight.evaluation import Evaluation, Measure, number

AUC = Measure("roc_auc", "ROC AUC", 0.84, 0.82, 0.8612345, True)
LOSS = Measure("log_loss", "Log loss", math.nan, math.nan, math.nan, False)
FOUND = Evaluation(
    task=Task("binary", ("No", "<b>Yes</b>")),
    source="test",
    n_rows=1234,
    metric="roc_auc",
    metrics=(AUC, LOSS),
    confusion=((1000.0, 34.0), (100.0, 100.0)),
    notes=("Rows without a value in 'y' were left out: 3 & more.",),
)


def test_comes_back_from_json() -> None:
    text = json.dumps(FOUND.to_json(), allow_nan=False)
    assert json.loads(text)["schema"] == "modelwright/evaluation/1"
    back = Evaluation.from_json(json.loads(text))
    assert back.to_json() == FOUND.to_json()
    assert back.metrics[0] == AUC
    assert math.isnan(back.metrics[1].value)
    assert (back.task, back.confusion, back.notes) == (FOUND.task, FOUND.confusion, FOUND.notes)


@pytest.mark.parametrize(
    "change", [{"schema": "modelwright/evaluation/2"}, {"metrics": [{"name": "x"}]}, {"source": "hearsay"}, {"task": 3}]
)
def test_a_foreign_document_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(DataError, match=r"evaluation"):
        Evaluation.from_json({**FOUND.to_json(), **change})
    with pytest.raises(DataError):
        Evaluation.from_json({})


def test_measures_are_found_by_name() -> None:
    assert FOUND.main == AUC
    assert FOUND.measure("log_loss") is LOSS
    with pytest.raises(KeyError):
        FOUND.measure("mcc")


def test_the_text_is_an_aligned_table() -> None:
    lines = str(FOUND).splitlines()
    assert lines == [
        "ROC AUC 0.8400 on 1,234 rows",
        "",
        "           value     95 % interval",
        "ROC AUC   0.8400  0.8200 to 0.8612  higher is better",
        "Log loss       –                 –  lower is better",
        "",
        "Rows: the truth. Columns: what was predicted.",
        "              No  <b>Yes</b>",
        "No          1000          34",
        "<b>Yes</b>   100         100",
        "",
        "Rows without a value in 'y' were left out: 3 & more.",
    ]
    assert repr(FOUND) == "<Evaluation ROC AUC 0.8400 (0.8200 to 0.8612), 1,234 rows, test>"


def test_the_notebook_table_is_escaped_and_has_no_script() -> None:
    bundle = FOUND._repr_mimebundle_(include=None)
    page = bundle["text/html"]
    assert bundle["text/plain"] == str(FOUND)
    assert "<b>" not in page and "&lt;b&gt;Yes&lt;/b&gt;" in page and "3 &amp; more" in page
    assert "script" not in page
    assert page.count("<table>") == page.count("</table>") == 2
    assert len(re.findall('<th scope="row"', page)) == 4


def test_control_characters_of_a_class_do_not_reach_the_terminal() -> None:
    spoilt = Evaluation(Task("binary", ("a\x1b[31m\n", "b" * 50)), "test", 2, "roc_auc", (AUC,), ((1, 0), (0, 1)))
    assert "\x1b" not in str(spoilt)
    assert "b" * 17 not in str(spoilt)


def test_many_classes_are_kept_but_not_printed() -> None:
    classes = tuple(range(11))
    wide = Evaluation(Task("multiclass", classes), "out-of-fold", 9, "roc_auc", (AUC,), ((1.0,) * 11,) * 11)
    assert "Columns" not in str(wide)
    assert "out of fold" in str(wide)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0000"),
        (0.5, "0.5000"),
        (-12.3456, "-12.3456"),
        (1e-5, "1e-05"),
        (123456.0, "123,456"),
        (math.inf, "–"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text
