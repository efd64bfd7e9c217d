"""Works that begin at once and are waited for without tasks."""

import asyncio

import pytest

from vorzimmer.media.eager import all_at_once
from vorzimmer.testing.loop import run


class Said:
    """What works have done, in order."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.gates: dict[str, asyncio.Future[None]] = {}

    async def work(self, name: str, *, waits: bool = True, error: Exception | None = None) -> None:
        self.words.append(f"{name} begins")
        try:
            if waits:
                self.gates[name] = asyncio.get_running_loop().create_future()
                await self.gates[name]
            if error is not None:
                raise error
            self.words.append(f"{name} ends")
        finally:
            self.words.append(f"{name} is left")


def test_all_begin_before_any_is_waited_for_whatever_is_answered_first() -> None:
    async def main() -> list[str]:
        said = Said()
        task = asyncio.ensure_future(all_at_once(said.work("a"), said.work("b", waits=False), said.work("c")))
        await asyncio.sleep(0)  # noqa: TID251 -- one turn of the loop
        assert said.words == ["a begins", "b begins", "b ends", "b is left", "c begins"]
        assert len(asyncio.all_tasks()) == 2
        said.gates["c"].set_result(None)
        said.gates["a"].set_result(None)
        await task
        return said.words[5:]

    assert run(main()) == ["a ends", "a is left", "c ends", "c is left"]


def test_all_are_run_and_the_first_ones_exception_is_raised() -> None:
    async def main() -> list[str]:
        said = Said()
        works = [
            said.work("a", error=ValueError("a")),
            said.work("b", waits=False, error=ValueError("b")),
            said.work("c"),
        ]
        task = asyncio.ensure_future(all_at_once(*works))
        await asyncio.sleep(0)  # noqa: TID251 -- one turn of the loop
        for gate in said.gates.values():
            gate.set_result(None)
        with pytest.raises(ValueError, match="a"):
            await task
        return said.words

    assert "c ends" in run(main())


def test_a_cancellation_leaves_none_half_done() -> None:
    async def main() -> list[str]:
        said = Said()
        task = asyncio.ensure_future(all_at_once(said.work("a"), said.work("b")))
        await asyncio.sleep(0)  # noqa: TID251 -- one turn of the loop
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return said.words[2:]

    assert run(main()) == ["a is left", "b is left"]
