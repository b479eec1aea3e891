import os
import signal
import threading

import pytest

from modelwright.progress.interrupt import interruptible


def test_the_first_signal_is_a_wish_and_the_second_aborts() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible() as interrupt:
        assert not interrupt.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupt.is_set()
        assert interrupt.signal == signal.SIGINT
        os.kill(os.getpid(), signal.SIGINT)


def test_termination_is_the_same_wish() -> None:
    with interruptible() as interrupt:
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupt.signal == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_afterwards_everything_is_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_a_handler_of_the_program_stays() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        with interruptible() as interrupt:
            os.kill(os.getpid(), signal.SIGINT)
            assert not interrupt.is_set()
        assert heard == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_are_left_alone() -> None:
    found: list[bool] = []

    def work() -> None:
        with interruptible() as interrupt:
            found.append(interrupt.is_set())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]
