"""The store contract over memory, and its failures on demand."""

from collections.abc import Awaitable, Callable

import pytest
from tests.store_contract import CONTRACT, commit, put
from tests.store_contract_signin import SIGN_IN

from vorzimmer.store.memory import MemoryStore
from vorzimmer.store.ports import Store, StoreFailedError
from vorzimmer.testing.loop import run


@pytest.mark.parametrize("clause", [*CONTRACT, *SIGN_IN], ids=lambda clause: clause.__name__)
def test_contract(clause: Callable[[Store], Awaitable[None]]) -> None:
    async def main() -> None:
        await clause(MemoryStore())

    run(main())


def test_it_fails_where_it_is_told_and_writes_nothing() -> None:
    async def main() -> None:
        asked: list[str] = []
        failing = {"companies.commit", "live.settle"}

        def fails(operation: str) -> bool:
            asked.append(operation)
            return operation in failing

        store = MemoryStore(fails=fails)
        with pytest.raises(StoreFailedError):
            await store.companies.commit(commit(0, put("user", "eva")))
        with pytest.raises(StoreFailedError):
            await store.live.settle({"c": b"state"}, [])
        failing.clear()
        assert await store.companies.companies() == ()
        assert await store.live.load("call") == {}
        assert asked == ["companies.commit", "live.settle", "companies.companies", "live.load"]

    run(main())
