"""Checking a release against its seal: what an auditor does with a file and no network.

1. the evidence is the one the seal names: the guarantor's signature over `att.ev` is what vouches for the key in it
2. statement and seal say the same: guarantor, operator, id, channel, authorship, recipient, the four digests
3. it was released before it was sealed, and not long before
4. the proof verifies over this very statement: the passkey's assertion, or the AI system's signature
"""

from datetime import timedelta
from typing import Final

from sigill.presence.assertion import check_assertion, check_origin_of
from sigill.presence.errors import ReleaseOfAnother
from sigill.presence.evidence import Evidence, KeyProof, PasskeyProof, evidence_hash, parse_evidence
from sigill.presence.release_jws import check_release_jws
from sigill.presence.statement import Statement, challenge_of
from sigill.seal.claims import SealClaims, operator_id_of
from sigill.seal.disclosures import Name
from sigill.seal.token import ParsedSeal
from sigill.vocabulary import AttestationLevel

LONGEST: Final = timedelta(minutes=5)
CLOCKS_APART: Final = timedelta(minutes=1)
METHOD_PASSKEY: Final = "passkey"
METHOD_KEY: Final = "signature"


def verify_evidence(data: bytes, seal: ParsedSeal) -> Evidence:
    """Return the evidence of `seal`, verified; the seal's own signature is for the caller to check first.

    Raises MalformedRelease, ReleaseOfAnother where it is the evidence of another seal or contradicts this one, and the
    other kinds of ReleaseInvalid where the release itself does not hold.
    """
    claims = seal.claims
    if claims.att.lvl is not AttestationLevel.A or claims.att.ev is None:
        raise ReleaseOfAnother("the seal claims no release")
    if evidence_hash(data) != claims.att.ev:
        raise ReleaseOfAnother("the seal names other evidence")
    evidence = parse_evidence(data)
    _check_agrees(evidence.statement, claims)
    _check_disclosed(evidence.statement, seal)
    check_proof(evidence)
    return evidence


def check_proof(evidence: Evidence) -> None:
    """Verify the proof over the statement beside it. Raises MalformedRelease, ReleaseInvalid."""
    match evidence.proof:
        case PasskeyProof() as made:
            check_origin_of(origin=made.origin, rp_id=made.rp_id)
            check_assertion(
                made.assertion,
                public_key=made.public_key,
                challenge=challenge_of(evidence.statement),
                origin=made.origin,
                rp_id=made.rp_id,
            )
        case KeyProof() as made:
            check_release_jws(made.jws, statement=evidence.statement, jwk=made.jwk)


def _check_agrees(statement: Statement, claims: SealClaims) -> None:
    method = METHOD_PASSKEY if statement.system is None else METHOD_KEY
    pairs = (
        ("iss", statement.iss, claims.iss),
        ("op", statement.op, operator_id_of(claims)),
        ("jti", statement.jti, claims.jti),
        ("ch", statement.ch, claims.ch),
        ("by", statement.by, claims.auth.by),
        ("draft", statement.draft, claims.auth.draft),
        ("rcp", statement.rcp, claims.rcp),
        ("m", method, claims.att.m),
    )
    for name, released, sealed in pairs:
        if released != sealed:
            raise ReleaseOfAnother(f"statement and seal differ in {name}")
    if not set(statement.digests.values()) <= set(claims.sd):
        raise ReleaseOfAnother("statement and seal differ in what the message says")
    if not statement.at - CLOCKS_APART <= claims.iat <= statement.at + LONGEST + CLOCKS_APART:
        raise ReleaseOfAnother("the message was not sealed within five minutes of the statement")


def _check_disclosed(statement: Statement, seal: ParsedSeal) -> None:
    """Hold the digests to their names, as far as the seal was brought with its disclosures."""
    for name, digest in statement.digests.items():
        shown = seal.disclosed(Name(name))
        if shown is not None and shown.digest != digest:
            raise ReleaseOfAnother(f"statement and seal differ in {name}")
    agent = seal.disclosed(Name.AGENT)
    if agent is not None and agent.value["ref"] != (statement.person or statement.system):
        raise ReleaseOfAnother("somebody else released it than the seal says")
