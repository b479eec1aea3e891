"""The wish to stop: the first signal ends a fit with the best so far, the second aborts it."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, final


@final
class Interrupt:
    """Whether, and by which signal, the user asked to stop.

    A plain attribute instead of a `threading.Event`: a signal handler that takes a lock can meet its own thread
    holding it.
    """

    __slots__ = ("signal",)

    def __init__(self) -> None:
        self.signal: int | None = None

    def is_set(self) -> bool:
        """Return whether the user asked to stop."""
        return self.signal is not None


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Within the block, let the first SIGINT or SIGTERM set the interrupt; the second one acts as before the block.

    A handler of the program's own stays untouched, and so does everything outside the main thread, where Python
    allows no handlers.
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    usual: dict[int, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    replaced = {number: handler for number, handler in usual.items() if signal.getsignal(number) == handler}
    try:
        for number in replaced:
            signal.signal(number, _asking(interrupt, replaced))
        yield interrupt
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)


def _asking(interrupt: Interrupt, replaced: dict[int, Any]) -> Callable[[int, FrameType | None], None]:
    def ask(number: int, _: FrameType | None) -> None:
        interrupt.signal = number
        for each, handler in replaced.items():
            signal.signal(each, handler)

    return ask
