"""A soft authenticator for tests: its own CBOR and COSE bytes, its own client data, its own signatures."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from sigill.encoding.base64url import format_base64url
from sigill.presence.assertion import Assertion
from sigill.presence.evidence import Evidence, PasskeyProof, evidence_hash, format_evidence
from sigill.presence.statement import Statement, challenge_of
from sigill.seal.claims import SealClaims
from sigill.seal.token import ParsedSeal, parse_seal
from sigill.vocabulary import AttestationLevel, Authorship
from tests.builders_seal import ISSUER, OPERATOR_ID, Case, make_case, some_hash

Private: TypeAlias = "ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey"
PERSON = "pe-0123456789abcdefghjk"
ORIGIN = "https://guarantor.example"
RP_ID = "guarantor.example"
UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80


def cbor_head(major: int, number: int) -> bytes:
    """Return the head of a CBOR item (RFC 8949 section 3)."""
    if number < 24:
        return bytes([major << 5 | number])
    width, short = next((width, short) for short, width in ((24, 1), (25, 2), (26, 4)) if number < 1 << 8 * width)
    return bytes([major << 5 | short]) + number.to_bytes(width, "big")


def cbor(value: Any) -> bytes:
    """Return integers, byte strings, texts, and maps of them."""
    match value:
        case bytes():
            return cbor_head(2, len(value)) + value
        case str():
            return cbor_head(3, len(value.encode())) + value.encode()
        case dict():
            return cbor_head(5, len(value)) + b"".join(cbor(name) + cbor(each) for name, each in value.items())
        case _:
            return cbor_head(0, value) if value >= 0 else cbor_head(1, -1 - value)


def cose_members(private: Private) -> dict[int, Any]:
    """Return the COSE_Key of a private key, in CTAP2's order."""
    public: Any = private.public_key()
    match private:
        case ec.EllipticCurvePrivateKey():
            numbers = public.public_numbers()
            return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        case ed25519.Ed25519PrivateKey():
            return {1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()}
        case _:
            numbers = public.public_numbers()
            return {1: 3, 3: -257, -1: numbers.n.to_bytes(private.key_size // 8, "big"), -2: b"\x01\x00\x01"}


@dataclass
class Authenticator:
    """Answers whatever it is asked: right, unless a test says otherwise."""

    private: Private = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    rp_id: str = RP_ID
    origin: str = ORIGIN
    credential_id: bytes = b"credential-of-a-test"
    count: int = 0

    @property
    def cose(self) -> bytes:
        return cbor(cose_members(self.private))

    @property
    def id(self) -> str:
        return format_base64url(self.credential_id)

    def sign(self, message: bytes) -> bytes:
        match self.private:
            case ec.EllipticCurvePrivateKey():
                return self.private.sign(message, ec.ECDSA(hashes.SHA256()))
            case ed25519.Ed25519PrivateKey():
                return self.private.sign(message)
            case _:
                return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def answer(
        self,
        challenge: bytes,
        /,
        *,
        flags: int = UP | UV,
        rp_id: str | None = None,
        after: bytes = b"",
        **client: Any,
    ) -> Assertion:
        """Return an assertion over `challenge`; `client` are changed members of the client data, None takes one out."""
        self.count += 1 if self.count else 0
        said = {"type": "webauthn.get", "challenge": format_base64url(challenge), "origin": self.origin}
        said |= {"crossOrigin": False} | client
        data = json.dumps({name: each for name, each in said.items() if each is not None}).encode()
        rp_hash = hashlib.sha256((rp_id or self.rp_id).encode()).digest()
        authenticator_data = rp_hash + bytes([flags]) + self.count.to_bytes(4, "big") + after
        signature = self.sign(authenticator_data + hashlib.sha256(data).digest())
        return Assertion(client_data=data, authenticator_data=authenticator_data, signature=signature)


def assertion_json(assertion: Assertion, *, credential_id: str) -> dict[str, Any]:
    """Return what a browser's `PublicKeyCredential.toJSON()` gives."""
    return {
        "id": credential_id,
        "rawId": credential_id,
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": format_base64url(assertion.client_data),
            "authenticatorData": format_base64url(assertion.authenticator_data),
            "signature": format_base64url(assertion.signature),
        },
    }


def statement_of(claims: SealClaims, digests: dict[str, str], **changes: Any) -> Statement:
    """Return the statement that fits these claims."""
    by = claims.auth.by
    statement = Statement(
        iss=ISSUER,
        op=OPERATOR_ID,
        jti=claims.jti,
        ch=claims.ch,
        by=by,
        draft=claims.auth.draft,
        rcp=claims.rcp,
        nonce=b"\x07" * 32,
        at=claims.iat,
        person=None if by is Authorship.AI else PERSON,
        system="saga" if by is Authorship.AI else None,
        **digests,
    )
    return replace(statement, **changes)


def some_statement(**changes: Any) -> Statement:
    """Return the statement of a seal that a person released."""
    return replace(released_case().evidence.statement, **changes)


@dataclass(frozen=True)
class Released:
    """A sealed message of level A, its parsed seal and its evidence."""

    case: Case
    seal: ParsedSeal
    evidence: Evidence
    data: bytes


def passkey_proof(device: Authenticator, statement: Statement, **how: Any) -> PasskeyProof:
    """Return the proof that a device gives for a statement."""
    return PasskeyProof(
        credential_id=device.id,
        public_key=device.cose,
        assertion=device.answer(challenge_of(statement), **how),
        origin=device.origin,
        rp_id=device.rp_id,
        aaguid="00000000-0000-0000-0000-000000000000",
        attestation="none",
        device_bound=True,
    )


def released_case(
    *,
    by: Authorship = Authorship.HUMAN,
    device: Authenticator | None = None,
    prove: Callable[[Statement], Any] | None = None,
    agent: str | None = PERSON,
    **changes: Any,
) -> Released:
    """Return a seal with the evidence it names; `changes` are of the statement, and the seal does not follow them."""
    device = device or Authenticator()
    made: list[tuple[Evidence, bytes]] = []
    method = "signature" if by is Authorship.AI else "passkey"

    plain = make_case(by=by, agent=agent)
    digests = {
        item.name.value: item.digest for item in plain.disclosures if item.name in {"msg", "msgx", "links", "files"}
    }

    def attest(claims: SealClaims) -> SealClaims:
        statement = statement_of(claims, digests, **changes)
        proof = passkey_proof(device, statement) if prove is None else prove(statement)
        evidence = Evidence(statement, proof)
        data = format_evidence(evidence)
        made.append((evidence, data))
        att = replace(claims.att, lvl=AttestationLevel.A, m=method, ev=evidence_hash(data))
        return replace(claims, att=att)

    case = make_case(by=by, agent=agent, change=attest)
    evidence, data = made[0]
    return Released(case, parse_seal(case.seal), evidence, data)


def other_digest() -> str:
    return some_hash(77)
