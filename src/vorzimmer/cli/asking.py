"""Asking the office: the running server's over its socket, or, where none runs, the same functions in this process.

This module must never write to a state directory that a server has locked.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from vorzimmer.app.clock import LoopClock, SystemChance
from vorzimmer.app.layout import Layout
from vorzimmer.app.office import Office
from vorzimmer.app.office_rpc import methods
from vorzimmer.app.options import ServeOptions
from vorzimmer.app.rpc import Method, RpcClient, RpcError
from vorzimmer.app.storage import open_storage
from vorzimmer.kernel.errors import StartError
from vorzimmer.store.ports import Store

MAKES_STATE = "apply"
"""The one question that may make a state directory; all others would only hide a mistyped one."""


async def ask(state: str, method: str, **params: Any) -> Any:
    """One question; raises RpcError from a running server, VorzimmerError otherwise."""
    layout = Layout(Path(state))
    try:
        client = await RpcClient.connect(layout.state.admin_socket)
    except RpcError:
        return await _here(layout, method, params)
    try:
        return await client.call(method, **params)
    finally:
        await client.close()


async def follow(state: str, method: str, **params: Any) -> AsyncIterator[Any]:
    """What a running server tells; raises StartError without one, RpcError when it ends."""
    try:
        client = await RpcClient.connect(Layout(Path(state)).state.admin_socket)
    except RpcError:
        raise StartError(f"no server runs on the state directory {state}") from None
    try:
        async for value in client.stream(method, **params):
            yield value
    finally:
        await client.close()


async def _here(layout: Layout, method: str, params: dict[str, Any]) -> Any:
    if method != MAKES_STATE and not layout.state.secret_key.exists():
        raise StartError(f"{layout.state.path} is not a server's state directory: name it with --state")
    try:
        lock = layout.locked()
    except StartError as error:
        if "in use" in str(error):
            raise StartError(f"{error}, but it does not answer yet; try again in a moment") from None
        raise
    with lock:
        options = _last_options(layout)
        store = await open_storage(layout, options, migrating=True)
        try:
            office = Office(store, (LoopClock(), SystemChance()), None, options.realm)
            await office.open()
            known = methods(office, None)
            if method.startswith("account"):
                known |= _accounts(store, office, options)
            return await known[method](params)
        finally:
            await store.close()


def _accounts(store: Store, office: Office, options: ServeOptions) -> dict[str, Method]:
    from vorzimmer.app.accounts_rpc import account_methods  # noqa: PLC0415 -- the web framework loads slowly
    from vorzimmer.app.reception import signin  # noqa: PLC0415 -- and few commands need it

    return account_methods(signin(store, office, options))


def _last_options(layout: Layout) -> ServeOptions:
    """The database and realm that the server was last started with."""
    try:
        return layout.options()
    except (OSError, ValueError):
        return ServeOptions(state=str(layout.state.path))
