"""Showing that one holds the key that one applies with: a JWT (RFC 7519) that this very key signed, e.g.

    {"alg":"ES256","kid":"<RFC 7638>","typ":"sigill-key-proof+jwt"}
    {"aud":"https://guarantor.example","exp":1795305660,"iat":1795305600,"jti":"…","sub":"exempelbanken"}

`aud` is the guarantor's issuer, `sub` the operator that the key is to act for; without an id yet, the issuer again.
"""

from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import Json, format_canonical_json
from sigill.keys.jwks import thumbprint
from sigill.keys.p256 import normalise_signature

TYP: Final = "sigill-key-proof+jwt"
LASTS: Final = timedelta(minutes=4)
_COORDINATE_BYTES: Final = 32


def public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, Json]:
    """Return a P-256 key as a JWK (RFC 7517), with nothing beside what makes it."""
    numbers = key.public_numbers()
    x, y = (format_base64url(number.to_bytes(_COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def make_proof(
    private: ec.EllipticCurvePrivateKey, *, issuer: str, subject: str, at: datetime, randomness: bytes
) -> str:
    """Return the proof, good for four minutes from `at` (aware). `randomness` is 16 bytes or more."""
    iat = int(at.timestamp())
    header: Json = {"alg": "ES256", "kid": thumbprint(private.public_key()), "typ": TYP}
    claims: Json = {
        "aud": issuer,
        "sub": subject,
        "iat": iat,
        "exp": iat + int(LASTS.total_seconds()),
        "jti": format_base64url(randomness),
    }
    signed = ".".join(format_base64url(format_canonical_json(part)) for part in (header, claims))
    der = private.sign(signed.encode("ascii"), ec.ECDSA(hashes.SHA256()))
    return f"{signed}.{format_base64url(normalise_signature(der))}"
