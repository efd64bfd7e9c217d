"""Two small companies that look alike: the same users, extensions and device ids, different names and phones."""

from dataclasses import dataclass

PASSWORD = "geheim-und-lang-genug"
USERS = ("anna", "bea", "carl", "dora", "emil")
DEVICES = {"anna": 2, "bea": 2, "carl": 1, "dora": 1, "emil": 1}
EXTENSIONS = {user: str(100 + n) for n, user in enumerate(USERS)}


@dataclass(frozen=True)
class House:
    """One company of the simulation; `net` is the second octet of its phones' addresses."""

    id: str
    net: int
    block: str

    @property
    def domain(self) -> str:
        """Its SIP domain."""
        return f"{self.id}.example"

    def number(self, user: str) -> str:
        """A user's number."""
        return f"{self.block}{EXTENSIONS[user]}"

    def account(self, device: str) -> str:
        """The name that a device logs in with, unique on the server."""
        return f"{self.id}-{device}"

    @property
    def devices(self) -> list[str]:
        """All device ids."""
        return [f"{user}-{n}" for user, count in DEVICES.items() for n in range(1, count + 1)]


NORD = House("nord", 1, "+498999998")
SUED = House("sued", 2, "+498999997")
HOUSES = (NORD, SUED)

SETTINGS = {
    "bea": (
        'forwarding: {busy: {enabled: true, to: "user:carl"}, no_answer: {enabled: true, to: "user:dora", after_s: 12}}'
    ),
    "carl": "call_waiting: false",
    "dora": 'forwarding: {unreachable: {enabled: true, to: "user:emil"}}',
}


def company_file(house: House) -> str:
    """The company as its file."""
    users = "\n".join(_user(house, user) for user in USERS)
    devices = "\n".join(
        f'  - {{id: {device}, owner: "user:{device[:-2]}", kind: sip, username: {house.account(device)},'
        f" password: {PASSWORD}}}"
        for device in house.devices
    )
    return (
        f"company:\n  id: {house.id}\n  name: {house.id.title()} GmbH\n  sip_domain: {house.domain}\n"
        '  country: DE\n  area_code: "89"\n  timezone: Europe/Berlin\n  language: de\n'
        f'  extension_length: {{min: 3, max: 3}}\n  main_number: "{house.block}000"\n'
        f'sites:\n  - {{id: haus, name: Haus, emergency: {{number: "{house.block}000"}}}}\n'
        f"users:\n{users}\ndevices:\n{devices}\n"
    )


def _user(house: House, user: str) -> str:
    more = f", {SETTINGS[user]}" if user in SETTINGS else ""
    return (
        f'  - {{id: {user}, name: {user.title()}, site: haus, extension: "{EXTENSIONS[user]}",'
        f' numbers: [{{number: "{house.number(user)}"}}]{more}}}'
    )


def change(house: House, user: str, setting: str) -> str:
    """A file that changes one setting of one user."""
    return f"company: {{id: {house.id}}}\nusers:\n  - {{id: {user}, {setting}}}\n"


def switch(house: House, device: str, *, on: bool) -> str:
    """A file that switches a device on or off."""
    return f"company: {{id: {house.id}}}\ndevices:\n  - {{id: {device}, enabled: {str(on).lower()}}}\n"


CHANGES = (
    "dnd: true",
    "dnd: false",
    "dnd: false",
    "call_waiting: true",
    "call_waiting: false",
    'forwarding: {always: {enabled: true, to: "user:bea"}}',
    'forwarding: {always: {enabled: true, to: "user:dora"}}',
    "forwarding: {always: {enabled: false}}",
    "forwarding: {always: {enabled: false}}",
    'forwarding: {busy: {enabled: true, to: "user:emil"}}',
    'parallel_ringing: {enabled: true, numbers: ["103"], confirm: false}',
    "parallel_ringing: {enabled: false}",
    "reject_anonymous: true",
)
