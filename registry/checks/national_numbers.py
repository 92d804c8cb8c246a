"""Numbers that a country gives to its companies, and those it gives to its people, which have no place in a register.

The rules of check digits are python-stdnum's, each from its country's authority. Where a country gives people and
companies numbers of one form (Croatia, Slovakia), none can tell them apart.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from stdnum.at import businessid as at_businessid
from stdnum.be import nn as be_nn
from stdnum.be import vat as be_vat
from stdnum.bg import egn as bg_egn
from stdnum.ch import uid as ch_uid
from stdnum.cz import rc as cz_rc
from stdnum.de import idnr as de_idnr
from stdnum.dk import cpr as dk_cpr
from stdnum.dk import cvr as dk_cvr
from stdnum.ee import ik as ee_ik
from stdnum.ee import registrikood as ee_registrikood
from stdnum.es import cif as es_cif
from stdnum.es import dni as es_dni
from stdnum.es import nie as es_nie
from stdnum.exceptions import ValidationError
from stdnum.fi import hetu as fi_hetu
from stdnum.fi import ytunnus as fi_ytunnus
from stdnum.fr import nir as fr_nir
from stdnum.fr import siren as fr_siren
from stdnum.lt import asmens as lt_asmens
from stdnum.no import fodselsnummer as no_fodselsnummer
from stdnum.no import orgnr as no_orgnr
from stdnum.pl import pesel as pl_pesel
from stdnum.ro import cnp as ro_cnp
from stdnum.se import orgnr as se_orgnr


class _Numbers(Protocol):
    """A module of stdnum."""

    def validate(self, number: str) -> str:
        """Return the number in its compact form. Raises ValidationError."""

    def is_valid(self, number: str) -> bool:
        """Tell whether its form and its check digits are right."""


_COMPANIES: Final[Mapping[str, _Numbers]] = {
    "AT": at_businessid,
    "BE": be_vat,
    "CH": ch_uid,
    "DK": dk_cvr,
    "EE": ee_registrikood,
    "ES": es_cif,
    "FI": fi_ytunnus,
    "FR": fr_siren,
    "NO": no_orgnr,
    "SE": se_orgnr,
}
_PEOPLE: Final[Mapping[str, tuple[_Numbers, ...]]] = {
    "BE": (be_nn,),
    "BG": (bg_egn,),
    "CZ": (cz_rc,),
    "DE": (de_idnr,),
    "DK": (dk_cpr,),
    "EE": (ee_ik,),
    "ES": (es_dni, es_nie),
    "FI": (fi_hetu,),
    "FR": (fr_nir,),
    "LT": (lt_asmens,),
    "NO": (no_fodselsnummer,),
    "PL": (pl_pesel,),
    "RO": (ro_cnp,),
}
_PUNCTUATION: Final = str.maketrans("", "", " -.+/")
_SWEDISH: Final = re.compile(r"(?:16|19|20)?([0-9]{2})([0-9]{2})[0-9]{6}(?:01)?\Z")
_LOWEST_ORGANISATION: Final = 20  # the third and fourth digit of a Swedish organisation number; a month is lower
_SPANISH_PEOPLE: Final = re.compile(r"[KLM][0-9]{7}[A-Z]\Z")  # people without a DNI or NIE, says the tax agency
_ITALIAN_PERSON: Final = re.compile(r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]\Z")
_LATVIAN_PERSON: Final = re.compile(r"[0-3][0-9]{10}\Z")  # companies' numbers begin with 4 or more
_PORTUGUESE_PERSON: Final = re.compile(r"(?:[123]|45)[0-9]+\Z")  # what the tax authority gives to people begins so


def _is_swedish_person(number: str) -> bool:
    found = _SWEDISH.match(number)
    return found is not None and int(found[2]) < _LOWEST_ORGANISATION


_SHAPES_OF_PEOPLE: Final[Mapping[str, Callable[[str], object]]] = {
    "ES": _SPANISH_PEOPLE.match,
    "IT": _ITALIAN_PERSON.match,
    "LV": _LATVIAN_PERSON.match,
    "PT": _PORTUGUESE_PERSON.match,
    "SE": _is_swedish_person,
}


def has_check_digits(country: str) -> bool:
    """Tell whether the check digits of this country's company numbers are known here."""
    return country in _COMPANIES


def read_national_number(country: str, number: str) -> str | None:
    """Return a company's number in its compact form; None where its length or check digits are wrong.

    A Swedish number may have 16 before it, as authorities write it in twelve digits; it is dropped.
    """
    bare = number.translate(_PUNCTUATION)
    if country == "SE" and len(bare) == 12 and bare.startswith("16"):  # noqa: PLR2004 - the long form
        number = bare[2:]
    if country == "AT":
        found = read_with(at_businessid, number.lower())  # its letter is a small one on paper
        return None if found is None else found.upper()
    return read_with(_COMPANIES[country], number)


def read_with(numbers: _Numbers, number: str) -> str | None:
    """Return what `numbers` makes of a number, None where it is wrong or has a second spelling."""
    try:
        compact = numbers.validate(number)
        return compact if compact.isascii() and compact.isalnum() and numbers.validate(compact) == compact else None
    except ValidationError:
        return None


def is_personal(country: str, number: str) -> bool:
    """Tell whether a number has the form of one that this country gives to people.

    In Sweden the form is enough, whatever the check digit: one typed wrong is as personal, and so is the VAT number
    that holds it (12 digits, 01 at the end).
    """
    bare = number.translate(_PUNCTUATION)
    if country in {"DK", "FI"}:
        bare = number.replace(" ", "")  # the sign between birthday and serial number is part of these
    shape = _SHAPES_OF_PEOPLE.get(country)
    if shape is not None and shape(bare):
        return True
    return any(numbers.is_valid(bare) for numbers in _PEOPLE.get(country, ()))
