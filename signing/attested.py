"""Sealing what somebody released: attestation level A, or no seal at all.

1. `attest` finds the release and what proves it: the evidence that the release page left, or the AI system's signature
2. `check_released` holds the seal about to be signed against the statement that was released
3. the part of `Attested.use` uses the release up in the commit, and looks there whether it still counts
"""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection

from registry.clients.public_key import PublicKey
from registry.clients.store import load_client_of_key
from registry.errors import ClientUnknown
from registry.model import Operator
from releases.errors import (
    ReleaseExpired,
    ReleaseMismatch,
    ReleaseNotFound,
    ReleaseNotGiven,
    ReleaserRevoked,
    ReleaserUnknown,
)
from releases.store import Release, load_release
from releases.use import ReleaseUse
from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedEncoding
from sigill.presence.errors import MalformedRelease
from sigill.presence.evidence import Evidence, KeyProof, evidence_hash, format_evidence
from sigill.presence.release_jws import check_release_jws, claimed_kid
from sigill.presence.statement import Statement
from sigill.presence.verify import METHOD_KEY, METHOD_PASSKEY
from sigill.seal.claims import AttestationClaim
from sigill.seal.writing import SealWriter
from sigill.vocabulary import AttestationLevel
from signing.errors import RequestInvalid
from signing.kinds import Kind
from signing.request import SignRequest
from signing.statement import SealedParts
from signing.world import SigningWorld
from storage.engine import reading

_DIGESTS: Final = ("msg", "msgx", "links", "files")
_MAX_JWK_BYTES: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """A release that was given: what was released, its evidence, and with which passkey or key (the other is None)."""

    release_id: str
    operator_id: str
    statement: Statement
    evidence: bytes
    passkey_id: str | None
    thumbprint: str | None

    @property
    def jti(self) -> str:
        """The id that was set aside for the message."""
        return self.statement.jti

    def use(self, at: datetime) -> ReleaseUse:
        """Return the part that uses it up."""
        return ReleaseUse(
            release_id=self.release_id,
            operator_id=self.operator_id,
            jti=self.jti,
            evidence=self.evidence,
            passkey_id=self.passkey_id,
            thumbprint=self.thumbprint,
            at=at,
        )


def attest(
    request: SignRequest, *, operator: Operator, world: SigningWorld, at: datetime
) -> tuple[SignRequest, Attested | None]:
    """Return the request as it is to be sealed, and its release if it names one.

    Raises ReleaseNotFound, ReleaseNotGiven, ReleaseExpired, ReleaseUsed, RequestInvalid, and for an AI system's
    signature ReleaserUnknown, ReleaserRevoked, MalformedRelease and ReleaseInvalid.
    """
    asked = request.attestation
    if asked is None:
        return request, None
    with reading(world.engine) as connection:
        release = load_release(connection, asked.release_id)
        if release.operator_id != operator.id:
            raise ReleaseNotFound("no release of yours has this id")
        if at >= release.expires_at:
            raise ReleaseExpired("the release is older than five minutes")
        if release.statement.system is None:
            attested = _by_passkey(release, asked.jws)
        else:
            attested = _by_key(release, asked.jws, connection, at)
    who = attested.statement.person or attested.statement.system
    if request.agent not in {None, who}:
        raise RequestInvalid("/agent", "agent is who released it, or left out")
    declared = replace(request.declared, attestation=AttestationLevel.A)
    return replace(request, declared=declared, agent=who), attested


def check_released(attested: Attested, kind: Kind, parts: SealedParts) -> None:
    """Raise ReleaseMismatch unless the seal says what was released. The operator is held to it by `attest`."""
    statement, claims = attested.statement, kind.sample
    pairs = (
        ("channel", statement.ch, claims.ch),
        ("authorship", statement.by, claims.auth.by),
        ("draft", statement.draft, claims.auth.draft),
        ("AI system", statement.system, kind.system if statement.system is not None else None),
        ("recipient", statement.rcp, None if parts.rcp is None else parts.rcp.decode("ascii")),
    )
    for name, released, asked in pairs:
        if released != asked:
            raise ReleaseMismatch(f"another {name} was released")
    for name, text in zip(_DIGESTS, parts.disclosures, strict=False):
        if statement.digests[name] != format_base64url(sha256(text).digest()):
            raise ReleaseMismatch(f"another text was released ({name} differs)")


def attested_writer(attested: Attested, kind: Kind) -> SealWriter:
    """Return the writer of this one seal: its evidence is its own."""
    method = METHOD_PASSKEY if attested.thumbprint is None else METHOD_KEY
    att = AttestationClaim(lvl=AttestationLevel.A, m=method, ev=evidence_hash(attested.evidence))
    return SealWriter(replace(kind.sample, att=att))


def _by_passkey(release: Release, jws: str | None) -> Attested:
    if jws is not None:
        raise RequestInvalid("/attestation", "a person releases this on the release page, not by a signature")
    if release.evidence is None:
        raise ReleaseNotGiven("nobody has released this message yet")
    return _attested(release, release.evidence, passkey_id=release.passkey_id)


def _by_key(release: Release, jws: str | None, connection: Connection, at: datetime) -> Attested:
    if jws is None:
        raise ReleaseNotGiven("an AI system releases by its signature over the statement")
    kid = claimed_kid(jws)
    try:
        client = load_client_of_key(connection, kid)
    except ClientUnknown:
        raise ReleaserUnknown("the key named by kid is registered for nobody") from None
    held = next(each for each in client.keys if each.key.thumbprint == kid)
    if client.operator_id != release.operator_id or client.ai_system != release.statement.system:
        raise ReleaserUnknown("the key named by kid is not one of this AI system's")
    if client.revoked_at is not None or not held.is_current(at):
        raise ReleaserRevoked("the key was revoked, or is not good at this time")
    jwk = _members(held.key)
    check_release_jws(jws, statement=release.statement, jwk=jwk)
    evidence = Evidence(release.statement, KeyProof(client_id=client.id, jwk=jwk, jws=jws))
    return _attested(release, format_evidence(evidence), thumbprint=held.key.thumbprint)


def _attested(
    release: Release, evidence: bytes, *, passkey_id: str | None = None, thumbprint: str | None = None
) -> Attested:
    return Attested(
        release_id=release.id,
        operator_id=release.operator_id,
        statement=release.statement,
        evidence=evidence,
        passkey_id=passkey_id,
        thumbprint=thumbprint,
    )


def _members(key: PublicKey) -> dict[str, str]:
    try:
        value: dict[str, str] = parse_json(key.jwk.encode("ascii"), max_bytes=_MAX_JWK_BYTES)
    except MalformedEncoding as error:  # as it was registered: cannot be
        raise MalformedRelease("the registered key cannot be read") from error
    return value
