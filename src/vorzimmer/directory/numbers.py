"""Telephone numbers: what is dialled becomes E.164 by the company's country, area code and outside prefix.

Emergency numbers come first everywhere (ARCHITECTURE decision 9): `NumberPlan.emergency` is asked before anything else.
This module must never look into a company's records.
"""

import re
from functools import lru_cache
from typing import Final, Literal

import msgspec
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

from vorzimmer.directory.model import Company

CallType = Literal["internal", "local", "national", "mobile", "toll_free", "international", "premium", "special"]

NumberForm = Literal["e164", "international", "digits", "national"]

_SEPARATORS: Final = re.compile(r"[\s().\-/]")
_DIALLED: Final = re.compile(r"^\+?[0-9]{2,20}\Z")
_E164: Final = re.compile(r"^\+[1-9][0-9]{3,14}\Z")
_EVERYWHERE: Final = "112"
_TOO_SHORT: Final = frozenset({ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY})
_FURTHER: Final[dict[str, tuple[str, ...]]] = {"AT": ("128", "140"), "CH": ("1414",), "LI": ("1414",)}
"""Gas and mountain rescue, which people dial in need and the numbering data leaves out."""
_BY_TYPE: Final[dict[int, CallType]] = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.PAGER: "mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "special",
    PhoneNumberType.UAN: "special",
    PhoneNumberType.VOICEMAIL: "special",
    PhoneNumberType.PERSONAL_NUMBER: "special",
}


@lru_cache(maxsize=256)
def emergency_numbers(country: str) -> tuple[str, ...]:
    """The emergency numbers of a country (``DE``: 110 and 112), by the numbering data of phonenumbers. 112 counts
    everywhere, also for a country that the data does not know."""
    known = {n for n in map(str, range(10, 1000)) if phonenumbers.is_emergency_number(n, country)}
    return tuple(sorted({_EVERYWHERE} | known | set(_FURTHER.get(country, ()))))


def hides_emergency(digits: str, country: str) -> str | None:
    """The emergency number that `digits` equal or begin with; such extensions, codes and keys are refused."""
    return next((number for number in emergency_numbers(country) if digits.startswith(number)), None)


def clean(dialled: str) -> str:
    """`dialled` without the separators that people write."""
    return dialled if dialled.isalnum() else _SEPARATORS.sub("", dialled)


class NumberPlan(msgspec.Struct, frozen=True):
    """How a company dials. `outside_prefix` None: outside numbers are dialled without a prefix."""

    country: str = "DE"
    area_code: str = ""
    outside_prefix: str | None = None
    shortest: int = 3
    longest: int = 4

    @classmethod
    def of(cls, company: Company) -> "NumberPlan":
        """The plan of a company's record."""
        length = company.extension_length
        return cls(company.country, company.area_code, company.outside_prefix or None, length.min, length.max)

    def emergency(self, dialled: str) -> str | None:
        """The emergency number meant by `dialled`, with or without the outside prefix; None if it is none."""
        digits = clean(dialled)
        numbers = emergency_numbers(self.country)
        if digits in numbers:
            return digits
        inner = digits.removeprefix(self.outside_prefix) if self.outside_prefix else digits
        return inner if inner in numbers else None

    def looks_internal(self, dialled: str) -> bool:
        """Whether `dialled` has the shape of an extension of this company."""
        return dialled.isascii() and dialled.isdigit() and self.shortest <= len(dialled) <= self.longest

    def normalise(self, dialled: str) -> str | None:
        """What was dialled as E.164; None if it is no outside number. Extensions and codes are asked before; without an
        outside prefix what is as short as an extension is none either, unless it is a special number like 115."""
        digits = clean(dialled)
        if not _DIALLED.match(digits):
            return None
        if digits.startswith("+"):
            return self._parsed(digits)
        if self.outside_prefix:
            if not digits.startswith(self.outside_prefix):
                return None
            digits = digits.removeprefix(self.outside_prefix)
        return self._national(digits)

    def incomplete(self, dialled: str) -> bool:
        """Whether what was dialled begins like an outside number and has too few digits yet (RFC 3261: 484)."""
        digits = clean(dialled)
        if not _DIALLED.match(digits) or self.emergency(digits):
            return False
        if self.outside_prefix and not digits.startswith("+"):
            if not digits.startswith(self.outside_prefix):
                return False
            digits = digits.removeprefix(self.outside_prefix)
        if not digits.startswith(("+", "0")):
            return False
        number = _parse(digits, self.country)
        return number is None or phonenumbers.is_possible_number_with_reason(number) in _TOO_SHORT

    def on_wire(self, number: str, form: NumberForm = "e164") -> str:
        """An E.164 number as a trunk wants it: +4989…, 004989…, 4989…, 089…. Emergency and short service numbers stay
        as they are dialled (``112``, ``115``): they exist within the country only."""
        code = f"+{phonenumbers.country_code_for_region(self.country)}"
        if not _E164.match(number):
            return number
        home = number.startswith(code)
        if home and phonenumbers.is_valid_short_number_for_region(_short(number, self.country), self.country):
            return number.removeprefix(code)
        abroad = f"00{number[1:]}"
        if form == "national":
            trunk = phonenumbers.ndd_prefix_for_region(self.country, True) or ""
            return trunk + number.removeprefix(code) if home else abroad
        return {"e164": number, "international": abroad, "digits": number[1:]}[form]

    def received(self, number: str) -> str | None:
        """A number as a trunk delivers it, as E.164: +49…, 0049…, 089… or 4989…; None if it cannot be read."""
        digits = clean(number)
        if not _DIALLED.match(digits):
            return None
        code = str(phonenumbers.country_code_for_region(self.country))
        if digits[:1] not in {"+", "0"} and digits.startswith(code) and (found := self._parsed(f"+{digits}")):
            return found
        return self._parsed(digits)

    def call_type(self, e164: str) -> CallType:
        """The type of an outside number for calling plans (FEATURES.md CP-1)."""
        own = f"+{phonenumbers.country_code_for_region(self.country)}"
        if not e164.startswith(own):
            return "international"
        if phonenumbers.is_valid_short_number(_short(e164, self.country)):
            return "special"
        found = _BY_TYPE.get(phonenumbers.number_type(phonenumbers.parse(e164, None)))
        if found:
            return found
        return "local" if self.area_code and e164.startswith(own + self.area_code) else "national"

    def show(self, e164: str) -> str:
        """A number as people of this country write it: national at home, international abroad."""
        try:
            number = phonenumbers.parse(e164, None)
        except NumberParseException:
            return e164
        home = phonenumbers.country_code_for_region(self.country) == number.country_code
        return phonenumbers.format_number(
            number, PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
        )

    def _national(self, digits: str) -> str | None:
        if self.emergency(digits):
            return None
        code = phonenumbers.country_code_for_region(self.country)
        short = _parse(digits, self.country)
        if short and phonenumbers.is_valid_short_number_for_region(short, self.country):
            return f"+{code}{digits}"
        if self.outside_prefix is None and self.looks_internal(digits):
            return None
        trunk = phonenumbers.ndd_prefix_for_region(self.country, True) or ""
        if self.area_code and not digits.startswith(("0", trunk or "0")):
            return self._parsed(f"{trunk}{self.area_code}{digits}") or self._parsed(digits)
        return self._parsed(digits)

    def _parsed(self, digits: str) -> str | None:
        number = _parse(digits, self.country)
        if number is None or phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
            return None
        if str(number.national_number) in emergency_numbers(self.country):
            return None
        text = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        return text if _E164.match(text) else None


def _parse(digits: str, country: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(digits, country)
    except NumberParseException:
        return None


def _short(e164: str, country: str) -> phonenumbers.PhoneNumber:
    code = phonenumbers.country_code_for_region(country)
    return phonenumbers.PhoneNumber(country_code=code, national_number=int(e164.removeprefix(f"+{code}") or 0))
