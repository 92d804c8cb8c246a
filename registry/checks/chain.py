"""From the operator's certificate to an authority that the guarantor trusts, at a time.

The path is built and checked by `cryptography.x509.verification` (RFC 5280 section 6): signatures, validity, CA:TRUE,
keyCertSign, path lengths, name constraints, nothing critical left unread, a bounded number of steps. Two things are
added: seals need no alternative name and no TLS purpose, and a refusal says which of many things was wrong. An
authority that is limited to some directory names (name constraints other than on DNS names and addresses) is refused,
as the library cannot apply them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import verification

from registry.checks.certificates import Bundle
from registry.checks.seal_profile import check_hashes
from registry.checks.seal_refusal import SealReason, SealRefused
from sigill.application.algorithms import MIN_RSA_BITS

_MAX_INTERMEDIATES: Final = 4
_KNOWN_CRITICAL: Final = frozenset(
    {
        x509.BasicConstraints.oid,
        x509.KeyUsage.oid,
        x509.ExtendedKeyUsage.oid,
        x509.SubjectAlternativeName.oid,
        x509.CertificatePolicies.oid,
    }
)


@dataclass(frozen=True, slots=True)
class VerifiedChain:
    """The operator's certificate, what issued it in order, and the trusted authority at the end (its last item)."""

    certificates: tuple[x509.Certificate, ...]

    @property
    def leaf(self) -> x509.Certificate:
        """The operator's certificate."""
        return self.certificates[0]

    @property
    def steps(self) -> tuple[tuple[x509.Certificate, x509.Certificate], ...]:
        """Each certificate with the one that issued it; the trusted authority itself is nobody's to vouch for."""
        return tuple(zip(self.certificates, self.certificates[1:], strict=False))


def check_chain(bundle: Bundle, *, anchors: Sequence[x509.Certificate], at: datetime) -> VerifiedChain:
    """Return a valid chain from `bundle`'s leaf to one of `anchors` at `at`.

    Raises SealRefused: unknown_issuer, issuer_expired, unknown_critical_extension, weak_hash, weak_key,
    name_constraints, chain_invalid. ValueError where there are no anchors.
    """
    _check_critical(bundle.leaf)
    builder = verification.PolicyBuilder().store(verification.Store(list(anchors))).time(at)
    policy = builder.max_chain_depth(_MAX_INTERMEDIATES).extension_policies(ca_policy=_AUTHORITY, ee_policy=_SEAL)
    try:
        found = policy.build_client_verifier().verify(bundle.leaf, list(bundle.others)).chain
    except (verification.VerificationError, ValueError):
        raise _reason_for(bundle, anchors=anchors, at=at) from None
    chain = VerifiedChain(tuple(found))
    check_hashes(chain.certificates[:-1])
    return chain


def _check_critical(leaf: x509.Certificate) -> None:
    unknown = [each.oid.dotted_string for each in leaf.extensions if each.critical and each.oid not in _KNOWN_CRITICAL]
    if unknown:
        raise SealRefused(SealReason.UNKNOWN_CRITICAL_EXTENSION, unknown[0][:80])


def _reason_for(bundle: Bundle, *, anchors: Sequence[x509.Certificate], at: datetime) -> SealRefused:
    """Say what kept a chain from being found: the builder tells only the last thing it tried."""
    links = _links_above(bundle.leaf, (*bundle.others, *anchors))
    if not any(each in anchors for each in links):
        return SealRefused(SealReason.UNKNOWN_ISSUER)
    try:
        check_hashes(each for each in links if each not in anchors)
    except SealRefused as weak:
        return weak
    if any(not each.not_valid_before_utc <= at <= each.not_valid_after_utc for each in links):
        return SealRefused(SealReason.ISSUER_EXPIRED)
    if any(_is_weak(each) for each in links):
        return SealRefused(SealReason.WEAK_KEY, "that of an issuer")
    if any(each.oid == x509.NameConstraints.oid for link in links for each in link.extensions):
        return SealRefused(SealReason.NAME_CONSTRAINTS)
    return SealRefused(SealReason.CHAIN_INVALID)


def _links_above(leaf: x509.Certificate, candidates: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return the candidates that are, by their names, above the leaf; each once, so a loop ends."""
    links: list[x509.Certificate] = []
    wanted = [leaf]
    while wanted:
        issuer = wanted.pop().issuer
        found = [each for each in candidates if each.subject == issuer and each not in links]
        links += found
        wanted += found
    return links


def _is_weak(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    return isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA_BITS


def _seal_constraints(_: verification.Policy, __: x509.Certificate, found: x509.BasicConstraints | None) -> None:
    if found is not None and found.ca:
        raise ValueError("an authority's certificate cannot seal")


def _signs_certificates(_: verification.Policy, __: x509.Certificate, found: x509.KeyUsage) -> None:
    if not found.key_cert_sign:
        raise ValueError("not allowed to issue certificates")


_SEAL: Final = (
    verification.ExtensionPolicy.permit_all()
    .may_be_present(x509.BasicConstraints, verification.Criticality.AGNOSTIC, _seal_constraints)
    .may_be_present(x509.ExtendedKeyUsage, verification.Criticality.AGNOSTIC, None)
)
"""The purposes of the leaf are `check_profile`'s, with a reason each."""

_AUTHORITY: Final = (
    verification.ExtensionPolicy.webpki_defaults_ca()
    .may_be_present(x509.ExtendedKeyUsage, verification.Criticality.AGNOSTIC, None)
    .require_present(x509.KeyUsage, verification.Criticality.AGNOSTIC, _signs_certificates)
)
