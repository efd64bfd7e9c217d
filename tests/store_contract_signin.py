"""What every backend of the store must do for sign-in: one body, run over memory, SQLite and PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from vorzimmer.accounts.model import Account, ApiToken, Letter, Passkey, Session, Ticket, Totp
from vorzimmer.accounts.repository import LoginTakenError
from vorzimmer.directory.repository import Commit
from vorzimmer.directory.snapshot import Change
from vorzimmer.store.ports import Store

HOSTILE = "<b>'\"; DROP TABLE account;--\u202e=1+1" + "ü" * 100
COMPANY = Change("company", "musterbau", {"name": "Musterbau"})

EVA = Account("a1", "eva@musterbau.example", "musterbau", "eva", language="en", password="$argon2id$x", created=1.5)
BEA = Account("a2", "bea", "musterbau", "bea")
ROOT = Account("a3", "root@provider.example", name=HOSTILE, email="root@provider.example")


def session(ident: str, account: str = "a1", **more: object) -> Session:
    base = Session(ident, ident.encode() * 4, account, "password", 10.0, 10.0, 10.0, 1_000.0, "192.0.2.1", HOSTILE)
    return msgspec.structs.replace(base, **more)


def letter(ident: str, **more: object) -> Letter:
    base = Letter(ident, "invitation", {"account": "a1", "hostile": HOSTILE}, 1.0, 10.0)
    return msgspec.structs.replace(base, **more)


async def filled(store: Store) -> None:
    for account in (EVA, BEA, ROOT):
        await store.accounts.add(account)


async def accounts_are_read_as_written(store: Store) -> None:
    assert await store.accounts.count() == 0
    await filled(store)
    assert await store.accounts.count() == 3
    assert await store.accounts.get("a1") == EVA
    assert await store.accounts.by_login("bea") == BEA
    assert await store.accounts.by_login("Bea") is None
    assert await store.accounts.of_user("musterbau", "eva") == EVA
    assert await store.accounts.of_user("andere", "eva") is None
    assert await store.accounts.of_company("musterbau") == (BEA, EVA)
    assert await store.accounts.of_company("") == (ROOT,)
    changed = msgspec.structs.replace(EVA, login="eva", language="de", name="Eva", email="x")
    assert await store.accounts.put(msgspec.structs.replace(changed, password="stale", last_signed_in=7.25))
    assert await store.accounts.by_login("eva") == changed
    assert await store.accounts.by_login(EVA.login) is None
    assert not await store.accounts.put(msgspec.structs.replace(EVA, id="unknown", login="unknown", user="unknown"))


async def a_password_is_not_overwritten_by_who_was_late(store: Store) -> None:
    await filled(store)
    assert await store.accounts.set_password("a1", "new", 5.5)
    assert not await store.accounts.set_password("a1", "rehashed", None, instead_of="$argon2id$x")
    assert await store.accounts.set_password("a1", "rehashed", None, instead_of="new")
    await store.accounts.signed_in("a1", 6.5)
    wanted = msgspec.structs.replace(EVA, password="rehashed", password_changed=5.5, last_signed_in=6.5)
    assert await store.accounts.get("a1") == wanted
    assert not await store.accounts.set_password("unknown", "x", 1.0)
    await store.accounts.signed_in("unknown", 1.0)
    assert await store.accounts.get("a2") == BEA


async def a_login_and_a_person_have_one_account(store: Store) -> None:
    await filled(store)
    for taken in (
        Account("b1", "bea"),
        Account("b1", "bea", "andere", "bea"),
        Account("b1", "eva2", "musterbau", "eva"),
    ):
        with pytest.raises(LoginTakenError):
            await store.accounts.add(taken)
    with pytest.raises(LoginTakenError):
        await store.accounts.put(msgspec.structs.replace(EVA, login="bea"))
    assert await store.accounts.get("a1") == EVA
    await store.accounts.add(Account("b1", "root2"))  # any number of the provider's


async def of_two_accounts_for_one_person_one_is_refused(store: Store) -> None:
    both = (Account(f"c{number}", f"carl{number}", "musterbau", "carl") for number in range(4))
    results = await asyncio.gather(*(store.accounts.add(each) for each in both), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["LoginTakenError"] * 3 + ["NoneType"]


async def everything_goes_with_its_account(store: Store) -> None:
    await filled(store)
    await hang_on(store, "a1")
    await hang_on(store, "a2")
    assert await store.accounts.remove("a1")
    assert not await store.accounts.remove("a1")
    await nothing_left(store, "a1")
    assert await store.sessions.by_secret(b"s-a2" * 4) is not None
    assert await store.factors.recovery_left("a2") == 1
    assert await store.accounts.bind("https://id.example", "sub-a1", "a2") == ""  # it has another identity there
    assert await store.accounts.bind("https://other.example", "sub-a1", "a2") == "a2"
    assert await store.accounts.bind("https://id.example", "sub-a2", "a3") == "a2"
    assert await store.accounts.bind("https://id.example", "sub-a1", "a3") == "a3"


async def hang_on(store: Store, account: str) -> None:
    """One of everything."""
    await store.sessions.add(session(f"s-{account}", account))
    await store.sessions.add_token(ApiToken(f"t-{account}", account.encode(), account, "x", ("calls",), 1.0))
    await store.sessions.add_ticket(Ticket(f"k-{account}".encode(), "reset", account, 99.0))
    await store.factors.put_totp(account, Totp("JBSWY3DPEHPK3PXP", True, 5))
    await store.factors.put_recovery(account, [b"one"])
    assert await store.factors.add_passkey(Passkey(f"p-{account}", account, b"c", b"k", "Schlüssel", 1.0))
    assert await store.accounts.bind("https://id.example", f"sub-{account}", account) == account


async def nothing_left(store: Store, account: str) -> None:
    assert await store.accounts.get(account) is None
    assert await store.sessions.by_secret(f"s-{account}".encode() * 4) is None
    assert await store.sessions.token(account.encode()) is None
    assert await store.sessions.ticket(f"k-{account}".encode()) is None
    assert await store.factors.totp(account) is None
    assert await store.factors.recovery_left(account) == 0
    assert await store.factors.passkeys(account) == ()


async def a_removed_person_leaves_no_way_in(store: Store) -> None:
    """Whoever gets the same id later does not inherit the password."""
    users = [Change("user", name, {"name": name}) for name in ("eva", "bea")]
    await store.companies.commit(Commit("musterbau", 0, (COMPANY, *users)))
    await store.companies.commit(Commit("andere", 0, (Change("user", "eva", {"name": "eva"}),)))
    await filled(store)
    other = Account("a4", "eva@andere.example", "andere", "eva")
    await store.accounts.add(other)
    await hang_on(store, "a1")
    await store.companies.commit(Commit("musterbau", 1, (Change("user", "eva", None), users[0])))
    await nothing_left(store, "a1")
    assert await store.accounts.of_company("musterbau") == (BEA,)
    assert await store.accounts.get("a4") == other
    await store.companies.commit(Commit("musterbau", 2, (Change("company", "musterbau", None),)))
    assert await store.accounts.get("a2") is None
    assert await store.accounts.get("a3") == ROOT
    assert await store.accounts.get("a4") == other


async def sessions_are_kept_until_they_are_ended(store: Store) -> None:
    await filled(store)
    one, two, theirs = session("s1"), session("s2", seen=20.0), session("s3", "a2")
    for each in (one, two, theirs):
        await store.sessions.add(each)
    assert await store.sessions.by_secret(one.secret) == one
    assert await store.sessions.by_secret(b"unknown") is None
    assert await store.sessions.of("a1") == (two, one)
    used = msgspec.structs.replace(one, seen=30.0, confirmed=30.0, address="2001:db8::1", created=99.0)
    await store.sessions.seen(used)
    assert await store.sessions.by_secret(one.secret) == msgspec.structs.replace(used, created=10.0)
    assert not await store.sessions.end("a1", "s3")
    assert await store.sessions.end("a1", "s1")
    assert not await store.sessions.end("a1", "s1")
    await store.sessions.seen(one)  # late: it stays ended
    assert await store.sessions.by_secret(one.secret) is None
    await store.sessions.add(session("s4"))
    assert await store.sessions.end_all("a1", but="s4") == 1
    assert [each.id for each in await store.sessions.of("a1")] == ["s4"]
    assert await store.sessions.end_all("a1") == 1
    assert await store.sessions.of("a2") == (theirs,)


async def tokens_are_kept_until_they_are_revoked(store: Store) -> None:
    await filled(store)
    one = ApiToken("t1", b"one", "a1", HOSTILE, ("calls", "users.read"), 1.0)
    two = ApiToken("t2", b"two", "a1", "zwei", (), 2.0, expires=50.0, used=3.0)
    for each in (two, one):
        await store.sessions.add_token(each)
    assert await store.sessions.token(b"one") == one
    assert await store.sessions.tokens("a1") == (one, two)
    await store.sessions.used("t1", 9.5)
    assert await store.sessions.token(b"one") == msgspec.structs.replace(one, used=9.5)
    assert not await store.sessions.revoke("a2", "t1")
    assert await store.sessions.revoke("a1", "t1")
    assert await store.sessions.token(b"one") is None


async def a_ticket_is_taken_once(store: Store) -> None:
    await filled(store)
    reset, setup = Ticket(b"reset", "reset", "a1", 50.0), Ticket(b"setup", "setup", "", 50.0)
    for each in (reset, setup, Ticket(b"other", "invitation", "a1", 50.0)):
        await store.sessions.add_ticket(each)
    assert await store.sessions.ticket(b"reset") == reset
    taken = await asyncio.gather(*(store.sessions.take(b"reset") for _ in range(4)))
    assert sorted(taken, key=lambda each: each is None) == [reset, None, None, None]
    assert await store.sessions.take(b"setup") == setup
    await store.sessions.add_ticket(reset)
    await store.sessions.add_ticket(setup)
    await store.sessions.drop_tickets("a1", "reset")
    await store.sessions.drop_tickets("", "setup")
    assert await store.sessions.ticket(b"reset") is None
    assert await store.sessions.ticket(b"setup") is None
    assert await store.sessions.ticket(b"other") is not None


async def what_has_ended_is_swept_out(store: Store) -> None:
    await filled(store)
    for each in (session("s1", seen=95.0), session("s2", seen=89.0), session("s3", seen=99.0, ends=100.0)):
        await store.sessions.add(each)
    await store.sessions.add_token(ApiToken("t1", b"1", "a1", "", (), 1.0))
    await store.sessions.add_token(ApiToken("t2", b"2", "a1", "", (), 1.0, expires=100.0))
    await store.sessions.add_ticket(Ticket(b"k1", "reset", "a1", 100.0))
    await store.sessions.add_ticket(Ticket(b"k2", "reset", "a1", 101.0))
    assert await store.sessions.sweep(100.0, 10.0) == 4
    assert [each.id for each in await store.sessions.of("a1")] == ["s1"]
    assert [each.id for each in await store.sessions.tokens("a1")] == ["t1"]
    assert await store.sessions.ticket(b"k2") is not None


async def a_code_of_an_app_is_taken_once(store: Store) -> None:
    """RFC 6238 section 5.2."""
    await filled(store)
    assert not await store.factors.take_step("a1", 1)
    await store.factors.put_totp("a1", Totp("JBSWY3DPEHPK3PXP"))
    assert await store.factors.totp("a1") == Totp("JBSWY3DPEHPK3PXP")
    taken = await asyncio.gather(*(store.factors.take_step("a1", 7) for _ in range(4)))
    assert sorted(taken) == [False, False, False, True]
    assert not await store.factors.take_step("a1", 6)
    assert await store.factors.take_step("a1", 8)
    assert await store.factors.totp("a1") == Totp("JBSWY3DPEHPK3PXP", False, 8)
    await store.factors.put_totp("a1", Totp("MFRGGZDFMZTWQ2LK", True, 9))
    assert await store.factors.totp("a1") == Totp("MFRGGZDFMZTWQ2LK", True, 9)


async def recovery_codes_are_used_up(store: Store) -> None:
    await filled(store)
    await store.factors.put_totp("a1", Totp("JBSWY3DPEHPK3PXP", True))
    await store.factors.put_recovery("a1", [b"one", b"two"])
    await store.factors.put_recovery("a2", [b"one"])
    taken = await asyncio.gather(*(store.factors.take_recovery("a1", b"one") for _ in range(4)))
    assert sorted(taken) == [False, False, False, True]
    assert await store.factors.recovery_left("a1") == 1
    await store.factors.put_recovery("a1", [b"three", b"four"])
    assert not await store.factors.take_recovery("a1", b"two")
    await store.factors.put_totp("a1", None)
    assert await store.factors.totp("a1") is None
    assert await store.factors.recovery_left("a1") == 2
    await store.factors.put_recovery("a1", [])
    assert await store.factors.recovery_left("a1") == 0
    assert await store.factors.recovery_left("a2") == 1


async def passkeys_belong_to_one_account(store: Store) -> None:
    await filled(store)
    one = Passkey("p1", "a1", b"\x00" * 1023, b"key", HOSTILE, 1.0, 5, ("internal", "hybrid"))
    two = Passkey("p2", "a1", b"c2", b"key2", "zwei", 2.0)
    assert await store.factors.add_passkey(two)
    assert await store.factors.add_passkey(one)
    assert not await store.factors.add_passkey(msgspec.structs.replace(one, account="a2"))
    assert await store.factors.passkey("p1") == one
    assert await store.factors.passkeys("a1") == (one, two)
    used = msgspec.structs.replace(one, label="Telefon", count=6, used=8.0)
    assert await store.factors.put_passkey(msgspec.structs.replace(used, account="a2", public_key=b"theirs"))
    assert await store.factors.passkey("p1") == used
    assert not await store.factors.remove_passkey("a2", "p1")
    assert await store.factors.remove_passkey("a1", "p1")
    assert not await store.factors.put_passkey(used)


async def a_letter_is_lent_to_one_sender_and_comes_back(store: Store) -> None:
    assert await store.outbox.next_due() is None
    for each in (letter("l1"), letter("l2", due=5.0), letter("l3", due=30.0), letter("l4", due=1.0, dead=True)):
        await store.outbox.post(each)
    assert await store.outbox.next_due() == 5.0
    taken = await asyncio.gather(*(store.outbox.take_due(10.0, 60.0, 10) for _ in range(3)))
    assert [item for part in taken for item in part] == [letter("l2", due=5.0), letter("l1")]
    assert await store.outbox.next_due() == 30.0
    assert [each.id for each in await store.outbox.take_due(70.0, 60.0, 2)] == ["l3", "l1"]
    await store.outbox.sent("l1")
    await store.outbox.put(letter("l3", due=500.0, tries=1, error=HOSTILE[:200]))
    await store.outbox.put(letter("l1", due=500.0))  # it has been sent
    assert [each.id for each in await store.outbox.take_due(400.0, 60.0, 10)] == ["l2"]
    assert await store.outbox.take_due(500.0, 60.0, 1) == (letter("l2", due=460.0),)
    assert await store.outbox.take_due(500.0, 60.0, 9) == (letter("l3", due=500.0, tries=1, error=HOSTILE[:200]),)


async def dead_letters_are_kept_for_a_time(store: Store) -> None:
    for each in (letter("l1", dead=True), letter("l2", dead=True, created=5.0), letter("l3", created=0.5)):
        await store.outbox.post(each)
    assert [each.id for each in await store.outbox.dead()] == ["l2", "l1"]
    assert [each.id for each in await store.outbox.dead(1)] == ["l2"]
    assert await store.outbox.sweep(5.0) == 1
    assert [each.id for each in await store.outbox.dead()] == ["l2"]
    assert await store.outbox.next_due() == 10.0


SIGN_IN: list[Callable[[Store], Awaitable[None]]] = [
    accounts_are_read_as_written,
    a_password_is_not_overwritten_by_who_was_late,
    a_login_and_a_person_have_one_account,
    of_two_accounts_for_one_person_one_is_refused,
    everything_goes_with_its_account,
    a_removed_person_leaves_no_way_in,
    sessions_are_kept_until_they_are_ended,
    tokens_are_kept_until_they_are_revoked,
    a_ticket_is_taken_once,
    what_has_ended_is_swept_out,
    a_code_of_an_app_is_taken_once,
    recovery_codes_are_used_up,
    passkeys_belong_to_one_account,
    a_letter_is_lent_to_one_sender_and_comes_back,
    dead_letters_are_kept_for_a_time,
]
