"""Is this certificate made for sealing? What its own fields say, before anybody asks who issued it.

Order matters to whoever reads the refusal: a web server's certificate that has also expired is called a web server's.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from registry.checks.der import MalformedDer
from registry.checks.qc_statements import (
    FOR_PERSONS,
    FOR_SEALS,
    FOR_WEBSITES,
    QC_STATEMENTS,
    QcStatements,
    read_qc_statements,
)
from registry.checks.seal_refusal import SealReason, SealRefused
from sigill.application.algorithms import algorithm_of
from sigill.errors import MalformedKey

_DOCUMENT_SIGNING: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
_SEALING: Final = frozenset({_DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION})
_PERSONAL: Final = frozenset({NameOID.GIVEN_NAME, NameOID.SURNAME, NameOID.PSEUDONYM})
_WEAK_HASHES: Final = (hashes.MD5, hashes.SHA1)


def check_profile(leaf: x509.Certificate, *, at: datetime) -> QcStatements:
    """Return what the certificate states, if it is one for an organisation's seals, valid at `at`.

    Raises SealRefused: web_server_certificate, personal_signature, wrong_purpose, critical_qc_statements, weak_key,
    weak_hash, not_yet_valid, expired, unreadable.
    """
    stated = _statements_of(leaf)
    _check_purpose(leaf, stated)
    _check_strength(leaf)
    check_hashes([leaf])
    if at < leaf.not_valid_before_utc:
        raise SealRefused(SealReason.NOT_YET_VALID, f"from {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC")
    if at > leaf.not_valid_after_utc:
        raise SealRefused(SealReason.EXPIRED, f"on {leaf.not_valid_after_utc:%Y-%m-%d}")
    return stated


def check_qualified(stated: QcStatements, *, required: bool) -> None:
    """Refuse what is no qualified certificate for electronic seals, where one is required. Raises: not_qualified."""
    if required and not stated.qualified_seal:
        raise SealRefused(SealReason.NOT_QUALIFIED)


def check_hashes(certificates: Iterable[x509.Certificate]) -> None:
    """Refuse signatures over SHA-1 and MD5. Raises SealRefused: weak_hash."""
    if any(isinstance(each.signature_hash_algorithm, _WEAK_HASHES) for each in certificates):
        raise SealRefused(SealReason.WEAK_HASH)


def _statements_of(leaf: x509.Certificate) -> QcStatements:
    try:
        stated = read_qc_statements(leaf)
    except MalformedDer as error:
        raise SealRefused(SealReason.UNREADABLE, f"its qualified statements: {error}") from None
    if any(each.critical and each.oid == QC_STATEMENTS for each in leaf.extensions):
        raise SealRefused(SealReason.CRITICAL_QC_STATEMENTS)
    return stated


def _check_purpose(leaf: x509.Certificate, stated: QcStatements) -> None:
    purposes = _purposes(leaf)
    if purposes and not purposes & _SEALING:
        if ExtendedKeyUsageOID.SERVER_AUTH in purposes:
            raise SealRefused(SealReason.WEB_SERVER_CERTIFICATE)
        raise SealRefused(SealReason.WRONG_PURPOSE)
    if ExtendedKeyUsageOID.SERVER_AUTH in purposes or (FOR_WEBSITES in stated.types and FOR_SEALS not in stated.types):
        raise SealRefused(SealReason.WEB_SERVER_CERTIFICATE)
    if stated.types == {FOR_PERSONS} or _PERSONAL & {each.oid for each in leaf.subject}:
        raise SealRefused(SealReason.PERSONAL_SIGNATURE)
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        raise SealRefused(SealReason.WRONG_PURPOSE, "it does not say what its key may be used for") from None
    if not (usage.digital_signature or usage.content_commitment):
        raise SealRefused(SealReason.WRONG_PURPOSE)


def _purposes(leaf: x509.Certificate) -> frozenset[x509.ObjectIdentifier]:
    try:
        return frozenset(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return frozenset()


def _check_strength(leaf: x509.Certificate) -> None:
    try:
        algorithm_of(leaf.public_key())
    except MalformedKey:
        raise SealRefused(SealReason.WEAK_KEY) from None
