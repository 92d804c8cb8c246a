"""A soft authenticator: makes passkeys and answers challenges as a real one does, or wrongly in one way at a time."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from sigill.encoding.base64url import format_base64url, parse_base64url

ORIGIN: Final = "http://localhost:8000"
PARTY: Final = "localhost"
AAGUID: Final = bytes(range(16))
PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def _new_key() -> PrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Authenticator:
    """One passkey on one device. `counts` is whether it counts its signatures; `synced` whether it may be copied."""

    key: PrivateKey = field(default_factory=_new_key)
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    count: int = 0
    counts: bool = True
    synced: bool = False
    user_handle: bytes | None = None

    def create(self, options: str, *, origin: str = ORIGIN, **changes: Any) -> str:
        """Return the answer to creation options; `changes` are wrong on purpose: client, flags, party, cose …"""
        asked = json.loads(options)
        self.user_handle = parse_base64url(asked["user"]["id"])
        client = self._client("webauthn.create", asked["challenge"], origin, changes.get("client", {}))
        attested = AAGUID + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        attested += changes.get("cose", self.cose())
        data = self._data(changes, more=ATTESTED) + attested
        whole = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        attestation = changes.get("attestation", whole)
        response = {"clientDataJSON": client, "attestationObject": attestation}
        return self._answer(response, {"transports": ["internal", "hybrid", "odd"]})

    def get(self, options: str, *, origin: str = ORIGIN, **changes: Any) -> str:
        """Return the answer to request options; `changes` are wrong on purpose: client, flags, party, count …"""
        asked = json.loads(options)
        self.count += self.counts
        client = self._client("webauthn.get", asked["challenge"], origin, changes.get("client", {}))
        data = changes.get("data", self._data(changes))
        signature = self.sign(data + hashlib.sha256(client).digest())
        response = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        if self.user_handle is not None:
            response["userHandle"] = changes.get("user_handle", self.user_handle)
        return self._answer(response, {})

    def cose(self) -> bytes:
        """Return the public key as a COSE_Key."""
        public: Any = self.key.public_key()
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            numbers = public.public_numbers()
            crv = {"secp256r1": 1, "secp384r1": 2}[self.key.curve.name]
            size = self.key.curve.key_size // 8
            point = {-2: numbers.x.to_bytes(size, "big"), -3: numbers.y.to_bytes(size, "big")}
            return cbor2.dumps({1: 2, 3: -7 if crv == 1 else -35, -1: crv, **point})
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()})
        numbers = public.public_numbers()
        length = (numbers.n.bit_length() + 7) // 8
        exponent = b"\x01\x00\x01"
        return bytes(cbor2.dumps({1: 3, 3: -257, -1: numbers.n.to_bytes(length, "big"), -2: exponent}))

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data`."""
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(data)
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def _data(self, changes: dict[str, Any], *, more: int = 0) -> bytes:
        flags = PRESENT | VERIFIED | (ELIGIBLE | BACKED_UP if self.synced else 0) | more
        party = hashlib.sha256(changes.get("party", PARTY).encode()).digest()
        count: int = changes.get("count", self.count)
        return bytes([*party, changes.get("flags", flags) | more]) + count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str, origin: str, changes: dict[str, Any]) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False} | changes
        return json.dumps({name: value for name, value in told.items() if value is not None}).encode()

    def _answer(self, response: dict[str, bytes], more: dict[str, Any]) -> str:
        shown = {name: format_base64url(value) for name, value in response.items()}
        name = format_base64url(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": {**shown, **more}})
