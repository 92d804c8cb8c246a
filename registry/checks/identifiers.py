"""Who an operator says it is: one identifier in the form of EN 319 412-1 section 5.1.4, checked and spelt in one way.

`NTRSE-5560360793` (national register), `VATSE-556036079301` (VAT number), `LEIXG-549300DHPOF90OYYD780` (Legal Entity
Identifier, ISO 17442), `PSDSE-FINA-44059` (payment service provider, ETSI TS 119 495 section 5.2.1). Check digits prove
that a number is spelt right, never that it exists or whose it is: that is for a register to say.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stdnum import lei as stdnum_lei
from stdnum.exceptions import ValidationError

from registry.checks.national_numbers import has_check_digits, is_personal, read_national_number
from registry.checks.vat_numbers import is_vat_country, read_vat_number
from registry.errors import RegistryError

MAX_TEXT: Final = 120
_FORM: Final = re.compile(r"([A-Za-z]{3})([A-Za-z]{2})-([0-9A-Za-z][0-9A-Za-z .,:/_-]{0,99})\Z")
_NATIONAL_SCHEME: Final = re.compile(r"[A-Za-z]{2}:[A-Za-z]{2}-")
_OPAQUE: Final = re.compile(r"[0-9A-Z]([0-9A-Z.:/_-]{0,98}[0-9A-Z])?\Z")
_PSP: Final = re.compile(r"([A-Z]{2,8})-([0-9A-Z][0-9A-Z.:/_-]{0,59})\Z")
_OF_PEOPLE: Final = frozenset({"PNO", "PAS", "IDC", "TIN", "TAX"})
_LEI_COUNTRY: Final = "XG"
_LEI_NEVER: Final = frozenset({"00", "01", "99"})  # MOD 97-10 makes check digits from 02 to 98
_COUNTRY_OF: Final = {"EL": "GR"}  # VAT calls Greece EL; the identifier has the code of ISO 3166


class Scheme(StrEnum):
    """Whose numbers an identifier is of."""

    REGISTER = "NTR"
    VAT = "VAT"
    PAYMENT_SERVICES = "PSD"
    LEI = "LEI"


class Refusal(StrEnum):
    """Why an identifier is not taken."""

    NOT_OF_THIS_FORM = "identifier_form"
    SCHEME_UNKNOWN = "identifier_scheme"
    PERSONAL_NUMBER = "personal_number"
    NUMBER_WRONG = "number_wrong"
    NO_SUCH_VAT = "vat_country"
    COURT_MISSING = "register_court_missing"
    LEI_WRONG = "lei_wrong"
    LEI_COUNTRY = "lei_country"
    PSP_FORM = "psp_form"


class IdentifierRefused(RegistryError):
    """The identifier is not taken; `reason` says why. The message never repeats it: it may be a person's number."""

    def __init__(self, reason: Refusal, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An identifier in its one spelling. `checked` tells whether its country's check digits are known and right."""

    scheme: Scheme
    country: str
    reference: str
    checked: bool

    @property
    def text(self) -> str:
        """The identifier as it is kept and shown."""
        return f"{self.scheme}{self.country}-{self.reference}"


def read_identifier(text: str) -> Identifier:
    """Return the organisation's identifier in its one spelling: capitals, no blanks, no separators its country drops.

    Reading the `text` of what was returned gives the same again. Raises IdentifierRefused.
    """
    found = _FORM.match(text) if len(text) <= MAX_TEXT else None
    if found is None:
        raise _not_of_this_form(text)
    scheme, country, reference = found[1].upper(), found[2].upper(), found[3].strip().upper()
    if scheme in _OF_PEOPLE:
        raise IdentifierRefused(Refusal.PERSONAL_NUMBER, f"{scheme} is the form of a person's number. {_PERSONAL}")
    if scheme not in set(Scheme):
        raise IdentifierRefused(Refusal.SCHEME_UNKNOWN, f"{scheme} is no kind of identifier taken here. {_KINDS}")
    country = _COUNTRY_OF.get(country, country)
    if is_personal(country, reference):
        raise IdentifierRefused(Refusal.PERSONAL_NUMBER, f"This has the form of a person's number. {_PERSONAL}")
    match Scheme(scheme):
        case Scheme.LEI:
            return _read_lei(country, reference)
        case Scheme.VAT:
            return _read_vat(country, reference)
        case Scheme.PAYMENT_SERVICES:
            return _read_psp(country, reference)
        case _:
            return _read_registered(country, reference)


_KINDS: Final = (
    "Use NTR (company register), VAT, LEI or PSD (payment services), such as NTRSE-5560360793 or "
    "LEIXG-549300DHPOF90OYYD780."
)
_PERSONAL: Final = (
    "It would be personal data in a public register, so it is not taken and not kept. A sole trader uses another "
    "identifier that says nothing of the person: a LEI, or a VAT number where that does not hold the person's number "
    "(in Sweden and Spain it does)."
)


def _not_of_this_form(text: str) -> IdentifierRefused:
    if _NATIONAL_SCHEME.match(text):
        return IdentifierRefused(Refusal.SCHEME_UNKNOWN, f"National schemes are not taken. {_KINDS}")
    return IdentifierRefused(
        Refusal.NOT_OF_THIS_FORM,
        "An identifier is three letters for its kind, two for the country, a hyphen, and the number. " + _KINDS,
    )


def _read_lei(country: str, reference: str) -> Identifier:
    if country != _LEI_COUNTRY:
        raise IdentifierRefused(
            Refusal.LEI_COUNTRY, "A LEI belongs to no country: write LEIXG-, then its 20 letters and digits."
        )
    number = reference.replace(" ", "").replace("-", "")
    try:
        right = stdnum_lei.validate(number) == number and len(number) == 20 and number[-2:] not in _LEI_NEVER  # noqa: PLR2004 - ISO 17442
    except ValidationError:
        right = False
    if not right:
        raise IdentifierRefused(
            Refusal.LEI_WRONG,
            "This is no LEI: it has 20 letters and digits, and the last two do not fit the others. "
            "Copy it again from your LEI certificate or from search.gleif.org.",
        )
    return Identifier(scheme=Scheme.LEI, country=country, reference=number, checked=True)


def _read_vat(country: str, reference: str) -> Identifier:
    if not is_vat_country(country):
        raise IdentifierRefused(
            Refusal.NO_SUCH_VAT,
            "VAT numbers of this country cannot be checked here. Use its company register's number (NTR) or a LEI.",
        )
    number = read_vat_number(country, reference)
    if number is None:
        raise IdentifierRefused(
            Refusal.NUMBER_WRONG,
            f"This is no VAT number of {country}: its length or its check digits are wrong. Copy it again from an "
            "invoice or the tax authority's letter, without the country's letters.",
        )
    if is_personal(country, number):
        raise IdentifierRefused(Refusal.PERSONAL_NUMBER, f"This VAT number holds a person's number. {_PERSONAL}")
    return Identifier(scheme=Scheme.VAT, country=country, reference=number, checked=True)


def _read_psp(country: str, reference: str) -> Identifier:
    found = _PSP.match(reference)
    if found is None or not _OPAQUE.match(found[2]):
        raise IdentifierRefused(
            Refusal.PSP_FORM,
            "A payment service provider is named by its authority's letters, a hyphen and the authority's number for "
            "it, such as PSDSE-FINA-44059.",
        )
    if is_personal(country, found[2]):
        raise IdentifierRefused(Refusal.PERSONAL_NUMBER, f"This has the form of a person's number. {_PERSONAL}")
    return Identifier(scheme=Scheme.PAYMENT_SERVICES, country=country, reference=reference, checked=False)


def _read_registered(country: str, reference: str) -> Identifier:
    if has_check_digits(country):
        number = read_national_number(country, reference)
        if number is None:
            raise IdentifierRefused(
                Refusal.NUMBER_WRONG,
                f"This is no number of the company register of {country}: its length or its check digits are wrong. "
                "Copy it again from the certificate of registration.",
            )
        return Identifier(scheme=Scheme.REGISTER, country=country, reference=number, checked=True)
    if country == "DE":
        return _read_german(reference)
    if not _OPAQUE.match(reference):
        raise IdentifierRefused(
            Refusal.NUMBER_WRONG,
            f"A register number of {country} is written with letters, digits and . : / _ - only, without blanks.",
        )
    return Identifier(scheme=Scheme.REGISTER, country=country, reference=reference, checked=False)


_GERMAN: Final = re.compile(r"([A-Z][0-9]{4}[A-Z]?)[.]? ?(HRA|HRB|GNR|PR|VR) ?([1-9][0-9]{0,5})( ?[A-Z]{1,3})?\Z")
_GERMAN_ALONE: Final = re.compile(r"(HRA|HRB|GNR|PR|VR)\b|(HRA|HRB|GNR|PR|VR) ?[0-9]")


def _read_german(reference: str) -> Identifier:
    """Read what follows DE in a European Unique Identifier (Regulation (EU) 2021/1042, annex): K1101R.HRB116737."""
    found = _GERMAN.match(reference)
    if found is None and _GERMAN_ALONE.match(reference):
        raise IdentifierRefused(
            Refusal.COURT_MISSING,
            "Several German courts give out the same number, so the court belongs to it: NTRDE-K1101R.HRB116737, as "
            "the European identifier (EUID) in the register has it. Or use the VAT number or a LEI.",
        )
    if found is None:
        raise IdentifierRefused(
            Refusal.NUMBER_WRONG,
            "This is no number of a German register. Write the European identifier (EUID) without DE, such as "
            "NTRDE-K1101R.HRB116737, or use the VAT number or a LEI.",
        )
    number = f"{found[1]}.{found[2]}{found[3]}{(found[4] or '').strip()}"
    return Identifier(scheme=Scheme.REGISTER, country="DE", reference=number, checked=False)
