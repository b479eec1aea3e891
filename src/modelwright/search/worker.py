"""A worker process: takes work on standard input, answers on standard output, one thread, no terminal.

Started as ``python -m modelwright.search.worker FOLDER``. Our own processes instead of multiprocessing: the user's
main module is never imported again, nothing is pickled, and a worker that hangs can be killed.
"""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

_SET_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux's prctl."""


def main() -> None:
    """Serve until standard input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    # Libraries that print must not print into the protocol.
    os.dup2(2, 1)
    _die_with_parent()
    threading.Thread(target=_leave_with_parent, args=(os.getppid(),), daemon=True).start()
    # Imported here, so that the thread above watches from the first moment.
    from modelwright.search.store import Store
    from modelwright.search.work import Bench

    bench = Bench(Store(Path(sys.argv[1])))
    while (work := receive(sys.stdin.buffer)) is not None:
        send(answers, bench.perform(work))  # type: ignore[arg-type]  # the parent sends nothing else


def send(stream: BinaryIO, value: object) -> None:
    """Write a packed value after its length."""
    from modelwright.core.pack import pack

    data = pack(value)
    stream.write(len(data).to_bytes(8, "little") + data)
    stream.flush()


def receive(stream: BinaryIO) -> object | None:
    """Read a packed value, or None at the end of the stream."""
    from modelwright.core.pack import unpack

    head = stream.read(8)
    if len(head) < 8:
        return None
    data = stream.read(size := int.from_bytes(head, "little"))
    value: object = unpack(data) if len(data) == size else None
    return value


def _die_with_parent() -> None:
    """Ask Linux for the end of this process at that of its parent: a fit in native code may hold up every thread."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)


def _leave_with_parent(parent: int) -> None:
    """End this process when its parent is gone, even in the middle of a fit."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    main()
