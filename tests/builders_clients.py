"""Clients for tests: keys of every kind, assertions right and wrong, tokens of any role; signed by PyJWT."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from registry.clients.grant import ASSERTION_TYPE
from registry.clients.model import Client
from registry.clients.registration import AskedKey, register_client
from registry.model import OperatorId, Role
from sigill.encoding.base64url import format_base64url
from tests.builders_deployment import Deployment
from wiring import now
from wiring.clients import registration_world

BANK = OperatorId("exempelbanken")
PRIVATE = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass
class Key:
    """A private key of a test's client, with its JWK and algorithm."""

    private: PRIVATE = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def alg(self) -> str:
        match self.private:
            case ec.EllipticCurvePrivateKey():
                return "ES256"
            case ed25519.Ed25519PrivateKey():
                return "EdDSA"
            case _:
                return "PS256"

    @property
    def jwk(self) -> dict[str, Any]:
        public: Any = self.private.public_key()
        match self.private:
            case ec.EllipticCurvePrivateKey():
                found = json.loads(ECAlgorithm.to_jwk(public))
            case ed25519.Ed25519PrivateKey():
                found = json.loads(OKPAlgorithm.to_jwk(public))
            case _:
                found = json.loads(RSAAlgorithm.to_jwk(public))
        return {name: found[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in found}

    @property
    def thumbprint(self) -> str:
        text = json.dumps(self.jwk, sort_keys=True, separators=(",", ":"))
        return format_base64url(sha256(text.encode()).digest())

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """Return a JWT by PyJWT, a foreign library; `header` members of None are left out."""
        headers = {name: value for name, value in ({"kid": self.thumbprint} | header).items() if value or name == "typ"}
        alg = headers.pop("alg", self.alg)
        return jwt.encode(claims, self.private, algorithm=alg, headers=headers)

    def prove(self, issuer: str, operator_id: str = BANK, **changes: Any) -> str:
        """Return the proof of possession."""
        claims = {"aud": issuer, "sub": operator_id, **times(), "jti": secrets.token_hex(8)} | changes
        return self.sign(claims, typ="sigill-key-proof+jwt")

    def asked(self, issuer: str, operator_id: str = BANK, **span: datetime) -> AskedKey:
        return AskedKey(jwk=self.jwk, proof=self.prove(issuer, operator_id), **span)


def times(at: datetime | None = None) -> dict[str, int]:
    """Return `iat` and `exp` of a fresh statement."""
    begin = int((at or datetime.now(UTC)).timestamp())
    return {"iat": begin, "exp": begin + 60}


@dataclass
class TestClient:
    """A registered client and its first key; `made` is where."""

    __test__ = False
    made: Deployment
    client: Client
    key: Key

    @property
    def issuer(self) -> str:
        return self.made.services.identity.issuer

    def assertion(self, *, key: Key | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """Return an assertion that is right but for the changes; a claim that is None is left out."""
        claims = {"iss": self.client.id, "sub": self.client.id, "aud": self.issuer, "jti": secrets.token_hex(8)}
        claims |= times() | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        return (key or self.key).sign(claims, **({"typ": "client-authentication+jwt"} | (header or {})))

    def ask(self, assertion: str | None = None, **parameters: str) -> Any:
        """POST a token request; return the response."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion() if assertion is None else assertion,
        }
        form = {name: value for name, value in (form | parameters).items() if value}
        return self.made.client.post("/oauth/token", data=form)

    def token(self, **parameters: str) -> str:
        """Return an access token."""
        response = self.ask(**parameters)
        assert response.status_code == 200, response.get_data(as_text=True)
        token: str = response.get_json()["access_token"]
        return token


def new_client(
    made: Deployment,
    *,
    role: Role = Role.SIGNER,
    operator_id: OperatorId | None = BANK,
    ai_system: str | None = None,
    key: Key | None = None,
    **span: datetime,
) -> TestClient:
    """Register a client of a deployment."""
    key = key or Key()
    issuer = made.services.identity.issuer
    world = registration_world(issuer, made.services.engine, made.services.log, now=now)
    client = register_client(
        operator_id=operator_id,
        name="a test's client",
        role=role,
        ai_system=ai_system,
        key=key.asked(issuer, operator_id or issuer, **span),
        world=world,
    )
    return TestClient(made, client, key)


def bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def later(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)
