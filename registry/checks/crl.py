"""Judging a certificate revocation list (RFC 5280 sections 5 and 6.3): whole lists, signed by the issuer itself."""

from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from registry.checks.certificates import is_authority
from registry.checks.revocation import Standing, Unusable, UnusableCode, check_hash, check_window, list_names

MAX_CRL_BYTES: Final = 4 * 1024 * 1024
_KNOWN_CRITICAL: Final = frozenset({x509.IssuingDistributionPoint.oid})
_PEM: Final = b"-----BEGIN X509 CRL-----"


def judge_crl(data: bytes, *, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> Standing:
    """Say whether `certificate`, issued by `issuer`, is on the list at `at`. A hold counts as revoked.

    Raises Unusable: unreadable, not_signed_by_issuer, weak_hash, not_yet, stale, partial.
    """
    try:
        return _judge(_read(data), certificate=certificate, issuer=issuer, at=at)
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        InvalidSignature,
        x509.DuplicateExtension,
        x509.InvalidVersion,
    ):
        raise Unusable(UnusableCode.UNREADABLE, "the revocation list cannot be read") from None


def _read(data: bytes) -> x509.CertificateRevocationList:
    if len(data) > MAX_CRL_BYTES:
        raise Unusable(UnusableCode.UNREADABLE, f"a revocation list of more than {MAX_CRL_BYTES} bytes")
    if data.lstrip().startswith(_PEM):
        return x509.load_pem_x509_crl(data)
    return x509.load_der_x509_crl(data)


def _judge(
    crl: x509.CertificateRevocationList, *, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
) -> Standing:
    _check_issuer(crl, issuer)
    if crl.next_update_utc is None:
        raise Unusable(UnusableCode.STALE, "the revocation list does not say until when it is good")
    check_window(crl.last_update_utc, crl.next_update_utc, at=at)
    _check_whole(crl, certificate)
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is None:
        return Standing(revoked_at=None, reason=None, said_at=crl.last_update_utc)
    return Standing(revoked_at=entry.revocation_date_utc, reason=_reason(entry), said_at=crl.last_update_utc)


def _check_issuer(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> None:
    check_hash(crl)
    key = issuer.public_key()
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        signed = usage.crl_sign and crl.issuer == issuer.subject and crl.is_signature_valid(key)  # type: ignore[arg-type]
    except x509.ExtensionNotFound:
        signed = False
    if not signed:
        raise Unusable(UnusableCode.NOT_SIGNED_BY_ISSUER, "the revocation list is not signed by the issuer")


def _check_whole(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> None:
    """Refuse lists of some reasons, of other certificates, of changes only, and what demands to be understood."""
    if any(each.critical and each.oid not in _KNOWN_CRITICAL for each in crl.extensions):
        raise Unusable(UnusableCode.PARTIAL, "the revocation list demands that something be understood which is not")
    try:
        scope = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return
    others = scope.only_contains_user_certs if is_authority(certificate) else scope.only_contains_ca_certs
    if others or scope.indirect_crl or scope.only_some_reasons or scope.only_contains_attribute_certs:
        raise Unusable(UnusableCode.PARTIAL, "the revocation list is not of this certificate, or only in part")
    names = {each.value for each in scope.full_name or () if isinstance(each, x509.UniformResourceIdentifier)}
    if scope.relative_name or (scope.full_name and not names & set(list_names(certificate))):
        raise Unusable(UnusableCode.PARTIAL, "the revocation list is of another part of the issuer's certificates")


def _reason(entry: x509.RevokedCertificate) -> str | None:
    if any(each.critical for each in entry.extensions):
        raise Unusable(UnusableCode.PARTIAL, "an entry demands that something be understood which is not")
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except x509.ExtensionNotFound:
        return None
