"""Tests of the memory of a server."""

import subprocess
import sys

import pytest

COUNT = """
import ctypes, sys, tempfile, threading
from modelwright.serve.memory import share_arenas

if sys.argv[1] == "shared" and not share_arenas():
    sys.exit(3)
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fdopen.restype = ctypes.c_void_p
all_here = threading.Barrier(6)

def allocate():
    all_here.wait()  # together, as threads that end leave their arena to the next
    libc.malloc(100_000)
    all_here.wait()

threads = [threading.Thread(target=allocate) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with tempfile.TemporaryFile("w+b") as file:
    stream = ctypes.c_void_p(libc.fdopen(file.fileno(), b"w"))
    libc.malloc_info(0, stream)
    libc.fflush(stream)
    file.seek(0)
    print(file.read().count(b"<heap nr="))
"""


def arenas(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", COUNT, how], capture_output=True, text=True, check=False)
    if done.returncode == 3:
        pytest.skip("this allocator has no arenas")
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc counts its arenas")
def test_threads_share_two_arenas():
    assert arenas("shared") <= 2 < arenas("own")
