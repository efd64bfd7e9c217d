"""How often one may be wrong (issue: bad input), with time given in."""

from vorzimmer.presence.limits import LimitConfig, Limits, Rate

CONFIG = LimitConfig(stranger=Rate(3, 0.1), known=Rate(30, 1.0), account=Rate(5, 0.1), remembered=50)


def fail(
    limits: Limits,
    times: int,
    source: str = "192.0.2.1",
    account: str = "anna",
    *,
    known: bool = False,
    now: float = 0.0,
) -> None:
    for _ in range(times):
        limits.failed(source, account, now, known=known)


def test_a_stranger_is_turned_away_after_some_failures_and_let_in_later() -> None:
    limits = Limits(CONFIG)
    assert limits.allows("192.0.2.1", "anna", 0.0, known=False)
    fail(limits, 3)
    assert not limits.allows("192.0.2.1", "anna", 0.0, known=False)
    assert limits.allows("192.0.2.2", "bea", 0.0, known=False)
    assert not limits.allows("192.0.2.1", "anna", 9.0, known=False)
    assert limits.allows("192.0.2.1", "anna", 10.0, known=False)
    assert limits.counters.limited_source == 2


def test_sources_with_a_registration_get_more() -> None:
    limits = Limits(CONFIG)
    fail(limits, 29, known=True)
    assert limits.allows("192.0.2.1", "anna", 0.0, known=True)
    fail(limits, 1, known=True)
    assert not limits.allows("192.0.2.1", "anna", 0.0, known=True)


def test_an_account_under_attack_from_many_sources_stays_usable_where_it_is_registered() -> None:
    limits = Limits(CONFIG)
    for n in range(5):
        fail(limits, 1, source=f"192.0.2.{n}")
    assert not limits.allows("203.0.113.9", "anna", 0.0, known=False)
    assert limits.allows("203.0.113.9", "bea", 0.0, known=False)
    assert limits.allows("203.0.113.9", "anna", 0.0, known=True)
    assert limits.counters.limited_account == 1


def test_ipv6_sources_are_counted_by_64_bits() -> None:
    limits = Limits(CONFIG)
    for n in range(3):
        fail(limits, 1, source=f"2001:db8:0:1::{n}", account="")
    assert not limits.allows("2001:db8:0:1:ffff::9", "", 0.0, known=False)
    assert limits.allows("2001:db8:0:2::1", "", 0.0, known=False)
    assert limits.allows("::ffff:192.0.2.1", "", 0.0, known=False)


def test_memory_is_bounded_whatever_comes() -> None:
    limits = Limits(CONFIG)
    for n in range(500):
        fail(limits, 1, source=f"host{n}", account="x" * 10_000 + str(n))
    assert len(limits._sources) == 50
    assert len(limits._accounts) <= 50


def test_failures_are_counted_by_cause() -> None:
    limits = Limits(CONFIG)
    fail(limits, 2)
    limits.failed("x", "", 0.0, known=False, why="malformed")
    assert limits.counters.failures == {"credentials": 2, "malformed": 1}
