"""Calls between our own processes: answers, errors, streams, and an end that leaves nobody waiting."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from vorzimmer.app.rpc import Params, RpcClient, RpcError, RpcServer
from vorzimmer.kernel.errors import VorzimmerError


async def _double(params: Params) -> Any:
    return params["n"] * 2


async def _refuse(params: Params) -> Any:
    raise VorzimmerError("not today")


async def _never(params: Params) -> Any:
    await asyncio.Event().wait()


async def _count(params: Params) -> AsyncIterator[Any]:
    for number in range(params["to"]):
        yield number


async def _served(folder: Path) -> tuple[RpcServer, RpcClient]:
    server = RpcServer({"double": _double, "refuse": _refuse, "never": _never}, {"count": _count})
    await server.start(folder / "x.sock")
    return server, await RpcClient.connect(folder / "x.sock")


def test_one_answer_or_error_per_request(tmp_path: Path) -> None:
    async def main() -> None:
        server, client = await _served(tmp_path)
        assert (tmp_path / "x.sock").stat().st_mode & 0o777 == 0o600
        assert await asyncio.gather(*(client.call("double", n=n) for n in range(50))) == [2 * n for n in range(50)]
        with pytest.raises(RpcError, match="not today"):
            await client.call("refuse")
        with pytest.raises(RpcError, match="unknown method"):
            await client.call("nothing")
        assert [value async for value in client.stream("count", to=3)] == [0, 1, 2]
        await client.close()
        await server.stop()

    asyncio.run(main())


def test_a_server_that_ends_answers_nobody_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    async def main() -> None:
        server, client = await _served(tmp_path)
        waiting = asyncio.ensure_future(client.call("never"))
        assert await client.call("double", n=1) == 2
        await server.stop()
        with pytest.raises(RpcError, match="gone"):
            await waiting
        with pytest.raises(RpcError, match="gone"):
            await client.call("double", n=1)
        await client.close()

    asyncio.run(main())


def test_nobody_there_is_an_error_and_not_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(RpcError, match="nobody answers"):
        asyncio.run(RpcClient.connect(tmp_path / "none.sock"))
