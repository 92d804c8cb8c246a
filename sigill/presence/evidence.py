"""What is kept of a release, and shown to who may ask: all it takes to check it again with no network and no registry.

    {"passkey":{"aaguid":"…","auth":"…","bound":true,"client":"…","fmt":"packed","id":"…","key":"<COSE_Key>",
                "origin":"https://guarantor.example","rp":"guarantor.example","sig":"…"},
     "statement":{…},"v":1}
    {"key":{"client":"cl-…","jwk":{…},"jws":"…"},"statement":{…},"v":1}

Canonical JSON (RFC 8785); byte strings are base64url. The seal's `att.ev` is the SHA-256 of these bytes, so the
guarantor's signature vouches that this key was registered for this person, or AI system, at that time.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.encoding.strict_json import format_canonical_json, parse_json
from sigill.errors import MalformedEncoding, MalformedSeal
from sigill.presence.assertion import Assertion
from sigill.presence.errors import MalformedRelease
from sigill.presence.statement import Statement, read_statement, statement_value
from sigill.seal.members import check_members, read_text

MAX_EVIDENCE_BYTES: Final = 24 * 1024
_MAX_ID: Final = 1366
_MAX_FIELD: Final = 8192
_PASSKEY: Final = {"aaguid", "auth", "bound", "client", "fmt", "id", "key", "origin", "rp", "sig"}
_KEY: Final = {"client", "jwk", "jws"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyProof:
    """A person's assertion, with the passkey it was made with as it was registered; `public_key` is a COSE_Key."""

    credential_id: str
    public_key: bytes
    assertion: Assertion
    origin: str
    rp_id: str
    aaguid: str
    attestation: str
    device_bound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyProof:
    """An AI system's signature, with its registered key: `jwk` has the members of the key and no others."""

    client_id: str
    jwk: Mapping[str, Any]
    jws: str


Proof: TypeAlias = "PasskeyProof | KeyProof"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A release as it is kept; well-formed, not verified."""

    statement: Statement
    proof: Proof


def format_evidence(evidence: Evidence) -> bytes:
    """Return the bytes that are kept and hashed; inverse of `parse_evidence`."""
    value: dict[str, Any] = {"v": 1, "statement": statement_value(evidence.statement)}
    match evidence.proof:
        case PasskeyProof() as made:
            value["passkey"] = {
                "aaguid": made.aaguid,
                "auth": format_base64url(made.assertion.authenticator_data),
                "bound": made.device_bound,
                "client": format_base64url(made.assertion.client_data),
                "fmt": made.attestation,
                "id": made.credential_id,
                "key": format_base64url(made.public_key),
                "origin": made.origin,
                "rp": made.rp_id,
                "sig": format_base64url(made.assertion.signature),
            }
        case KeyProof() as made:
            value["key"] = {"client": made.client_id, "jwk": dict(made.jwk), "jws": made.jws}
    return format_canonical_json(value)


def parse_evidence(data: bytes) -> Evidence:
    """Read evidence in its one spelling. Raises MalformedRelease."""
    try:
        value = parse_json(data, max_bytes=MAX_EVIDENCE_BYTES)
        if format_canonical_json(value) != data:
            raise MalformedRelease("evidence is canonical JSON (RFC 8785)")
        members = check_members(
            value, required={"statement", "v"}, optional=frozenset({"key", "passkey"}), where="evidence"
        )
        if members["v"] is True or members["v"] != 1 or ("key" in members) == ("passkey" in members):
            raise MalformedRelease("evidence has v 1, and either passkey or key")
        statement = read_statement(members["statement"])
        proof: Proof = _read_key(members["key"]) if "key" in members else _read_passkey(members["passkey"])
    except (MalformedEncoding, MalformedSeal) as error:
        raise MalformedRelease(f"evidence: {error}") from None
    if (statement.system is not None) != isinstance(proof, KeyProof):
        raise MalformedRelease("a person releases with a passkey, an AI system with its key")
    return Evidence(statement, proof)


def evidence_hash(data: bytes) -> str:
    """Return `att.ev` for these bytes."""
    return format_base64url(hashlib.sha256(data).digest())


def _read_passkey(value: object) -> PasskeyProof:
    members = check_members(value, required=_PASSKEY, where="passkey")
    if not isinstance(members["bound"], bool):
        raise MalformedRelease("bound is true or false")

    def data(name: str) -> bytes:
        return parse_base64url(read_text(members, name, at_most=_MAX_FIELD))

    assertion = Assertion(client_data=data("client"), authenticator_data=data("auth"), signature=data("sig"))
    return PasskeyProof(
        credential_id=read_text(members, "id", at_most=_MAX_ID),
        public_key=data("key"),
        assertion=assertion,
        origin=read_text(members, "origin"),
        rp_id=read_text(members, "rp"),
        aaguid=read_text(members, "aaguid"),
        attestation=read_text(members, "fmt"),
        device_bound=members["bound"],
    )


def _read_key(value: object) -> KeyProof:
    members = check_members(value, required=_KEY, where="key")
    jwk = members["jwk"]
    if not isinstance(jwk, Mapping) or not all(isinstance(each, str) for each in jwk.values()):
        raise MalformedRelease("jwk is an object of strings")
    return KeyProof(client_id=read_text(members, "client"), jwk=jwk, jws=read_text(members, "jws", at_most=_MAX_FIELD))
