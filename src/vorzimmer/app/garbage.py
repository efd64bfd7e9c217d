"""What a process has loaded stays: the garbage collector need not look at it again.

A book of 100,000 users is millions of objects, and a full collection among them stops everything for seconds, calls
included (docs/performance.md). This module must never be called while a lot of what is there will go away.
"""

import gc

FIRST, SECOND, THIRD = 10_000, 20, 50
"""What a call makes lives for seconds: looking after every 700 new objects, as Python does, finds nothing."""


def settle() -> None:
    """Call once after loading, before serving."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(FIRST, SECOND, THIRD)
