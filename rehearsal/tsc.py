"""The frequency of this machine's time stamp counter, which a machine in software emulation reads as its own."""

import ctypes
import mmap
import platform
import time
from collections.abc import Callable
from functools import cache

# rdtsc; shl rdx, 32; or rax, rdx; ret
_RDTSC = bytes.fromhex("0f31 48c1e220 4809d0 c3")
_MEASURED_S = 0.2
_TRIES = 50


@cache
def khz() -> int | None:
    """None on a machine that has no such counter. Takes a fifth of a second, once."""
    if platform.machine() != "x86_64":
        return None
    code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(_RDTSC)
    rdtsc = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    began = _both(rdtsc)
    time.sleep(_MEASURED_S)
    ended = _both(rdtsc)
    return round((ended[1] - began[1]) * 1e6 / (ended[0] - began[0]))


def _both(rdtsc: Callable[[], int]) -> tuple[int, int]:
    """The clock in ns and the counter, at the same time: of several readings the one that took least."""
    tries = [(time.monotonic_ns(), rdtsc(), time.monotonic_ns()) for _ in range(_TRIES)]
    before, ticks, after = min(tries, key=lambda one: one[2] - one[0])
    return (before + after) // 2, ticks
