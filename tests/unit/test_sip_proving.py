"""Challenges over a trunk, in dialogs and outside (RFC 3261 section 22): answered there alone."""

import pytest
from msgspec.structs import replace

from vorzimmer.kernel.address import Address
from vorzimmer.kernel.ids import LegId
from vorzimmer.sip.digest import Account, Authenticator, Credentials, DigestConfig, Granted
from vorzimmer.sip.engine import Proof
from vorzimmer.sip.events import Answered, Ended, Failed, ReinviteAnswered, ReinviteFailed, Responded
from vorzimmer.sip.flow import Flow, Hop
from vorzimmer.sip.headers import parse_auth, parse_cseq
from vorzimmer.sip.message import Headers, Request
from vorzimmer.sip.outline import lines_of
from vorzimmer.testing.chance import SeededChance
from vorzimmer.testing.peer import OURS, THEIRS, Peer

LEG = LegId("leg")
TRUNK = Hop("udp", THEIRS.host, THEIRS.port)
STRANGER = Flow("udp", OURS, Address("198.51.100.66", 5060))
BOTH = ("Authorization", "Proxy-Authorization")


def asks(nonce: str = "n1", *, realm: str = "carrier", more: str = "", name: str = "Proxy-Authenticate") -> str:
    return f'{name}: Digest realm="{realm}", nonce="{nonce}", qop="auth"{more}\r\n'


class Carrier(Peer):
    """A peer that asks; `peers` are the addresses that the trunk is configured with."""

    def __init__(self, *, realm: str = "carrier", peers: tuple[Address, ...] = (THEIRS,)) -> None:
        super().__init__()
        account = Account("konto", "geheim")
        self.proof = Proof(account, realm, lambda flow: flow.remote in peers)

    def call(self) -> Request:
        """An INVITE of ours over the trunk."""
        self.engine.invite(LEG, replace(self.spec(to=TRUNK), proof=self.proof), 0.0)
        self.take()
        return self.newest("INVITE")

    def newest(self, method: str) -> Request:
        return self.requests(method)[-1]

    def connected(self) -> "Carrier":
        """In a call over the trunk, which nobody has challenged yet."""
        self.answer(self.call(), 200, body=b"answer", contact=f"sip:bob@{THEIRS}")
        assert self.of(Answered)
        return self


def proofs(request: Request) -> list[str]:
    return [value for name in BOTH for value in request.headers.get_all(name)]


def number(request: Request) -> int:
    return parse_cseq(request.headers.get("CSeq")).number


# -- the INVITE ------------------------------------------------------------------------------------------------------
def test_rfc3261_22_2_an_invite_goes_out_again_with_the_next_cseq_and_a_new_branch() -> None:
    carrier = Carrier()
    first = carrier.call()
    carrier.answer(first, 407, extra=asks())
    again = carrier.newest("INVITE")
    assert carrier.of(Failed) == []
    assert number(again) == number(first) + 1
    assert [again.headers.get(each) for each in ("Call-ID", "From", "To")] == [
        first.headers.get(each) for each in ("Call-ID", "From", "To")
    ]
    assert again.headers.get("Via") != first.headers.get("Via")
    assert (again.uri, again.body) == (first.uri, first.body)
    assert len(carrier.requests("ACK")) == 1
    assert carrier.newest("ACK").headers.get("Via") == first.headers.get("Via")
    (value,) = proofs(again)
    assert parse_auth(value).get("uri") == again.uri


def test_rfc3261_13_2_2_4_the_ack_of_the_200_has_the_credentials_of_its_invite() -> None:
    carrier = Carrier()
    carrier.answer(carrier.call(), 407, extra=asks())
    again = carrier.newest("INVITE")
    carrier.answer(again, 200, body=b"answer")
    ack = carrier.newest("ACK")
    assert proofs(ack) == proofs(again)
    assert number(ack) == number(again)
    assert len(carrier.of(Answered)) == 1


def test_rfc7616_the_carrier_takes_what_we_answer() -> None:
    carrier = Carrier()
    store = {"konto": Credentials.of("konto", "carrier", "geheim")}
    server = Authenticator(DigestConfig("carrier"), b"k" * 32, store.get, SeededChance(1))
    asked = server.check(carrier.call(), 0.0, proxy=True)
    assert not isinstance(asked, Granted)
    carrier.answer(carrier.newest("INVITE"), 407, extra=lines_of(asked.headers))
    assert isinstance(server.check(carrier.newest("INVITE"), 0.0, proxy=True), Granted)


def test_rfc3261_22_two_on_the_way_may_each_ask_once() -> None:
    carrier = Carrier(realm="")
    carrier.answer(carrier.call(), 407, extra=asks(realm="proxy"))
    carrier.answer(carrier.newest("INVITE"), 401, extra=asks(realm="server", name="WWW-Authenticate"))
    last = carrier.newest("INVITE")
    assert {parse_auth(value).get("realm") for value in proofs(last)} == {"proxy", "server"}
    assert [number(each) for each in carrier.requests("INVITE")] == [number(last) - 2, number(last) - 1, number(last)]


BASIC = 'Proxy-Authenticate: Basic realm="carrier"\r\n'


@pytest.mark.parametrize("extra", [asks("n2"), asks(realm="other"), "", BASIC])
def test_rfc7616_3_3_a_refused_password_another_realm_and_nonsense_end_it(extra: str) -> None:
    carrier = Carrier()
    carrier.answer(carrier.call(), 407, extra=asks())
    carrier.answer(carrier.newest("INVITE"), 407, extra=extra)
    assert len(carrier.requests("INVITE")) == 2
    assert [failed.status for failed in carrier.of(Failed)] == [407]


def test_a_carrier_that_says_stale_for_ever_is_answered_three_times() -> None:
    carrier = Carrier()
    carrier.call()
    for count in range(9):
        carrier.answer(carrier.newest("INVITE"), 407, extra=asks(f"n{count}", more=", stale=true"))
    assert len(carrier.requests("INVITE")) == 4
    assert [failed.status for failed in carrier.of(Failed)] == [407]


def test_who_is_no_peer_of_the_trunk_gets_no_answer_to_his_challenge() -> None:
    carrier = Carrier()
    carrier.answer(carrier.call(), 407, extra=asks(), flow=STRANGER)
    assert len(carrier.requests("INVITE")) == 1
    assert [failed.status for failed in carrier.of(Failed)] == [407]


def test_the_very_server_that_was_asked_is_a_peer_whatever_its_name_leads_to() -> None:
    carrier = Carrier(peers=())
    carrier.answer(carrier.call(), 407, extra=asks())
    assert len(carrier.requests("INVITE")) == 2


def test_a_phones_challenge_ends_its_request() -> None:
    phone = Peer()
    phone.answer(phone.invite(), 407, extra=asks())
    assert [failed.status for failed in phone.of(Failed)] == [407]
    assert proofs(phone.requests("INVITE")[-1]) == []


def test_rfc3261_9_1_a_challenge_that_crosses_the_cancel_is_not_answered() -> None:
    carrier = Carrier()
    invite = carrier.call()
    carrier.answer(invite, 100, tag="")
    carrier.engine.end(LEG, carrier.now)
    carrier.take()
    carrier.answer(invite, 407, extra=asks())
    assert len(carrier.requests("INVITE")) == 1
    assert len(carrier.requests("CANCEL")) == 1
    assert len(carrier.of(Failed)) == 1


def test_rfc3261_9_1_a_cancel_after_the_challenge_is_that_of_the_second_invite() -> None:
    carrier = Carrier()
    carrier.answer(carrier.call(), 407, extra=asks())
    again = carrier.newest("INVITE")
    carrier.answer(again, 180)
    carrier.engine.end(LEG, carrier.now)
    carrier.take()
    cancel = carrier.newest("CANCEL")
    assert cancel.headers.get("Via") == again.headers.get("Via")
    assert number(cancel) == number(again)


# -- inside the dialog -----------------------------------------------------------------------------------------------
def test_rfc3261_22_a_challenged_bye_ends_the_call_all_the_same() -> None:
    carrier = Carrier().connected()
    carrier.engine.end(LEG, carrier.now)
    carrier.take()
    first = carrier.newest("BYE")
    assert proofs(first) == []
    carrier.answer(first, 407, extra=asks())
    again = carrier.newest("BYE")
    assert number(again) == number(first) + 1
    assert len(proofs(again)) == 1
    carrier.answer(again, 200)
    carrier.wait(100)
    assert carrier.engine.idle()


def test_rfc3261_22_a_challenged_reinvite_is_answered_and_acknowledged_with_its_credentials() -> None:
    carrier = Carrier().connected()
    carrier.engine.reinvite(LEG, b"other", carrier.now)
    carrier.take()
    first = carrier.newest("INVITE")
    carrier.answer(first, 401, extra=asks(name="WWW-Authenticate"))
    again = carrier.newest("INVITE")
    assert (number(again), again.body) == (number(first) + 1, b"other")
    carrier.answer(again, 200, body=b"answer")
    assert proofs(carrier.newest("ACK")) == proofs(again) != []
    assert number(carrier.newest("ACK")) == number(again)
    assert (len(carrier.of(ReinviteAnswered)), carrier.of(ReinviteFailed)) == (1, [])


@pytest.mark.parametrize("method", ["UPDATE", "INFO"])
def test_rfc3261_22_a_challenged_request_is_told_of_once_and_the_next_one_is_proved_unasked(method: str) -> None:
    carrier = Carrier().connected()
    told = carrier.engine.request_in(LEG, method, carrier.now)
    carrier.take()
    carrier.answer(carrier.newest(method), 407, extra=asks())
    carrier.answer(carrier.newest(method), 200, contact="")
    assert [(each.transaction, each.status) for each in carrier.of(Responded)] == [(told, 200)]
    carrier.engine.request_in(LEG, method, carrier.now)
    carrier.take()
    (value,) = proofs(carrier.newest(method))
    assert parse_auth(value).get("nc") == "00000002"
    numbers = [number(each) for each in carrier.requests(method)]
    assert numbers == sorted(set(numbers))


def test_rfc3262_a_challenged_prack_is_sent_again() -> None:
    carrier = Carrier()
    carrier.answer(carrier.call(), 180, extra="Require: 100rel\r\nRSeq: 7\r\n")
    first = carrier.newest("PRACK")
    carrier.answer(first, 407, extra=asks())
    again = carrier.newest("PRACK")
    assert again.headers.get("RAck") == first.headers.get("RAck")
    assert (number(again), len(proofs(again))) == (number(first) + 1, 1)


def test_rfc4028_7_4_a_challenged_refresh_keeps_the_session() -> None:
    carrier = Carrier()
    more = "Session-Expires: 90;refresher=uac\r\nRequire: timer\r\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n"
    carrier.answer(carrier.call(), 200, body=b"answer", extra=more, contact=f"sip:bob@{THEIRS}")
    for _ in range(3):
        carrier.wait(45)
        refresh = carrier.newest("UPDATE")
        if not proofs(refresh):
            carrier.answer(refresh, 407, extra=asks())
        carrier.answer(carrier.newest("UPDATE"), 200, extra="Session-Expires: 90;refresher=uac\r\n", contact="")
    assert len(carrier.requests("UPDATE")) == 4
    assert carrier.of(Ended) == []


def test_a_stranger_in_the_middle_of_a_call_gets_neither_answer_nor_credentials() -> None:
    carrier = Carrier()
    carrier.answer(carrier.call(), 407, extra=asks())
    carrier.answer(carrier.newest("INVITE"), 200, body=b"answer", contact="sip:bob@198.51.100.66:5060")
    carrier.engine.request_in(LEG, "INFO", carrier.now)
    carrier.take()
    info = carrier.newest("INFO")
    assert proofs(info) == []
    carrier.answer(info, 407, extra=asks("n2"), flow=STRANGER)
    assert len(carrier.requests("INFO")) == 1
    assert [each.status for each in carrier.of(Responded)] == [407]


def test_rfc3261_22_a_leg_that_the_carrier_made_proves_itself_once_it_is_told_as_whom() -> None:
    carrier = Carrier()
    carrier.send("INVITE", body=b"offer")
    (leg,) = [event.leg for event in carrier.events if hasattr(event, "leg")]
    carrier.engine.accept(leg, carrier.now, body=b"answer")
    carrier.take()
    tag = carrier.last_response().headers.get("To").rpartition("tag=")[2]
    carrier.send("ACK", tag=tag)
    carrier.engine.prove(leg, carrier.proof)
    carrier.engine.end(leg, carrier.now)
    carrier.take()
    carrier.answer(carrier.newest("BYE"), 401, tag="", extra=asks(name="WWW-Authenticate"))
    assert len(proofs(carrier.newest("BYE"))) == 1


def test_a_changed_password_counts_in_calls_under_way_and_an_unchanged_one_keeps_its_nonces() -> None:
    carrier = Carrier().connected()
    for password, count in (("geheim", 1), ("geheim", 2), ("anders", 1)):
        carrier.engine.prove(LEG, Proof(Account("konto", password), "carrier", carrier.proof.trusted))
        carrier.engine.request_in(LEG, "INFO", carrier.now)
        carrier.take()
        if not proofs(carrier.newest("INFO")):
            carrier.answer(carrier.newest("INFO"), 407, extra=asks(password))
        (value,) = proofs(carrier.newest("INFO"))
        assert int(parse_auth(value).get("nc"), 16) == count
        carrier.answer(carrier.newest("INFO"), 200, contact="")


# -- outside ---------------------------------------------------------------------------------------------------------
def test_rfc3261_22_a_challenged_options_is_answered_and_the_nonce_used_again() -> None:
    carrier = Carrier()
    lines = Headers([("From", "<sip:konto@carrier>"), ("To", "<sip:carrier>")])
    for nc in ("00000001", "00000002"):
        told = carrier.engine.request(Request("OPTIONS", "sip:carrier", lines), TRUNK, carrier.now, proof=carrier.proof)
        carrier.take()
        if nc == "00000001":
            carrier.answer(carrier.newest("OPTIONS"), 401, extra=asks(name="WWW-Authenticate"))
        (value,) = proofs(carrier.newest("OPTIONS"))
        assert parse_auth(value).get("nc") == nc
        carrier.answer(carrier.newest("OPTIONS"), 200)
        assert (carrier.of(Responded)[-1].transaction, carrier.of(Responded)[-1].status) == (told, 200)
    assert len(carrier.of(Responded)) == 2
