"""Public holidays of countries and regions, and feasts that only some places or companies keep.

Which days are public is the library's knowledge, names included; here are only feasts that it leaves to municipalities
and custom, and English names for German ones. A region that nobody knows raises, it never just does not match
(FEATURES.md NF-7). This module must never read a file.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, timedelta
from functools import lru_cache, partial
from typing import Final, NamedTuple

import holidays

from vorzimmer.kernel.errors import VorzimmerError


class UnknownRegionError(VorzimmerError):
    """No public holidays are known for this country and region."""


class Feast(NamedTuple):
    """A feast by year, with its German and English name."""

    day: Callable[[int], date]
    german: str
    english: str


def easter(year: int) -> date:
    """Easter Sunday (Gregorian; the anonymous algorithm of 1876). `year` is 1583 to 9999."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    month, day = divmod(h + m - 7 * ((a + 11 * h + 22 * m) // 451) + 114, 31)
    return date(year, month, day + 1)


def _fixed(year: int, *, month: int, day: int) -> date:
    return date(year, month, day)


def _after_easter(year: int, *, days: int) -> date:
    return easter(year) + timedelta(days)


def _repentance(year: int) -> date:
    """The Wednesday between 16 and 22 November."""
    return next(date(year, 11, day) for day in range(16, 23) if date(year, 11, day).weekday() == 2)


def _on(month: int, day: int) -> Callable[[int], date]:
    return partial(_fixed, month=month, day=day)


def _easter(days: int) -> Callable[[int], date]:
    return partial(_after_easter, days=days)


FEASTS: Final[Mapping[str, Feast]] = {
    "epiphany": Feast(_on(1, 6), "Heilige Drei Könige", "Epiphany"),
    "rose_monday": Feast(_easter(-48), "Rosenmontag", "Rose Monday"),
    "shrove_tuesday": Feast(_easter(-47), "Faschingsdienstag", "Shrove Tuesday"),
    "ash_wednesday": Feast(_easter(-46), "Aschermittwoch", "Ash Wednesday"),
    "womens_day": Feast(_on(3, 8), "Frauentag", "Women's Day"),
    "maundy_thursday": Feast(_easter(-3), "Gründonnerstag", "Maundy Thursday"),
    "easter_sunday": Feast(_easter(0), "Ostersonntag", "Easter Sunday"),
    "whit_sunday": Feast(_easter(49), "Pfingstsonntag", "Whit Sunday"),
    "corpus_christi": Feast(_easter(60), "Fronleichnam", "Corpus Christi"),
    "peace_festival": Feast(_on(8, 8), "Augsburger Hohes Friedensfest", "Augsburg Peace Festival"),
    "assumption": Feast(_on(8, 15), "Mariä Himmelfahrt", "Assumption Day"),
    "childrens_day": Feast(_on(9, 20), "Weltkindertag", "World Children's Day"),
    "reformation_day": Feast(_on(10, 31), "Reformationstag", "Reformation Day"),
    "all_saints": Feast(_on(11, 1), "Allerheiligen", "All Saints' Day"),
    "repentance_day": Feast(_repentance, "Buß- und Bettag", "Repentance and Prayer Day"),
    "christmas_eve": Feast(_on(12, 24), "Heiligabend", "Christmas Eve"),
    "new_years_eve": Feast(_on(12, 31), "Silvester", "New Year's Eve"),
}
"""Word of the company file -> feast."""

_PUBLIC: Final = {
    "Neujahr": "New Year's Day",
    "Karfreitag": "Good Friday",
    "Ostermontag": "Easter Monday",
    "Erster Mai": "Labour Day",
    "Staatsfeiertag": "National Holiday",
    "Christi Himmelfahrt": "Ascension Day",
    "Auffahrt": "Ascension Day",
    "Pfingstmontag": "Whit Monday",
    "Tag der Deutschen Einheit": "German Unity Day",
    "Erster Weihnachtstag": "Christmas Day",
    "Zweiter Weihnachtstag": "Second Day of Christmas",
    "Christtag": "Christmas Day",
    "Stefanitag": "St. Stephen's Day",
    "Stephanstag": "St. Stephen's Day",
    "Weihnachten": "Christmas Day",
    "Nationalfeiertag": "National Day",
    "Bundesfeier": "National Day",
    "Mariä Empfängnis": "Immaculate Conception",
    "Dreikönigstag": "Epiphany",
    "Berchtoldstag": "Berchtold's Day",
    "Neujahrstag": "New Year's Day",
    "Tag der Arbeit": "Labour Day",
    "Bettagsmontag": "Monday of Prayer",
    "Genfer Bettag": "Genevan Fast",
    "Bruder Klaus": "Saint Nicholas of Flüe",
    "Peter und Paul": "Saints Peter and Paul",
    "Näfelser Fahrt": "Battle of Näfels Day",
    "Knabenschiessen": "Knabenschiessen festival",
    "Fest der Unabhängigkeit": "Independence Day",
    "Jahrestag der Ausrufung der Republik": "Republic Day",
    "Wiederherstellung der Republik": "Restoration of the Republic",
    "75. Jahrestag des Aufstandes vom 17. Juni 1953": "75th anniversary of the uprising of 17 June 1953",
    "Josefstag": "St. Joseph's Day",
    "Tag der Befreiung": "Liberation Day",
    "80. Jahrestag der Befreiung vom Nationalsozialismus und der Beendigung des Zweiten Weltkriegs in Europa": (
        "80th anniversary of the liberation from National Socialism and the end of the Second World War in Europe"
    ),
}
_ENGLISH: Final = {**_PUBLIC, **{feast.german: feast.english for feast in FEASTS.values()}}


def feast_name(german: str, language: str) -> str:
    """The name of a holiday in a language; as it is where nobody has translated it."""
    if language != "en":
        return german
    return "; ".join(_ENGLISH.get(part, part) for part in german.split("; "))


@lru_cache(maxsize=1024)
def public_holidays(country: str, region: str, year: int) -> Mapping[date, str]:
    """The public holidays of a region (``BY``) with their names, movable ones included; of the whole country for an
    empty region. Raises UnknownRegionError. The same arguments always give the same days."""
    try:
        found = _wordless(country)(subdiv=region or None, years=year, expand=False)
    except (NotImplementedError, AttributeError) as error:
        raise UnknownRegionError(f"{country} {region}".strip()) from error
    return {day: str(name) for day, name in sorted(found.items())}


def make_ready(country: str) -> None:
    """Load what is known of a country. The first question about one takes about 150 ms: ask it before calls run."""
    with suppress(UnknownRegionError):
        public_holidays(country, "", 2000)


@lru_cache(maxsize=64)
def _wordless(country: str) -> type[holidays.HolidayBase]:
    """The library's calendar of a country without translations: those are files; this room reads none."""
    entity = getattr(holidays, country)

    def no_names(self: holidays.HolidayBase) -> None:
        self.tr = lambda message: message

    return type(country, (entity.get_entity(),), {"_init_translation": no_names})


@lru_cache(maxsize=4096)
def day_in(word: str, year: int) -> date | None:
    """The day that a word of the company file means in a year: ``2026-12-24``, ``12-24`` or a feast; None where it is
    no day of that year (29 February, another year)."""
    if word in FEASTS:
        return FEASTS[word].day(year)
    text = word if len(word) == len("2026-12-24") else f"{year:04}-{word}"
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year == year else None
