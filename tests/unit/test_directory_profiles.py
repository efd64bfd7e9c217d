"""Phone profiles (FEATURES.md EXA-32, EXA-34): what each kind of phone is told, and how a kind is recognised."""

import pytest

from vorzimmer.calls.invitation import Manner, spec
from vorzimmer.directory.profiles import PROFILES, profile, recognised
from vorzimmer.directory.ref import Ref
from vorzimmer.kernel.address import Address
from vorzimmer.presence.bindings import Contact
from vorzimmer.routing.model import Offer
from vorzimmer.sip.flow import Flow

ALERTS = {"silent", "splash", "internal", "recall", "auto"}


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_kind_knows_every_alert_and_writes_it_on_one_line(name: str) -> None:
    known = PROFILES[name]  # type: ignore[index]
    assert set(known.alerts) == ALERTS
    for lines in known.alerts.values():
        assert lines
        for header, value in lines:
            assert header in {"Alert-Info", "Call-Info", "Answer-Mode"}
            assert "\r" not in value
            assert "\n" not in value
    assert known.alerts["silent"] != known.alerts["internal"]


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_no_phone_is_made_to_fetch_a_sound_from_anywhere(name: str) -> None:
    for lines in PROFILES[name].alerts.values():  # type: ignore[index]
        assert not any("http" in value and "notused.invalid" not in value for _, value in lines)


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        ("snomD785/10.1.141.13", "snom"),
        ("Yealink SIP-T46S 66.85.0.5", "yealink"),
        ("PolycomVVX-VVX_411-UA/5.9.5.0614", "poly"),
        ("PolyEdge-Edge_E450-UA/8.1.1", "poly"),
        ("Cisco-CP-8851-3PCC/12.0.1", "cisco"),
        ("Mitel 6867i/5.1.0", "mitel"),
        ("Aastra 6731i/3.2.2", "mitel"),
        ("JsSIP 3.10.0", "browser"),
        ("baresip v1.0.0", "generic"),
        ("", "generic"),
        ("not a snom", "generic"),
    ],
)
def test_a_kind_is_recognised_by_its_user_agent_unless_it_is_set(agent: str, kind: str) -> None:
    assert recognised(agent) == kind
    assert profile(None, agent) is PROFILES[kind]  # type: ignore[index]
    assert profile("mitel", agent) is PROFILES["mitel"]


def test_exa_32_a_silent_alert_is_trusted_only_where_it_is_known_or_said() -> None:
    assert profile(None, "Yealink SIP-T46S").silent
    assert not profile(None, "Yealink SIP-T46S", silent=False).silent
    assert not profile(None, "snomD785").silent
    assert profile("generic", "", silent=True).silent


@pytest.mark.parametrize(
    ("kind", "alert", "told"),
    [
        ("yealink", "silent", ("Alert-Info", "<http://notused.invalid>;info=ringtone-9")),
        ("mitel", "auto", ("Alert-Info", "<http://notused.invalid>;info=alert-autoanswer;delay=0")),
        ("generic", "splash", ("Alert-Info", "<urn:alert:duration:short>")),
        ("snom", "auto", ("Call-Info", "<sip:notused.invalid>;answer-after=0")),
        ("snom", "auto", ("Alert-Info", "<http://notused.invalid>;info=alert-autoanswer;delay=0")),
        ("mitel", "silent", ("Alert-Info", "<http://notused.invalid>;info=alert-community-1")),
    ],
)
def test_rfc7462_an_invite_alerts_as_its_kind_of_phone_understands(
    kind: str, alert: str, told: tuple[str, str]
) -> None:
    flow = Flow("udp", Address("192.0.2.1", 5060), Address("192.0.2.9", 5060))
    contact = Contact("anna-1", "sip:anna@192.0.2.9", flow)
    offer = Offer(Ref("device", "anna-1"), "user", alert=alert)
    manner = Manner("muster.example", 20.0, 70, PROFILES[kind])  # type: ignore[index]
    assert told in spec(offer, contact, b"", manner).extra
    plain = spec(Offer(Ref("device", "anna-1"), "user"), contact, b"", manner)
    assert not {"Alert-Info", "Call-Info"} & {name for name, _ in plain.extra}
