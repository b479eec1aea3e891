import json
from pathlib import Path

import pytest

from modelwright.cli.program import Program

DATA = "x,later,y\n" + "\n".join(f"{i * 37 % 101},{i % 2},{'yes' if i % 2 else 'no'}" for i in range(200)) + "\n"


@pytest.fixture
def data(tmp_path: Path) -> str:
    file = tmp_path / "data.csv"
    file.write_text(DATA, encoding="utf-8")
    return str(file)


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as ended:
        Program("modelwright").main(["check", *args])
    return int(ended.value.code or 0)


def test_findings_are_printed(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(data, "--target", "y") == 0
    text = capsys.readouterr().out
    assert "Column 'later' is the answer in other words" in text and "--drop later" in text


def test_findings_are_one_json_document(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(data, "--target", "y", "--test", data, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert {"encoding", "overlap"} <= {f["name"] for f in document["findings"]}


def test_a_grave_finding_can_end_with_a_code(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(data, "--target", "y", "--fail-on", "stop") == 4
    assert "as grave as 'stop'" in capsys.readouterr().err
    assert run(data, "--target", "y", "--drop", "later", "--fail-on", "stop") == 0
