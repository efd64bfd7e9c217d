"""Feature codes (FEATURES.md section 13): the default table, and what a company changes of it.

Every code has a main and perhaps an alternate form of at most five characters (1.10). This module must never perform a
code; it says which there are and which one was dialled.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Final, Literal, get_args

from msgspec import field

from vorzimmer.directory.schema import Key
from vorzimmer.directory.types import Code, Emergency, Section

CodeName = Literal[
    "park", "retrieve", "group_park", "group_pickup", "pickup", "barge", "bridge", "call_retrieve",
    "filter_on", "filter_off", "push", "on_behalf", "opt_in", "opt_out", "dnd_on", "dnd_off",
    "forward_always_on", "forward_always_off", "forward_busy_on", "forward_busy_off",
    "forward_no_answer_on", "forward_no_answer_off", "forward_unreachable_on", "forward_unreachable_off",
    "voicemail", "record_start", "record_stop", "record_pause", "lock", "night_on", "night_off", "night_auto",
    "hunt_sign_in", "hunt_sign_out", "call_waiting", "speed_dial", "call_back", "call_back_cancel", "line",
    "hold_private", "park_page", "group_busy", "withhold_number", "voicemail_transfer",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class DefaultCode:
    """One row: `takes` says what is dialled after the code (``digits`` optional unless `needs`), `acts` as for keys."""

    main: str
    alternate: str | None = None
    takes: Literal["", "extension", "number", "digits"] = ""
    needs: bool = False
    acts: bool = False


DEFAULTS: Final[dict[CodeName, DefaultCode]] = {
    "park": DefaultCode("*68", takes="extension"),
    "retrieve": DefaultCode("*88", takes="extension"),
    "group_park": DefaultCode("#58", "*58"),
    "group_pickup": DefaultCode("*98"),
    "pickup": DefaultCode("*97", takes="extension", needs=True),
    "barge": DefaultCode("*33", takes="extension"),
    "bridge": DefaultCode("*15"),
    "call_retrieve": DefaultCode("*11"),
    "filter_on": DefaultCode("#61", "*61"),
    "filter_off": DefaultCode("#62", "*62"),
    "push": DefaultCode("#63", "*63"),
    "on_behalf": DefaultCode("#64", "*64", takes="digits"),
    "opt_in": DefaultCode("#65", "*65", takes="extension"),
    "opt_out": DefaultCode("#66", "*66", takes="extension"),
    "dnd_on": DefaultCode("*78", acts=True),
    "dnd_off": DefaultCode("*79", acts=True),
    "forward_always_on": DefaultCode("*72", takes="number", acts=True),
    "forward_always_off": DefaultCode("*73", acts=True),
    "forward_busy_on": DefaultCode("*90", takes="number", acts=True),
    "forward_busy_off": DefaultCode("*91", acts=True),
    "forward_no_answer_on": DefaultCode("*92", takes="number", acts=True),
    "forward_no_answer_off": DefaultCode("*93", acts=True),
    "forward_unreachable_on": DefaultCode("*94", takes="number", acts=True),
    "forward_unreachable_off": DefaultCode("*95", acts=True),
    "voicemail": DefaultCode("*86"),
    "record_start": DefaultCode("*44"),
    "record_stop": DefaultCode("*45"),
    "record_pause": DefaultCode("*48"),
    "lock": DefaultCode("*27"),
    "night_on": DefaultCode("*26"),
    "night_off": DefaultCode("*25"),
    "night_auto": DefaultCode("*24"),
    "hunt_sign_in": DefaultCode("*28", takes="extension"),
    "hunt_sign_out": DefaultCode("*29", takes="extension"),
    "call_waiting": DefaultCode("*43", acts=True),
    "speed_dial": DefaultCode("*0", takes="digits", needs=True),
    "call_back": DefaultCode("*80"),
    "call_back_cancel": DefaultCode("#8", "*81"),
    "line": DefaultCode("*20", takes="digits"),
    "hold_private": DefaultCode("*21"),
    "park_page": DefaultCode("*22", takes="extension"),
    "group_busy": DefaultCode("*23", takes="extension"),
    "withhold_number": DefaultCode("*67", takes="number", needs=True, acts=True),
    "voicemail_transfer": DefaultCode("*55", takes="extension"),
}
assert set(DEFAULTS) == set(get_args(CodeName))


class CodeSetting(Section, frozen=True):
    """A code that differs from its default. `main` None keeps the default's forms."""

    EMERGENCY: ClassVar = Emergency.GUARDED
    main: Code | None = None
    alternate: Code | None = None
    enabled: bool = True


class FeatureCodes(Section, frozen=True):
    """The section ``feature_codes`` of the company: only what differs. A bare code replaces the main form."""

    EMERGENCY: ClassVar = Emergency.GUARDED
    overrides: dict[CodeName, Code | CodeSetting] = field(default_factory=dict)

    def table(self) -> dict[str, CodeName]:
        """What can be dialled -> which code it is, defaults included."""
        found: dict[str, CodeName] = {}
        for name, default in DEFAULTS.items():
            for code in _forms(default, self.overrides.get(name)):
                found.setdefault(code, name)
        return found

    def split(self, dialled: str) -> tuple[CodeName, str] | None:
        """The code that `dialled` starts with (the longest one) and what follows it; None if it is no code."""
        table = _table(tuple(sorted(self.overrides.items(), key=lambda item: item[0])))
        for length in range(min(5, len(dialled)), 1, -1):
            if name := table.get(dialled[:length]):
                return name, dialled[length:]
        return None

    def conflicts(self) -> list[tuple[str, CodeName, CodeName]]:
        """Forms that two codes share, or that another code begins with while it takes nothing to be dialled after it
        and could not be told apart: (form, one, the other)."""
        forms = [(c, n) for n, d in DEFAULTS.items() for c in _forms(d, self.overrides.get(n))]
        return [
            (code, name, other)
            for code, name in forms
            for longer, other in forms
            if name != other and longer.startswith(code) and (code != longer or name < other)
        ]


def _forms(default: DefaultCode, override: "str | CodeSetting | None") -> tuple[str, ...]:
    if override is None:
        forms: tuple[str | None, ...] = (default.main, default.alternate)
    elif isinstance(override, str):
        forms = (override, default.alternate)
    elif not override.enabled:
        forms = ()
    elif override.main is None:
        forms = (default.main, override.alternate or default.alternate)
    else:
        forms = (override.main, override.alternate)
    return tuple(dict.fromkeys(form for form in forms if form))


@lru_cache(maxsize=256)
def _table(overrides: "tuple[tuple[CodeName, str | CodeSetting], ...]") -> dict[str, CodeName]:
    return FeatureCodes(dict(overrides)).table()


FEATURE_CODES = Key("feature_codes", FeatureCodes, ("company",), bare="overrides")
KEYS = (FEATURE_CODES,)
