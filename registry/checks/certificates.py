"""Reading certificates from outside: bounded, and each read to its last extension before anything trusts it.

A certificate's extensions are parsed only when they are asked for; what is malformed there is found here, once, so
that everything after this module works with certificates that can be read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from registry.checks.seal_refusal import SealReason, SealRefused

MAX_BUNDLE_BYTES: Final = 128 * 1024
MAX_CERTIFICATE_BYTES: Final = 16 * 1024
MAX_CERTIFICATES: Final = 10
MAX_ANCHORS: Final = 1000
MAX_ANCHOR_BYTES: Final = 8 * 1024 * 1024
_PEM: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----[^-]*-----END \1-----")
_CERTIFICATE: Final = b"CERTIFICATE"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What an operator sent: its own certificate, and others that may have issued it. Nothing is verified."""

    leaf: x509.Certificate
    others: tuple[x509.Certificate, ...]


def read_bundle(data: bytes) -> Bundle:
    """Read PEM in any order, or one DER certificate; the operator's is the only one that is no authority's.

    Raises SealRefused: unreadable, too_large, no_seal_certificate, several_seal_certificates.
    """
    if len(data) > MAX_BUNDLE_BYTES:
        raise SealRefused(SealReason.TOO_LARGE, f"{len(data)} bytes; at most {MAX_BUNDLE_BYTES} are read")
    ders = _split_pem(data) if b"-----BEGIN" in data else (data,)
    certificates = read_certificates(ders)
    ends = [each for each in certificates if not is_authority(each)]
    if not ends:
        raise SealRefused(SealReason.NO_SEAL_CERTIFICATE)
    if len(ends) > 1:
        raise SealRefused(SealReason.SEVERAL_SEAL_CERTIFICATES)
    return Bundle(ends[0], tuple(each for each in certificates if each is not ends[0]))


def read_chain(ders: Sequence[bytes]) -> Bundle:
    """Read the `x5c` of a JWS, where the signer's certificate comes first. Raises SealRefused as `read_bundle`."""
    first, *others = read_certificates(ders)
    if is_authority(first):
        raise SealRefused(SealReason.NO_SEAL_CERTIFICATE)
    return Bundle(first, tuple(others))


def read_certificates(ders: Sequence[bytes]) -> tuple[x509.Certificate, ...]:
    """Read 1 to `MAX_CERTIFICATES` DER certificates whole. Raises SealRefused: unreadable, too_large."""
    if len(ders) > MAX_CERTIFICATES:
        raise SealRefused(SealReason.TOO_LARGE, f"at most {MAX_CERTIFICATES} certificates are read")
    if not ders:
        raise SealRefused(SealReason.UNREADABLE)
    return tuple(read_certificate(der) for der in ders)


def read_certificate(der: bytes) -> x509.Certificate:
    """Read one DER certificate whole. Raises SealRefused: unreadable, too_large, weak_key, weak_hash."""
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise SealRefused(SealReason.TOO_LARGE, f"a certificate has at most {MAX_CERTIFICATE_BYTES} bytes")
    try:
        certificate = x509.load_der_x509_certificate(der)
        _ = (certificate.subject, certificate.issuer, certificate.extensions, certificate.serial_number)
        _ = (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion):
        raise SealRefused(SealReason.UNREADABLE) from None
    try:
        certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise SealRefused(SealReason.WEAK_KEY) from None
    try:
        _ = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        raise SealRefused(SealReason.WEAK_HASH) from None
    return certificate


def read_anchors(data: bytes) -> tuple[x509.Certificate, ...]:
    """Read the PEM file of the authorities a guarantor trusts. Raises ValueError with a sentence for the guarantor."""
    if len(data) > MAX_ANCHOR_BYTES:
        raise ValueError(f"the trusted authorities are more than {MAX_ANCHOR_BYTES} bytes")
    try:
        anchors = tuple(x509.load_pem_x509_certificates(data))
        authorities = [is_authority(each) for each in anchors]
    except (ValueError, x509.DuplicateExtension, x509.InvalidVersion) as error:
        raise ValueError("the trusted authorities cannot be read as PEM certificates") from error
    if len(anchors) > MAX_ANCHORS:
        raise ValueError(f"more than {MAX_ANCHORS} trusted authorities")
    if not all(authorities):
        raise ValueError("one of the trusted authorities is not an authority's certificate (CA:TRUE)")
    return anchors


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate says that it may issue others."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _split_pem(data: bytes) -> tuple[bytes, ...]:
    """Return the DER of each PEM block, none of which may be anything but a certificate."""
    blocks = _PEM.findall(data)
    if len(blocks) != data.count(b"-----BEGIN") or any(label != _CERTIFICATE for label in blocks):
        raise SealRefused(SealReason.UNREADABLE, "a PEM file with certificates and nothing else, no keys")
    if len(blocks) > MAX_CERTIFICATES:
        raise SealRefused(SealReason.TOO_LARGE, f"at most {MAX_CERTIFICATES} certificates are read")
    return tuple(_der_of(match.group()) for match in _PEM.finditer(data))


def _der_of(block: bytes) -> bytes:
    try:
        return x509.load_pem_x509_certificate(block).public_bytes(serialization.Encoding.DER)
    except (ValueError, x509.InvalidVersion):
        raise SealRefused(SealReason.UNREADABLE) from None
