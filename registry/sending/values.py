"""Contact points as they are written: each kind in one spelling, and the key under which it is found.

    phone        +46 8 465 004 10             -> +46846500410                  E.164
    sender_name  Exempel                      -> Exempel                       3GPP TS 23.040 section 9.1.2.5
    mail_domain  Post.Exempelbanken.se        -> post.exempelbanken.se         IDNA 2008
    app          apple:1234567890, google:se.exempel.app                       a store and its id of the app
    handle       instagram:exempelbanken                                       a platform and the name there

A value is its own only spelling: reading it again gives the same. Keys ignore what a reader overlooks: letter case of
sender names, of apps and of handles.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from registry.application import check_text
from registry.checks.domain_names import read_domain
from registry.errors import ApplicationInvalid
from registry.sending.errors import ContactInvalid
from registry.sending.model import ContactKind
from sigill.errors import MalformedAddress
from sigill.policy.jurisdictions import PARENT
from sigill.text.addresses import parse_address

MAX_VALUE: Final = 255
MAX_SENDER: Final = 11
_GSM: Final = frozenset(
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The GSM 7-bit default alphabet (3GPP TS 23.038 section 6.2.1) without its line ends and escape."""
_ANSWERED: Final = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.UAN,
    }
)
"""Kinds of numbers that a code is sent to: none that earns somebody money when it is called."""
_REGIONS: Final[Mapping[str, str]] = {"UK": "GB"}


class Store(StrEnum):
    """Where apps come from."""

    APPLE = "apple"
    GOOGLE = "google"


_APPS: Final[Mapping[str, re.Pattern[str]]] = {
    Store.APPLE: re.compile(r"[1-9][0-9]{5,11}\Z"),
    Store.GOOGLE: re.compile(r"(?=.{3,150}\Z)[a-zA-Z][a-zA-Z0-9_]*(?:\.[a-zA-Z][a-zA-Z0-9_]*)+\Z"),
}
_HANDLES: Final[Mapping[str, re.Pattern[str]]] = {
    "bluesky": re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}\Z"),
    "facebook": re.compile(r"[a-z0-9.]{5,50}\Z"),
    "instagram": re.compile(r"(?!.*\.\.)[a-z0-9_](?:[a-z0-9._]{0,28}[a-z0-9_])?\Z"),
    "linkedin": re.compile(r"[a-z0-9](?:[a-z0-9-]{1,98}[a-z0-9])\Z"),
    "mastodon": re.compile(r"[a-z0-9_]{1,30}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}\Z"),
    "tiktok": re.compile(r"(?!.*\.\Z)[a-z0-9._]{2,24}\Z"),
    "x": re.compile(r"[a-z0-9_]{1,15}\Z"),
    "youtube": re.compile(r"[a-z0-9_](?:[a-z0-9._-]{1,28})[a-z0-9_]\Z"),
}


@dataclass(frozen=True, slots=True)
class ContactValue:
    """A contact point in its one spelling."""

    kind: ContactKind
    value: str

    @property
    def key(self) -> str:
        """Return what it is found by: `phone:+46846500410`, `sender_name:exempel`."""
        return f"{self.kind}:{self.value.casefold()}"


def read_contact(kind: ContactKind, text: str, *, unlisted: bool = False) -> ContactValue:
    """Return the contact point of a kind that `text` names. Raises ContactInvalid.

    `unlisted` lets domains pass whose top level is on no list, as in a demonstration.
    """
    if not 0 < len(text) <= MAX_VALUE or not text.isprintable():
        raise ContactInvalid(f"a contact point has 1 to {MAX_VALUE} printable characters")
    if kind is ContactKind.MAIL_DOMAIN:
        return ContactValue(kind, _read_domain(text, unlisted=unlisted))
    return ContactValue(kind, _READERS[kind](text))


def is_callable(number: str, markets: tuple[str, ...]) -> bool:
    """Tell whether a code may be sent to an E.164 number: one of the operator's markets, and no kind that costs extra.

    A market such as EU stands for its members; a number of no country (+800) is of none.
    """
    parsed = phonenumbers.parse(number, None)
    region = phonenumbers.region_code_for_number(parsed)
    if region is None or phonenumbers.number_type(parsed) not in _ANSWERED:
        return False
    wide = {_REGIONS.get(market, market).partition("-")[0] for market in markets}
    at: str | None = region
    while at is not None:
        if _REGIONS.get(at, at) in wide:
            return True
        at = PARENT.get(at)
    return False


def show_phone(number: str) -> str:
    """Return an E.164 number as people write it: `+46 8 465 004 10`."""
    return phonenumbers.format_number(phonenumbers.parse(number, None), PhoneNumberFormat.INTERNATIONAL)


def _read_phone(text: str) -> str:
    try:
        number = parse_address(text).normalised
        parsed = phonenumbers.parse(number, None)
    except (MalformedAddress, NumberParseException):
        raise ContactInvalid("a phone number is in international form, such as +46 8 465 004 10") from None
    if "@" in number or not phonenumbers.is_valid_number(parsed):
        raise ContactInvalid("there can be no such phone number: its country has no numbers of that form")
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def _read_sender(text: str) -> str:
    if len(text) > MAX_SENDER or not set(text) <= _GSM or not any(map(str.isalpha, text)):
        raise ContactInvalid(f"a sender of text messages has 1 to {MAX_SENDER} GSM characters, one letter at least")
    if text != text.strip() or "  " in text:
        raise ContactInvalid("a sender of text messages has no blanks at its ends, and single ones between")
    return text


def _read_domain(text: str, *, unlisted: bool) -> str:
    try:
        return read_domain(text, unlisted=unlisted)
    except ApplicationInvalid as error:
        raise ContactInvalid(str(error)) from None


def _read_app(text: str) -> str:
    store, _, name = text.partition(":")
    if store not in _APPS or not _APPS[store].match(name):
        raise ContactInvalid("an app is apple: and its number in the store, or google: and its package name")
    return text


def _read_handle(text: str) -> str:
    platform, _, name = text.partition(":")
    lowered = name.removeprefix("@").lower()
    if platform not in _HANDLES or not _HANDLES[platform].match(lowered):
        raise ContactInvalid(f"a handle is platform:name, as in x:exempel; platforms are {', '.join(_HANDLES)}")
    return f"{platform}:{lowered}"


_READERS: Final[Mapping[ContactKind, Callable[[str], str]]] = {
    ContactKind.PHONE: _read_phone,
    ContactKind.SENDER_NAME: _read_sender,
    ContactKind.APP: _read_app,
    ContactKind.HANDLE: _read_handle,
}


def read_note(what: str, text: str) -> str:
    """Return a registrar's reason: one line of 1 to 500 printable characters. Raises ContactInvalid."""
    try:
        return check_text(what, text, at_most=500)
    except ApplicationInvalid as error:
        raise ContactInvalid(str(error)) from None
