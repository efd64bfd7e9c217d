"""The lamp keys of a phone that watches a list (RFC 4662), as they follow from its NOTIFYs."""

import re
from email import message_from_bytes
from xml.etree import ElementTree

from vorzimmer.presence.lists import NAMESPACE, RLMI
from vorzimmer.sip.message import Request
from vorzimmer.testing.phone_watch import Watch

NS = f"{{{NAMESPACE}}}"
ACCEPT = f"multipart/related, {RLMI}, application/dialog-info+xml"
EVENTLIST = (("Supported", "replaces, eventlist"), ("Accept", ACCEPT))


class Keys:
    """The lamp keys of a phone that watches a list: fed with NOTIFYs, never kinder than a real one."""

    def __init__(self, watch: Watch) -> None:
        self.names: dict[str, str] = {}
        self.shows: dict[str, str] = {}
        self.gone: set[str] = set()
        version = -1
        for notify in watch.notifies:
            version = self._take(notify, version)

    def _take(self, notify: Request, version: int) -> int:
        assert notify.headers.get("Require") == "eventlist"
        head = f"Content-Type: {notify.headers.get('Content-Type')}\r\n\r\n".encode()
        parts = message_from_bytes(head + notify.body).get_payload()
        root, *others = (part.get_payload(decode=True) for part in parts)
        ids = [part["Content-ID"] for part in parts]
        assert ids[0] == "<list@vorzimmer>"
        found = dict(zip(ids[1:], others, strict=True))
        roll = ElementTree.fromstring(root)
        full, now = roll.get("fullState") == "true", int(roll.get("version") or "")
        if now <= version:
            return version  # overtaken by a newer one
        if full:
            self.names, self.shows, self.gone = {}, {}, set()
        else:
            assert now == version + 1, "a partial state that does not follow is not believed"
        for resource in roll:
            self._resource(resource, found)
        assert found == {}, "a part that no resource names"
        return now

    def _resource(self, resource: ElementTree.Element, found: dict[str, bytes]) -> None:
        uri = (resource.get("uri") or "").removeprefix("sip:").partition("@")[0]
        self.names[uri] = resource.findtext(f"{NS}name") or ""
        instance = resource.find(f"{NS}instance")
        assert instance is not None
        if instance.get("state") == "terminated":
            self.gone.add(uri)
        cid = instance.get("cid")
        if cid is not None:
            text = found.pop(f"<{cid}>")
            entity = re.search(rb'entity="sip:([^@]+)@', text)
            assert entity is not None
            assert entity[1].decode() == uri
            states = re.findall(rb"<state>(\w+)</state>", text)
            self.shows[uri] = states[0].decode() if states else "idle"
