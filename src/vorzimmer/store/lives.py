"""How often this server has been started: numbers that must never go back over a restart are built on it.

This module must never give the same life twice; a start that cannot write it down does not take place.
"""

from vorzimmer.store.ports import LiveRepository

KIND, KEY = "life", "control"


async def next_life(live: LiveRepository) -> int:
    """The number of this life, 1 for the first; written down before it is given. Raises StoreFailedError."""
    saved = (await live.load(KIND)).get(KEY, b"0")
    life = int(saved) + 1
    await live.save(KIND, {KEY: str(life).encode()})
    return life
