"""Times and places in the customer's language; a time always names its zone. Pure."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_name

from sigill.vocabulary import Language

_LOCALES: Final = {Language.EN: "en_GB"}  # the day before the month, and 24 hours
_TERRITORIES: Final = {"UK": "GB"}


def tell_time(at: datetime, *, language: Language, zone: ZoneInfo) -> str:
    """Return an aware time as `22 November 2026, 13:00 (Central European Standard Time)`."""
    name = get_timezone_name(at.astimezone(zone), width="long", locale=_locale(language))
    return f"{_tell_clock(at, language, zone)} ({name})"


def tell_time_shortly(at: datetime, *, language: Language, zone: ZoneInfo) -> str:
    """Return an aware time as `22 November 2026, 13:00 CET`, for people who read many of them."""
    name = get_timezone_name(at.astimezone(zone), width="short", locale=_locale(language))
    return f"{_tell_clock(at, language, zone)} {name}"


def _tell_clock(at: datetime, language: Language, zone: ZoneInfo) -> str:
    local, locale = at.astimezone(zone), _locale(language)
    return f"{format_date(local, 'long', locale=locale)}, {format_time(local, 'short', locale=locale)}"


def tell_day(at: datetime, *, language: Language, zone: ZoneInfo) -> str:
    """Return the day an aware time falls on in `zone`, as `22 November 2026`."""
    return format_date(at.astimezone(zone), "long", locale=_locale(language))


def tell_date(day: date, *, language: Language) -> str:
    """Return a day of the calendar as `22 November 2026`."""
    return format_date(day, "long", locale=_locale(language))


def tell_place(jurisdiction: str, *, language: Language) -> str:
    """Return a jurisdiction's name: `Sverige` for SE, `USA (CA)` for US-CA; a code that has none as it is."""
    country, _, part = jurisdiction.partition("-")
    name = _locale(language).territories.get(_TERRITORIES.get(country, country), country)
    return f"{name} ({part})" if part else name


def _locale(language: Language) -> Locale:
    return Locale.parse(_LOCALES.get(language, language.value))
