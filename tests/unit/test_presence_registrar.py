"""REGISTER from the wire to the bindings: the door, the address, the answer."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from vorzimmer.kernel.address import Address
from vorzimmer.presence.bindings import Bindings
from vorzimmer.presence.door import Account, Door, Turned
from vorzimmer.presence.registrar import Registrar
from vorzimmer.sip.digest import Account as Secret
from vorzimmer.sip.digest import Credentials, DigestConfig, answer
from vorzimmer.sip.events import Requested
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.message import Headers, Request
from vorzimmer.testing.chance import SeededChance

REALM = "vorzimmer"
FLOW = Flow("udp", Address("192.0.2.10", 5060), Address("198.51.100.7", 40123))
STRANGER = Flow("udp", Address("192.0.2.10", 5060), Address("203.0.113.66", 5060))
ACCOUNTS = {
    name: Account(
        f"musterbau/{name}", Credentials.of(name, REALM, "geheim"), frozenset({ext}), frozenset({"musterbau.example"})
    )
    for name, ext in (("anna-tisch", "101"), ("bea-tisch", "102"))
}


@dataclass
class Answers:
    """The engine's double: what was answered."""

    given: list[tuple[str, int, str, dict[str, str]]] = field(default_factory=list)

    def respond(
        self,
        transaction: str,
        status: int,
        now: float,
        *,
        reason: str = "",
        extra: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> None:
        self.given.append((transaction, status, reason, dict(extra)))

    @property
    def last(self) -> int:
        return self.given[-1][1]


class House:
    """Door, bindings and registrar together."""

    def __init__(self) -> None:
        chance = SeededChance(3)
        self.accounts = dict(ACCOUNTS)
        self.door = Door(DigestConfig(REALM), b"k" * 32, self.accounts.get, chance)
        self.bindings = Bindings()
        self.answers = Answers()
        self.registrar = Registrar(self.door, self.bindings, self.answers, chance)
        self.cseq = 0

    def request(
        self, user: str = "anna-tisch", *, host: str = "musterbau.example", to: str = "", **headers: str
    ) -> Request:
        self.cseq += 1
        pairs = {
            "Contact": "<sip:x@10.0.0.1>",
            "To": to or f"<sip:{user}@{host}>",
            "Call-ID": "c",
            "CSeq": f"{self.cseq} REGISTER",
        } | headers
        return Request("REGISTER", f"sip:{host}", Headers(pairs.items()))

    def send(self, request: Request, flow: Flow = FLOW, now: float = 100.0) -> int:
        self.registrar.handle(Requested("t1", request, flow), now)
        return self.answers.last

    def register(self, secret: Secret, request: Request, flow: Flow = FLOW, now: float = 100.0) -> int:
        """Like a phone: ask, be challenged, answer."""
        turned = self.door.authenticate(request, flow, now)
        assert isinstance(turned, Turned)
        line = answer(Headers(turned.headers), request, secret, "c0ffee")
        assert line is not None
        request.headers.add(*line)
        return self.send(request, flow, now)


ANNA = Secret("anna-tisch", "geheim")


def test_rfc3261_10_3_challenge_then_binding() -> None:
    house = House()
    request = house.request()
    assert house.send(request) == 401
    assert house.register(ANNA, request) == 200
    assert [contact.uri for contact in house.bindings.contacts("musterbau/anna-tisch")] == ["sip:x@10.0.0.1"]
    assert house.bindings.contacts("musterbau/anna-tisch")[0].flow == FLOW
    assert house.answers.given[-1][3]["Contact"].startswith("<sip:x@10.0.0.1>;expires=")


@pytest.mark.parametrize("host", ["musterbau.example", "MUSTERBAU.example", "192.0.2.10", "[2001:db8::10]"])
def test_a_phone_may_name_the_domain_or_the_servers_address(host: str) -> None:
    assert House().register(ANNA, House().request(host=host)) in {200, 401}
    house = House()
    assert house.register(ANNA, house.request(host=host)) == 200


def test_rfc3261_10_3_5_another_domain_is_404() -> None:
    house = House()
    assert house.register(ANNA, house.request(host="other.example")) == 404
    assert house.register(ANNA, house.request(to="<isbn:2983792873>")) == 404


def test_rfc3261_10_3_4_to_must_belong_to_the_account() -> None:
    house = House()
    assert house.register(ANNA, house.request("bea-tisch")) == 403
    assert house.register(ANNA, house.request("102")) == 403
    assert house.register(ANNA, house.request("101")) == 200
    assert house.bindings.devices() == {"musterbau/anna-tisch"}


def test_rfc3261_10_3_7_min_expires_reaches_the_phone() -> None:
    house = House()
    assert house.register(ANNA, house.request(Expires="5")) == 423
    assert house.answers.given[-1][2:] == ("Interval Too Brief", {"Min-Expires": "60"})


def test_identical_answers_for_unknown_account_and_wrong_password() -> None:
    shapes = []
    for secret in (Secret("anna-tisch", "falsch"), Secret("niemand", "falsch")):
        house = House()
        house.register(secret, house.request(secret.username))
        shapes.append(house.answers.given[-1])
    assert shapes[0] == shapes[1]
    assert shapes[0][1] == 401


def test_failures_are_limited_per_source_and_others_are_not_hit() -> None:
    house = House()
    statuses = [house.register(Secret(f"user{n}", "x"), house.request(f"user{n}"), STRANGER) for n in range(12)]
    assert statuses == [401] * 10 + [503] * 2
    assert house.answers.given[-1][3] == {"Retry-After": "30"}
    assert house.door.limits.counters.limited_source == 2
    assert house.register(ANNA, house.request(), FLOW) == 200


def test_challenges_are_no_failures() -> None:
    house = House()
    assert {house.send(house.request(), STRANGER) for _ in range(50)} == {401}
    assert house.door.limits.counters.failures == {}


def test_an_account_under_attack_stays_usable_from_where_it_is_registered() -> None:
    house = House()
    house.register(ANNA, house.request())
    for n in range(25):
        source = Flow("udp", FLOW.local, Address(f"203.0.113.{n}", 5060))
        house.register(Secret("anna-tisch", "guess"), house.request(), source)
    assert house.register(ANNA, house.request(), STRANGER) == 503
    assert house.register(ANNA, house.request(), FLOW) == 200


def test_an_account_deleted_is_challenged_like_any_stranger() -> None:
    house = House()
    del house.accounts["anna-tisch"]
    assert house.register(ANNA, house.request()) == 401


def test_the_door_serves_other_requests_too() -> None:
    house = House()
    invite = Request("INVITE", "sip:102@musterbau.example", Headers([("From", '"Chef" <sip:chef@musterbau.example>')]))
    turned = house.door.authenticate(invite, FLOW, 1.0, proxy=True)
    assert isinstance(turned, Turned)
    assert (turned.status, turned.reason) == (407, "Proxy Authentication Required")
    line = answer(Headers(turned.headers), invite, ANNA, "c")
    assert line is not None
    invite.headers.add(*line)
    who = house.door.authenticate(invite, FLOW, 1.0, proxy=True)
    assert isinstance(who, Account)
    assert who.device == "musterbau/anna-tisch"


def test_a_malformed_answer_counts_as_a_failure() -> None:
    house = House()
    request = house.request(Authorization=f'Digest realm="{REALM}", username="anna-tisch"')
    assert house.send(request, STRANGER) == 401
    assert house.door.limits.counters.failures == {"malformed": 1}
