"""Recipient addresses in one spelling each, so that the sender's and the customer's give the same hash.

    +46 (0)70-123 45 67          -> tel    +46701234567     (E.164)
    Anna.Berg@Example.SE         -> email  anna.berg@example.se
    {"reference": "customer 17"} -> ref    customer 17

The whole e-mail address is lower-cased: customers type it freely, and no mail service of note tells cases apart.
No error message repeats the address.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sigill.errors import MalformedAddress
from sigill.text.characters import category, nfc

MAX_REFERENCE: Final = 128
_MAX_TYPED: Final = 320
_MAX_LOCAL: Final = 64
_MAX_EMAIL: Final = 254
_TRUNK_ZERO: Final = re.compile(r"\(0\)")
_PHONE_NOISE: Final = re.compile(r"[\s().\u2010-\u2015-]+")
_E164: Final = re.compile(r"\+[1-9][0-9]{7,14}\Z")
_ATOM: Final = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}\Z")


class AddressKind(StrEnum):
    """The type of an address, as it enters the recipient's hash."""

    TEL = "tel"
    EMAIL = "email"
    REF = "ref"


@dataclass(frozen=True, slots=True)
class Address:
    """A recipient in its one spelling. Its `repr` does not show it: addresses stay out of logs."""

    kind: AddressKind
    normalised: str = field(repr=False)


def parse_address(value: str | Mapping[str, object]) -> Address:
    """Read a phone number, an e-mail address (a string) or a reference (an object with the one member `reference`).

    Raises MalformedAddress.
    """
    if isinstance(value, Mapping):
        return _parse_reference(value)
    if not isinstance(value, str):
        raise MalformedAddress('a recipient is a text or an object with "reference"')
    if len(value) > _MAX_TYPED:
        raise MalformedAddress(f"a recipient longer than {_MAX_TYPED} characters")
    return _parse_email(value.strip()) if "@" in value else _parse_phone(value)


def _parse_phone(typed: str) -> Address:
    number = _PHONE_NOISE.sub("", _TRUNK_ZERO.sub("", typed))
    if number.startswith("00"):
        number = "+" + number[2:]
    if number.isascii() and number.isdigit():
        raise MalformedAddress("a phone number needs its country code, as in +46 70 123 45 67")
    if not _E164.match(number):
        raise MalformedAddress("neither a phone number of + and 8 to 15 digits nor an e-mail address")
    return Address(AddressKind.TEL, number)


def _parse_email(typed: str) -> Address:
    if not typed.isascii():
        raise MalformedAddress("an e-mail address outside ASCII; write the domain in its xn-- form")
    local, _, domain = typed.lower().rpartition("@")
    if len(typed) > _MAX_EMAIL or len(local) > _MAX_LOCAL:
        raise MalformedAddress(
            f"an e-mail address has at most {_MAX_LOCAL} characters before the @, {_MAX_EMAIL} in all"
        )
    if not _LOCAL.match(local) or not _DOMAIN.match(domain):
        raise MalformedAddress("not an e-mail address as in name@example.com")
    return Address(AddressKind.EMAIL, f"{local}@{domain}")


def _parse_reference(value: Mapping[str, object]) -> Address:
    reference = value.get("reference")
    if len(value) != 1 or not isinstance(reference, str):
        raise MalformedAddress('a reference is an object with one text, "reference"')
    if not 1 <= len(reference) <= MAX_REFERENCE:
        raise MalformedAddress(f"a reference has 1 to {MAX_REFERENCE} characters")
    normalised = nfc(reference)
    unprintable = any(category(character)[0] in "CZ" and character != " " for character in normalised)
    if unprintable or normalised != normalised.strip(" "):
        raise MalformedAddress("a reference has printable characters only, and no blank at its ends")
    return Address(AddressKind.REF, normalised)
