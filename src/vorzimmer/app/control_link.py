"""Web's line to control, which may restart at any time: connected anew whenever somebody asks.

This module must never hide that control is away: that is an RpcError for whoever asked.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from vorzimmer.app.rpc import RpcClient


class ControlLink:
    """One connection, made when needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._client: RpcClient | None = None
        self._turn = asyncio.Lock()

    async def call(self, method: str, **params: Any) -> Any:
        """Ask control; raises RpcError."""
        client = await self._connected()
        return await client.call(method, **params)

    async def stream(self, method: str, **params: Any) -> AsyncIterator[Any]:
        """Follow control; raises RpcError when it goes away."""
        client = await self._connected()
        async for value in client.stream(method, **params):
            yield value

    async def _connected(self) -> RpcClient:
        async with self._turn:
            if self._client is None or self._client.closed:
                self._client = await RpcClient.connect(self._path)
            return self._client

    async def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            await self._client.close()
