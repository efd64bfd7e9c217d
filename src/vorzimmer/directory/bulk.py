"""Building large books quickly.

This module must never be used for a single change: that is cheap by itself.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting_collector() -> Iterator[None]:
    """Nothing that a large book consists of is ever garbage while it is built, and looking for some again and again
    took three quarters of the time for 100,000 users."""
    resting = not gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not resting:
            gc.enable()
