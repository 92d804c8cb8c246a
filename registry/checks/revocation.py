"""Was a certificate revoked? The values in which its issuer's answers are judged, and where the issuer is to be asked.

An answer that cannot be used says nothing: neither good nor revoked. It is `Unusable`, and somebody else is asked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

MAX_ADDRESSES: Final = 3
MAX_ADDRESS_CHARACTERS: Final = 1000
CLOCK_TOLERANCE: Final = timedelta(minutes=5)
_WEAK_HASHES: Final = (hashes.MD5, hashes.SHA1)


class UnusableCode(StrEnum):
    """Why an answer about revocation says nothing."""

    UNREADABLE = "unreadable"
    NOT_ANSWERED = "not_answered"
    NOT_SIGNED_BY_ISSUER = "not_signed_by_issuer"
    WEAK_HASH = "weak_hash"
    NOT_YET = "not_yet"
    STALE = "stale"
    ANOTHER_CERTIFICATE = "another_certificate"
    UNKNOWN = "unknown"
    ANOTHER_NONCE = "another_nonce"
    PARTIAL = "partial"


class Unusable(Exception):
    """An answer that says nothing about the certificate; `str()` is a sentence."""

    def __init__(self, code: UnusableCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an issuer said of a certificate: revoked since a time, or not revoked. `reason` as RFC 5280 names it."""

    revoked_at: datetime | None
    reason: str | None
    said_at: datetime

    @property
    def good(self) -> bool:
        """Whether it was not revoked."""
        return self.revoked_at is None


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a certificate says its issuer is asked, http and https only, the first few of each."""

    responders: tuple[str, ...]
    lists: tuple[str, ...]


def addresses_of(certificate: x509.Certificate) -> Addresses:
    """Return where to ask. Anyone can write anything into a certificate: these are a stranger's addresses."""
    return Addresses(_usable(_responders(certificate)), _usable(list_names(certificate)))


def list_names(certificate: x509.Certificate) -> list[str]:
    """Return the addresses of the certificate's CRL distribution points that have no other issuer or fewer reasons."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return []
    whole = [point for point in points if point.crl_issuer is None and point.reasons is None]
    return [
        name.value
        for point in whole
        for name in point.full_name or ()
        if isinstance(name, x509.UniformResourceIdentifier)
    ]


def check_window(begin: datetime, end: datetime, *, at: datetime) -> None:
    """Refuse an answer from the future, or one that a newer should have replaced. Raises Unusable: not_yet, stale."""
    if at + CLOCK_TOLERANCE < begin:
        raise Unusable(UnusableCode.NOT_YET, "the answer is from the future")
    if at - CLOCK_TOLERANCE > end:
        raise Unusable(UnusableCode.STALE, f"the answer was good until {end:%Y-%m-%d %H:%M} UTC only")


def check_hash(signed: x509.CertificateRevocationList | x509.Certificate | ocsp.OCSPResponse) -> None:
    """Refuse what is signed over SHA-1 or MD5. Raises Unusable: weak_hash, unreadable."""
    try:
        weak = isinstance(signed.signature_hash_algorithm, _WEAK_HASHES)
    except UnsupportedAlgorithm:
        raise Unusable(UnusableCode.UNREADABLE, "the answer is signed in a way that is not known") from None
    if weak:
        raise Unusable(UnusableCode.WEAK_HASH, "the answer is signed with a hash that is no longer safe")


def issued_directly(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Tell whether `issuer` signed `certificate`."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _responders(certificate: x509.Certificate) -> list[str]:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return []
    return [
        each.access_location.value
        for each in access
        if each.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(each.access_location, x509.UniformResourceIdentifier)
    ]


def _usable(addresses: Iterable[str]) -> tuple[str, ...]:
    usable = (
        each
        for each in dict.fromkeys(addresses)
        if each.lower().startswith(("http://", "https://"))
        and len(each) <= MAX_ADDRESS_CHARACTERS
        and each.isascii()
        and each.isprintable()
        and " " not in each
    )
    return tuple(usable)[:MAX_ADDRESSES]
