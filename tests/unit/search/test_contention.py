"""How busy others keep the machine."""

from pathlib import Path

import pytest

from modelwright.search.contention import MOST_CONTENTION, Contention, waited
from modelwright.search.work import Outcome


def test_contention_is_told_by_the_processor_time_of_finished_work() -> None:
    found = Contention(line=lambda: None)
    assert found.factor == 1.0
    found.add(Outcome("A", 0, 0.9, processor=0.3))
    assert found.factor == 1.0, "a third of a second tells nothing"
    found.add(Outcome("A", 1, 2.1, processor=0.7))
    assert found.factor == pytest.approx(3.0)
    found.add(Outcome("B", 0, 100.0))
    assert found.factor == pytest.approx(3.0), "work of an earlier life was not measured"
    found.add(Outcome("B", 1, 500.0, processor=1.0))
    assert found.factor == MOST_CONTENTION
    assert found.times == pytest.approx(503.0 / 2.0)


def test_a_thread_that_stands_in_line_knows_before_any_work_is_finished() -> None:
    moments = iter([(5.0, 7.0), (5.04, 17.0), (5.1, 8.9)])
    found = Contention(line=lambda: next(moments))
    assert found.times == 1.0, "so little says nothing"
    assert found.times == pytest.approx(1.0 + 1.9 / 0.1)


def test_the_line_is_read_where_the_system_counts_it(tmp_path: Path) -> None:
    (tmp_path / "schedstat").write_text("2500000000 500000000 12\n")
    assert waited(tmp_path / "schedstat") == (2.5, 0.5)
    assert waited(tmp_path / "absent") is None
    (tmp_path / "schedstat").write_text("\n")
    assert waited(tmp_path / "schedstat") is None
