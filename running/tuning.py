"""What a worker process sets once, before its first request, because Python's and glibc's defaults suit scripts.

Measured with `python -m benchmarks.over_http`; what each is worth stands in `benchmarks/README.md`.
"""

import ctypes
import gc
from typing import Final

_YOUNG: Final = 20_000  # allocations between two looks at the youngest objects; Python's own is 700
_M_TRIM_THRESHOLD: Final = -1  # malloc.h
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_MALLOC: Final = {
    _M_ARENA_MAX: 1,  # requests take turns; what one batch has used serves the next
    _M_TRIM_THRESHOLD: 16 * 1024 * 1024,  # do not return, and fault in again, the memory of every answer
    _M_MMAP_THRESHOLD: 4 * 1024 * 1024,
}


def tune() -> None:
    """Set them. Where the C library has no `mallopt`, memory stays as it is."""
    gc.collect()
    gc.freeze()  # what the application is made of lives as long as the process: no use in looking at it again
    gc.set_threshold(_YOUNG, 20, 50)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in _MALLOC.items():
            mallopt(parameter, value)
