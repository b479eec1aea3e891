"""Worker processes: real ones, with learners that crash, hang, print and raise."""

import os
import re
import signal
import subprocess
import sys
import time
from math import inf
from pathlib import Path

import numpy as np
import pytest

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.core.task import Target, Task
from modelwright.learners.constant import Constant
from modelwright.search.crew import Alone, Crew, Processes
from modelwright.search.folds import plan_folds
from modelwright.search.memory import Memory, resident
from modelwright.search.store import ALL_ROWS, Brief, Store, product_name
from modelwright.search.work import Outcome, Work

FAULTS = """
import os, time
from modelwright.learners import constant
real = constant.Constant.fit
def fit(self, train, valid, seed, deadline):
    fault = os.environ.get("FAULT", "")
    if fault == "crash":
        os.kill(os.getpid(), 11)
    if fault == "hang":
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(3600)
    if fault == "print":
        print("a library that talks", flush=True)
        os.write(1, b"and one that writes")
    if fault == "bomb":
        held = []
        for _ in range(400):
            held.append(b"x" * 10_000_000)
            time.sleep(0.005)
    if fault == "raise":
        raise RuntimeError("out of luck")
    return real(self, train, valid, seed, deadline)
constant.Constant.fit = fit
"""


@pytest.fixture
def store(tmp_path: Path, rng: np.random.Generator) -> Store:
    features = Table((Column(ColumnSchema("x", "number", "number"), rng.normal(size=60)),), 60)
    target = Target(Task("regression"), rng.normal(size=60))
    held = Store(tmp_path)
    held.put("brief", Brief(features, target, plan_folds(target, 60, rng), (features,), 5, 0))
    return held


@pytest.fixture
def fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Make every worker of this test run with a learner that misbehaves as FAULT says."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(FAULTS)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]))
    return monkeypatch


def finish(crew: Crew, work: Work, seconds: float = 60.0) -> Outcome:
    crew.start(work)
    outcome = crew.wait(seconds)
    assert outcome is not None
    return outcome


@pytest.mark.parametrize("alone", [True, False])
def test_work_leaves_its_product_in_the_store(store: Store, alone: bool) -> None:
    with Alone(store) if alone else Processes(store, 1) as crew:
        outcome = finish(crew, Work("C", Constant(), 0))
        assert outcome.failure == ""
        assert outcome.processor > 0
        assert finish(crew, Work("C", Constant(), ALL_ROWS)).failure == ""
    product = store.product("C", 0)
    assert product.margins is not None
    assert len(product.margins) == len(store.brief().plan.folds[0].valid)
    assert len(product.proof) == 5
    assert len(store.product("C", ALL_ROWS).proof) == 60
    assert store.view("tree", 0).columns == ("x",)


def test_a_worker_that_crashes_costs_only_its_own_work(store: Store, fault: pytest.MonkeyPatch) -> None:
    fault.setenv("FAULT", "crash")
    with Processes(store, 1) as crew:
        fault.setenv("FAULT", "")  # the worker hired in its place is healthy
        outcome = finish(crew, Work("C", Constant(), 0))
        assert "ended with code -11" in outcome.failure
        assert crew.idle == 1
        assert finish(crew, Work("C", Constant(), 1)).failure == ""


def test_a_worker_that_hangs_is_stopped_and_replaced(store: Store, fault: pytest.MonkeyPatch) -> None:
    fault.setenv("FAULT", "hang")
    with Processes(store, 1) as crew:
        fault.setenv("FAULT", "")
        outcome = finish(crew, Work("C", Constant(), 0, seconds=0.1))
        assert "ran past its time" in outcome.failure
        assert finish(crew, Work("C", Constant(), 1)).failure == ""


def test_a_library_that_prints_does_not_break_the_protocol(store: Store, fault: pytest.MonkeyPatch) -> None:
    fault.setenv("FAULT", "print")
    with Processes(store, 1) as crew:
        assert finish(crew, Work("C", Constant(), 0)).failure == ""
    assert "a library that talks" in (store.folder / "workers.log").read_text()


def test_an_exception_is_an_outcome(store: Store, fault: pytest.MonkeyPatch) -> None:
    fault.setenv("FAULT", "raise")
    with Processes(store, 1) as crew:
        assert finish(crew, Work("C", Constant(), 0)).failure == "RuntimeError: out of luck"


@pytest.mark.skipif(resident(os.getpid()) is None, reason="memory of processes is seen on Linux")
def test_a_worker_that_swells_is_ended_and_the_run_goes_on(store: Store, fault: pytest.MonkeyPatch) -> None:
    fault.setenv("FAULT", "bomb")
    memory = Memory((resident(os.getpid()) or 0) + 900 * 10**6)
    with Processes(store, 1, memory) as crew:
        fault.setenv("FAULT", "")
        outcome = finish(crew, Work("C", Constant(), 0))
        assert re.match(r"it needed more than \d+ MB of memory", outcome.failure)
        assert finish(crew, Work("C", Constant(), 1)).failure == ""


def test_an_idle_worker_that_ends_is_replaced(store: Store) -> None:
    with Processes(store, 1) as crew:
        assert finish(crew, Work("C", Constant(), 0)).failure == ""
        os.kill(crew._hands[0].process.pid, signal.SIGTERM)
        assert crew.wait(1.0) is None
        assert finish(crew, Work("C", Constant(), 1)).failure == ""


def test_performing_ends_when_there_is_no_time_left(store: Store, fault: pytest.MonkeyPatch) -> None:
    fault.setenv("FAULT", "hang")
    looks = iter([5.0, 5.0, 5.0])
    with Processes(store, 1) as crew:
        works = [Work("C", Constant(), 0), Work("C", Constant(), 1)]
        assert crew.perform(works, lambda: next(looks, 0.0)) == []
        assert crew.idle == 1


@pytest.mark.parametrize("alone", [True, False])
def test_performing_returns_every_outcome(store: Store, alone: bool) -> None:
    with Alone(store) if alone else Processes(store, 2) as crew:
        outcomes = crew.perform([Work("C", Constant(), k) for k in range(3)], lambda: inf)
    assert sorted(o.fold for o in outcomes) == [0, 1, 2]
    assert all(store.has(product_name("C", k)) for k in range(3))


def test_dropped_work_never_reports(store: Store, fault: pytest.MonkeyPatch) -> None:
    fault.setenv("FAULT", "hang")
    with Processes(store, 1) as crew:
        crew.start(Work("C", Constant(), 0, inf))
        assert crew.idle == 0
        fault.setenv("FAULT", "")
        crew.drop()
        assert crew.idle == 1
        assert finish(crew, Work("C", Constant(), 1)).fold == 1


def test_no_process_is_left_behind(store: Store) -> None:
    with Processes(store, 2) as crew:
        finish(crew, Work("C", Constant(), 0))
        pids = [hand.process.pid for hand in crew._hands]
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are of POSIX systems")
def test_workers_end_when_their_parent_is_killed(store: Store) -> None:
    code = (
        "import sys, time; from pathlib import Path; from modelwright.search.crew import Processes;"
        "from modelwright.search.store import Store; crew = Processes(Store(Path(sys.argv[1])), 1);"
        "print(crew._hands[0].process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(store.folder)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout as stdout:
        worker = int(stdout.readline())
    time.sleep(0.5)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    for _ in range(100):
        time.sleep(0.1)
        if not Path(f"/proc/{worker}").exists() or " Z " in Path(f"/proc/{worker}/stat").read_text():
            return
    raise AssertionError("the worker outlived its parent by 10 seconds")
