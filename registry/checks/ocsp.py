"""Asking by OCSP and judging the answer (RFC 6960): signed by the issuer, or by a responder that it made for that.

The request names the certificate by SHA-1 hashes of its issuer, as RFC 5019 has it and many responders demand; nothing
rests on their strength, for the answer must carry the issuer's name and key by hash and be signed over SHA-2.
"""

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from registry.checks.der import read_sequence
from registry.checks.revocation import Standing, Unusable, UnusableCode, check_hash, check_window, issued_directly

MAX_ANSWER_BYTES: Final = 64 * 1024
MAX_AGE_WITHOUT_END: Final = timedelta(hours=24)
_MAX_RESPONDER_CERTIFICATES: Final = 5


def make_request(certificate: x509.Certificate, issuer: x509.Certificate, *, nonce: bytes | None) -> bytes:
    """Return the DER of a question about one certificate. Raises Unusable where its issuer's key has no such form."""
    try:
        builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303 - a name
        if nonce is not None:
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.build().public_bytes(serialization.Encoding.DER)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Unusable(UnusableCode.UNREADABLE, "no question can be made about this certificate") from None


def judge_ocsp(
    data: bytes, *, certificate: x509.Certificate, issuer: x509.Certificate, nonce: bytes | None, at: datetime
) -> Standing:
    """Say whether `certificate`, issued by `issuer`, was revoked, by an answer to `make_request`.

    An answer without a nonce is taken (responders give out answers made in advance), one with another nonce is not.
    Raises Unusable: unreadable, not_answered, not_signed_by_issuer, weak_hash, another_nonce, another_certificate,
    not_yet, stale, unknown.
    """
    if len(data) > MAX_ANSWER_BYTES:
        raise Unusable(UnusableCode.UNREADABLE, f"an answer of more than {MAX_ANSWER_BYTES} bytes")
    try:
        response = ocsp.load_der_ocsp_response(data)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            status = response.response_status.name.lower().replace("_", " ")
            raise Unusable(UnusableCode.NOT_ANSWERED, f"the responder said: {status}")
        _check_signature(response, issuer, at=at)
        _check_nonce(response, nonce)
        return _standing(_find(response, certificate, issuer), at=at)
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        InvalidSignature,
        x509.DuplicateExtension,
        x509.InvalidVersion,
    ):
        raise Unusable(UnusableCode.UNREADABLE, "the responder's answer cannot be read") from None


def _check_signature(response: ocsp.OCSPResponse, issuer: x509.Certificate, *, at: datetime) -> None:
    check_hash(response)
    for signer in (issuer, *response.certificates[:_MAX_RESPONDER_CERTIFICATES]):
        if _is_named(response, signer) and (signer == issuer or _may_answer(signer, issuer, at=at)):
            _verify(response, signer)
            return
    raise Unusable(UnusableCode.NOT_SIGNED_BY_ISSUER, "the answer is not signed by the issuer or a responder of its")


def _is_named(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    if response.responder_name is not None:
        return response.responder_name == signer.subject
    return response.responder_key_hash == _key_hash(signer, hashes.SHA1())  # noqa: S303 - a name


def _may_answer(signer: x509.Certificate, issuer: x509.Certificate, *, at: datetime) -> bool:
    """Tell whether the issuer made `signer` a responder, for now, that itself need not be asked about."""
    try:
        purposes = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        signer.extensions.get_extension_for_class(x509.OCSPNoCheck)
    except x509.ExtensionNotFound:
        return False
    check_hash(signer)
    in_time = signer.not_valid_before_utc <= at <= signer.not_valid_after_utc
    return in_time and ExtendedKeyUsageOID.OCSP_SIGNING in purposes and issued_directly(signer, issuer)


def _verify(response: ocsp.OCSPResponse, signer: x509.Certificate) -> None:
    key, signature, message = signer.public_key(), response.signature, response.tbs_response_bytes
    digest = response.signature_hash_algorithm
    try:
        match key:
            case ec.EllipticCurvePublicKey() if digest is not None:
                key.verify(signature, message, ec.ECDSA(digest))
            case rsa.RSAPublicKey() if digest is not None:
                key.verify(signature, message, padding.PKCS1v15(), digest)
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
                key.verify(signature, message)
            case _:
                raise Unusable(UnusableCode.UNREADABLE, "the answer is signed in a way that is not known")
    except InvalidSignature:
        raise Unusable(UnusableCode.NOT_SIGNED_BY_ISSUER, "the answer's signature does not verify") from None


def _check_nonce(response: ocsp.OCSPResponse, nonce: bytes | None) -> None:
    try:
        given = response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return
    if nonce is not None and given != nonce:
        raise Unusable(UnusableCode.ANOTHER_NONCE, "the answer is to another question")


def _find(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> ocsp.OCSPSingleResponse:
    for single in response.responses:
        if (
            single.serial_number == certificate.serial_number
            and single.issuer_name_hash == _digest(issuer.subject.public_bytes(), single.hash_algorithm)
            and single.issuer_key_hash == _key_hash(issuer, single.hash_algorithm)
        ):
            return single
    raise Unusable(UnusableCode.ANOTHER_CERTIFICATE, "the answer is about another certificate")


def _standing(single: ocsp.OCSPSingleResponse, *, at: datetime) -> Standing:
    begin = single.this_update_utc
    check_window(begin, single.next_update_utc or begin + MAX_AGE_WITHOUT_END, at=at)
    match single.certificate_status:
        case ocsp.OCSPCertStatus.GOOD:
            return Standing(revoked_at=None, reason=None, said_at=begin)
        case ocsp.OCSPCertStatus.REVOKED:
            reason = None if single.revocation_reason is None else single.revocation_reason.value
            return Standing(revoked_at=single.revocation_time_utc, reason=reason, said_at=begin)
        case _:
            raise Unusable(UnusableCode.UNKNOWN, "the responder does not know the certificate")


def _key_hash(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> bytes:
    """Return the hash of the key's bits without their algorithm, as OCSP names keys (RFC 6960 section 4.1.1)."""
    spki = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _algorithm, bits = read_sequence(spki)
    return _digest(bits.content[1:], algorithm)


def _digest(data: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize()
