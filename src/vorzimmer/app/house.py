"""All companies of this server in memory: their books, the accounts of their devices, and the questions calls ask.

Built once from the store and then kept up by published changes; nothing here reads a database while calls run
(ARCHITECTURE decision 4). This module must never let one company's name lead to another company's person.
"""

from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import lru_cache
from hashlib import blake2b
from zoneinfo import ZoneInfo

import msgspec

from vorzimmer.calls.asking import dialled
from vorzimmer.calls.world import Identified, MediaPolicy, Refusal
from vorzimmer.directory.feasts import make_ready
from vorzimmer.directory.keys import COMPANY, CONTACT, DEVICE
from vorzimmer.directory.model import Company
from vorzimmer.directory.profiles import Profile, profile
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.repository import CompanyRepository
from vorzimmer.directory.server import ServerBook
from vorzimmer.directory.snapshot import Change, Snapshot
from vorzimmer.features.catalogue import SCHEMA
from vorzimmer.features.dnd.rules import is_on
from vorzimmer.features.dnd.settings import DND
from vorzimmer.features.order import ORDER
from vorzimmer.features.trunk.settings import TRUNK
from vorzimmer.kernel.errors import LocalError, PeerError
from vorzimmer.presence.bindings import Contact
from vorzimmer.presence.door import Account, Door, Turned
from vorzimmer.presence.registrar import is_ours
from vorzimmer.routing.decide import decide
from vorzimmer.routing.live import Live
from vorzimmer.routing.model import Asked, Caller, Plan, SoFar, line_of
from vorzimmer.routing.numbers import as_emergency
from vorzimmer.sdp.plan import Protection
from vorzimmer.sip.digest import Credentials
from vorzimmer.sip.flow import Flow
from vorzimmer.sip.headers import parse_name_addr
from vorzimmer.sip.identity import wants_privacy
from vorzimmer.sip.message import Request
from vorzimmer.sip.uri import SipUri, Uri, is_address, parse

ROBOT = "Vorzimmer-Robot"
"""User-Agent of phones without a person; a claim that only takes rights away (robots never dial emergency numbers)."""


def device_key(company: str, device: str) -> str:
    """The server-wide key of a company's device, as bindings and facts use it."""
    return f"{company}/{device}"


def split_key(key: str) -> tuple[str, str]:
    """Company and device of a key."""
    company, _, device = key.partition("/")
    return company, device


def zone(name: str) -> tzinfo:
    """A time zone's rules from the system's database (tzdata)."""
    return ZoneInfo(name)


class Published(msgspec.Struct, frozen=True):
    """A committed change on its way from admin to control. `credentials` are those of devices whose account or password
    changed; None takes them away. `trunk_passwords` likewise."""

    company: str
    revision: int
    changes: tuple[Change, ...]
    credentials: dict[str, Credentials | None] = {}
    trunk_passwords: dict[str, str | None] = {}


class House:
    """Books, accounts and decisions. `live_of(company)` gives the live facts of one company's devices."""

    def __init__(self, realm: str, live_of: Callable[[str], Live]) -> None:
        self._realm = realm
        self._live_of = live_of
        self._server = ServerBook()
        self._credentials: dict[str, Credentials] = {}
        self._plans: tuple[Company, ...] | None = None
        """A company of each number plan there is, None until asked for."""
        self._trunk_passwords: dict[tuple[str, str], str] = {}
        self._outsiders: dict[str, tuple[object, dict[str, str]]] = {}

    # -- filling ----------------------------------------------------------------------------------------------------
    async def load(self, companies: CompanyRepository) -> None:
        """Read every company once, at the start."""
        for ident in await companies.companies():
            stored = await companies.load(ident)
            if stored is None:
                continue
            records = [Change(record.kind, record.id, record.data) for record in stored.records]
            book = Snapshot.of(SCHEMA, zone, records).at_revision(stored.revision)
            self._server, self._plans = self._server.add(book), None
            make_ready(book.company.country)
            secrets = await companies.secrets(ident)
            for entry in book.entries(DEVICE.name):
                self._keep(ident, entry.ref.id, secrets.reveal(DEVICE.name, entry.ref.id, "password"))
            for entry in book.entries(TRUNK.name):
                self._keep_trunk(ident, entry.ref.id, secrets.reveal(TRUNK.name, entry.ref.id, "password"))

    def publish(self, change: Published) -> tuple[str, ...]:
        """Swap one company's book; acts at the next decision. Returns the devices that may not be registered any more
        (removed, switched off, another account or password): what takes away acts at once (FEATURES.md 0.5)."""
        if self._server.company(change.company) is None:
            book = Snapshot.of(SCHEMA, zone, change.changes).at_revision(change.revision)
            self._server, self._plans = self._server.add(book), None
        else:
            self._server = self._server.apply(change.company, change.changes, change.revision)
            self._plans = None
        for device, credentials in change.credentials.items():
            key = device_key(change.company, device)
            if credentials is None:
                self._credentials.pop(key, None)
            else:
                self._credentials[key] = credentials
        for trunk, password in change.trunk_passwords.items():
            self._keep_trunk(change.company, trunk, password)
        after = self._server.company(change.company)
        touched = {each.id for each in change.changes if each.kind == DEVICE.name and not _serves(after, each.id)}
        return tuple(sorted(touched | change.credentials.keys()))

    def emptied(self, company: str) -> Published | None:
        """The change that takes everything out of a company but its name; None if it is not here."""
        book = self._server.company(company)
        if book is None:
            return None
        entries = [entry for kind in SCHEMA.kinds if kind.name != COMPANY.name for entry in book.entries(kind.name)]
        domain = f"gone-{blake2b(company.encode(), digest_size=8).hexdigest()}.invalid"
        own = {"id": company, "name": book.company.name, "sip_domain": domain}
        changes = (*(Change(*entry.ref, None) for entry in entries), Change(COMPANY.name, company, own))
        devices = {entry.ref.id: None for entry in book.entries(DEVICE.name)}
        trunks = {entry.ref.id: None for entry in book.entries(TRUNK.name)}
        return Published(company, 0, changes, dict(devices), dict(trunks))

    def quiet(self, change: Published) -> frozenset[Ref]:
        """Whom of those that `change` is about nobody may ring now."""
        book = self._server.company(change.company)
        if book is None:
            return frozenset()
        touched = (Ref(each.kind, each.id) for each in change.changes if each.kind in DND.on)
        return frozenset(who for who in touched if is_on(book, who))

    def _keep(self, company: str, device: str, password: str | None) -> None:
        book = self.book(company)
        core = book.find(DEVICE, device)
        if password is not None and core is not None and core.username is not None:
            key = device_key(company, device)
            self._credentials[key] = Credentials.of(core.username, self._realm, password)

    def _keep_trunk(self, company: str, trunk: str, password: str | None) -> None:
        if password is None:
            self._trunk_passwords.pop((company, trunk), None)
        else:
            self._trunk_passwords[company, trunk] = password

    # -- questions --------------------------------------------------------------------------------------------------
    @property
    def companies(self) -> tuple[str, ...]:
        """Ids of all companies, sorted."""
        return tuple(sorted(self._server.books))

    def book(self, company: str) -> Snapshot:
        """The newest Snapshot; raises LocalError for a company that is not here."""
        book = self._server.company(company)
        if book is None:
            raise LocalError(f"no company {company} on this server")
        return book

    def account(self, username: str) -> Account | None:
        """Who logs in with this name, for the door."""
        found = self._server.account(username)
        if found is None:
            return None
        key = device_key(*found)
        credentials = self._credentials.get(key)
        if credentials is None:
            return None
        book = self.book(found.company)
        owner = book.owner_of(found.device)
        extension = book.extension_of(owner) if owner else None
        users = frozenset({extension}) if extension else frozenset[str]()
        return Account(key, credentials, users, self._names(found.company))

    def decide(self, asked: Asked, so_far: SoFar, now: datetime) -> Plan:
        """calls.ports.Decider."""
        return decide(ORDER, asked, so_far, self.book(asked.company), self._live_of(asked.company), now)

    def vital(self, uri: str) -> bool:
        """Whether a Request-URI may be an emergency call of some company here: such a call is never turned away."""
        if self._plans is None:
            plans = {(c.country, c.outside_prefix): c for c in (book.company for book in self._server.books.values())}
            self._plans = tuple(plans.values())
        try:
            number = dialled(uri)
        except PeerError:
            return uri.lower().startswith("urn:service:sos")
        return any(as_emergency(number, company) is not None for company in self._plans)

    def domain(self, company: str) -> str:
        """The SIP domain that identities of a company are written with."""
        return self.book(company).company.sip_domain

    def ours(self, company: str, host: str) -> bool:
        """Whether a host in a URI means this company on this server: its SIP domain, or any address."""
        return is_ours(host, self._names(company))

    def _names(self, company: str) -> frozenset[str]:
        return _names_of(self.domain(company))

    def media_policy(self, company: str, device: str | None) -> MediaPolicy:
        """How the audio of a device, or of a trunk's leg, is to be protected, and in which codecs it may be."""
        line, book = line_of(device), self.book(company)
        if line is not None:
            trunk = book.find(TRUNK, line[0])
            return _policy(trunk.srtp, trunk.codecs) if trunk is not None else MediaPolicy()
        core = book.find(DEVICE, device) if device is not None else None
        return _policy(core.srtp, core.codecs or book.company.codecs) if core is not None else MediaPolicy()

    def session(self, company: str, device: str | None) -> int:
        """The session interval that legs of a device or trunk ask for, in seconds; 0: that of the server."""
        line, book = line_of(device), self.book(company)
        trunk = book.find(TRUNK, line[0]) if line is not None else None
        own = trunk.session_expires_s if trunk is not None else None
        return own or book.company.session_expires_s or 0

    def profile(self, company: str, contact: Contact) -> Profile:
        """What kind of phone is behind a contact: as its device's setting says, else as it says itself."""
        return self.kind_of(company, contact.device, contact.agent)

    def kind_of(self, company: str, device: str, agent: str) -> Profile:
        """The kind of phone that a device is; its own word about silent alerts counts more (EXA-32)."""
        core = self.book(company).find(DEVICE, device)
        if core is None:
            return profile(None, agent)
        return profile(core.profile, agent, silent=core.silent_alert)

    def trunk_password(self, company: str, trunk: str) -> str | None:
        """What a trunk's account proves itself with."""
        return self._trunk_passwords.get((company, trunk))

    def outsider(self, company: str, number: str) -> str:
        """The name of an outside number in the company's contacts, "" for a stranger."""
        contacts = self.book(company).maps.kinds.get(CONTACT.name)
        known = self._outsiders.get(company)
        if known is None or known[0] is not contacts:
            names = {number: core.name for core in self.book(company).all(CONTACT) for number in reversed(core.numbers)}
            known = self._outsiders[company] = (contacts, names)
        return known[1].get(number, "")

    def music(self, company: str) -> str:
        """The company's music on hold, "" for silence."""
        name = self.book(company).company.music_on_hold
        return "" if name == "none" else name.removeprefix("file:")

    def zone(self, company: str) -> str:
        """The country whose tones a company hears."""
        return self.book(company).company.country

    def describe(self, company: str, ref: Ref) -> tuple[str, str]:
        """Name and number to show of somebody."""
        book = self.book(company)
        if ref.kind == "number":
            return self.outsider(company, ref.id), ref.id
        return book.name_of(ref), book.extension_of(ref) or ref.id

    def caller(self, company: str, device: str, *, private: bool) -> Caller | None:
        """The device's owner as a caller."""
        book = self.book(company)
        owner = book.owner_of(device)
        if owner is None:
            return None
        numbers = book.numbers_of(owner)
        number = numbers[0].number if numbers else None
        return Caller(owner, device, number, book.name_of(owner), private)


@lru_cache(maxsize=256)
def _policy(srtp: Protection, codecs: tuple[str, ...] | None) -> MediaPolicy:
    return MediaPolicy(srtp, tuple(name.upper() for name in codecs or ()))


@lru_cache(maxsize=1024)
def _names_of(domain: str) -> frozenset[str]:
    return frozenset({domain.lower(), "localhost"})


def _read(uri: str) -> Uri | None:
    try:
        return parse(uri)
    except PeerError:
        return None


def _serves(book: Snapshot | None, device: str) -> bool:
    core = book.find(DEVICE, device) if book is not None else None
    return core is not None and core.enabled


class Identifier:
    """Who sends an INVITE or REFER: the account that passed digest (ARCHITECTURE decision 6). `own(host, flow)` tells
    whether a literal address is one of ours; emergency calls are ours whatever they are sent to."""

    def __init__(self, house: House, door: Door, now: Callable[[], float], own: Callable[[str, Flow], bool]) -> None:
        self._house = house
        self._door = door
        self._now = now
        self._own = own

    def __call__(self, request: Request, flow: Flow) -> Identified | Refusal:
        verdict = self._door.authenticate(request, flow, self._now())
        if isinstance(verdict, Turned):
            return Refusal(verdict.status, verdict.reason, verdict.headers)
        uri = _read(request.uri)
        company, device = split_key(verdict.device)
        if isinstance(uri, SipUri) and not self._is_ours(company, uri, request, flow):
            return Refusal(404, "Not Found")  # somebody else's domain or address, which is not ours to ring in
        caller = self._house.caller(company, device, private=wants_privacy(request.headers))
        if caller is None:
            return Refusal(403, "Forbidden")
        robot = request.headers.get("User-Agent").startswith(ROBOT)
        return Identified(company, caller, robot)

    def _is_ours(self, company: str, uri: SipUri, request: Request, flow: Flow) -> bool:
        known = self._house.ours(company, uri.host)
        if known and is_address(uri.host):
            known = self._own(uri.host, flow) or _in_front(uri.host, request, flow)
        return known or self._house.vital(request.uri)


def _in_front(host: str, request: Request, flow: Flow) -> bool:
    """Whether an address is that of a proxy through which a request has come: phones know the server by it."""
    if host == flow.remote.host:
        return True
    for text in request.headers.list_of("Record-Route"):
        try:
            uri = parse_name_addr(text).uri
        except PeerError:
            continue
        if isinstance(uri, SipUri) and uri.host == host:
            return True
    return False
