"""Whose certificate is it? The organisation identifier decides (ETSI EN 319 412-1 section 5.1.4), the name is compared.

    NTRSE-556016-0680   VATSE-556016068001   PSDSE-FINA-44059   LEIXG-529900T8BM49AURSDO55   NTRDE+BY-HRB 12345

Issuers write registers' numbers with and without the separators that people use, so those do not count; in numbers of
payment institutions (PSD), whose parts are divided by hyphens, they do.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from registry.checks.seal_refusal import SealReason, SealRefused

MAX_SHOWN: Final = 200
_IDENTIFIER: Final = re.compile(r"([A-Z]{3}[A-Z]{2}|[A-Z]{2}:[A-Z]{2})(\+[A-Z0-9]{1,3})?-(.{1,100})", re.DOTALL)
_SEPARATORS: Final = re.compile(r"[\s.\-/]")
_PAYMENT: Final = "PSD"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealSubject:
    """The organisation in a certificate, as the issuer wrote it; printable and bounded."""

    organisation: str
    identifier: str
    country: str


def read_subject(leaf: x509.Certificate) -> SealSubject:
    """Read who a certificate is for. Raises SealRefused: no_identifier, unreadable."""
    identifiers = _values(leaf.subject, NameOID.ORGANIZATION_IDENTIFIER)
    if not identifiers:
        raise SealRefused(SealReason.NO_IDENTIFIER)
    organisations = _values(leaf.subject, NameOID.ORGANIZATION_NAME)
    if len(identifiers) > 1 or len(organisations) != 1:
        raise SealRefused(SealReason.UNREADABLE, "it names more than one organisation, or none")
    countries = _values(leaf.subject, NameOID.COUNTRY_NAME)
    return SealSubject(organisation=organisations[0], identifier=identifiers[0], country=" ".join(countries)[:2])


def check_identifier(subject: SealSubject, *, identifiers: Collection[str]) -> None:
    """Refuse a certificate whose identifier is none of `identifiers`. Raises SealRefused: identifier_differs."""
    if comparable_identifier(subject.identifier) not in {comparable_identifier(each) for each in identifiers}:
        raise SealRefused(SealReason.IDENTIFIER_DIFFERS, f"the certificate says {subject.identifier}")


def comparable_identifier(identifier: str) -> str:
    """Return an identifier such that two of one organisation and register are equal; itself where it has no form."""
    text = identifier.strip().upper()
    match = _IDENTIFIER.fullmatch(text)
    if match is None or text.startswith(_PAYMENT):
        return text
    return f"{match[1]}{match[2] or ''}-{_SEPARATORS.sub('', match[3])}"


def names_agree(one: str, other: str) -> bool:
    """Tell whether two names are the same but for case, spacing, punctuation and width of characters."""
    return _folded(one) == _folded(other)


def shown_name(name: x509.Name) -> str:
    """Return a certificate's name as one printable line (RFC 4514), cut to `MAX_SHOWN` characters."""
    try:
        text = name.rfc4514_string()
    except (ValueError, TypeError):
        return "(a name that cannot be shown)"
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)[:MAX_SHOWN]


def _values(name: x509.Name, oid: x509.ObjectIdentifier) -> list[str]:
    values = [each.value for each in name.get_attributes_for_oid(oid)]
    for value in values:
        if not isinstance(value, str) or not 0 < len(value) <= MAX_SHOWN or not value.isprintable():
            raise SealRefused(SealReason.UNREADABLE, "its name holds characters that cannot be shown, or too many")
    return [value for value in values if isinstance(value, str)]


def _folded(name: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKC", name).casefold() if each.isalnum())
