from pathlib import Path

import pytest

from modelwright.core.errors import OutputError
from modelwright.search.journal import Journal


def test_lines_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    assert journal.entries() == []
    journal.write("begin", at=0.0)
    Journal(tmp_path / "j").write("work", trial="東京")
    assert journal.entries() == [{"what": "begin", "at": 0.0}, {"what": "work", "trial": "東京"}]


@pytest.mark.parametrize("torn", [b'{"what": "wo', b"\x00\x00", b"17\n", b"\xff\xfe\n", b'{"at": 1}\n'])
def test_what_is_torn_or_foreign_is_passed_over(tmp_path: Path, torn: bytes) -> None:
    journal = Journal(tmp_path / "j")
    journal.write("begin")
    with (tmp_path / "j").open("ab") as stream:
        stream.write(torn)
    assert [e["what"] for e in journal.entries()] == ["begin"]
    Journal(tmp_path / "j").write("done")
    assert [e["what"] for e in journal.entries()] == ["begin", "done"]


def test_a_journal_that_cannot_be_written_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no folder"):
        Journal(tmp_path / "none" / "j").write("begin")
