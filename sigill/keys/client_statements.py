"""What a client says with its private key: who it is, when it wants an access token, and that it holds the key.

An assertion (`private_key_jwt`, RFC 7523 section 2.2 by the rules of draft-ietf-oauth-rfc7523bis-11) has the claims

    {"aud":"https://guarantor.example","exp":1795305660,"iss":"cl-…","jti":"…","sub":"cl-…"}

and a proof of possession `aud`, `exp`, `jti` and, as `sub`, the operator for which the key is to act. Neither has an
`iat`: it adds nothing to `exp`, and a clock that is a minute fast would make it one of the future.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sigill.keys.private_key import PrivateKey

if TYPE_CHECKING:
    from sigill.encoding.strict_json import Json

ASSERTION_TYP: Final = "client-authentication+jwt"
PROOF_TYP: Final = "sigill-key-proof+jwt"
ASSERTION_LASTS: Final = timedelta(minutes=2)
PROOF_LASTS: Final = timedelta(minutes=4)  # five are taken: a clock may be fast


@dataclass(frozen=True, slots=True)
class ProvenKey:
    """A public key to register: its JWK, and the proof that its private half is held."""

    jwk: dict[str, str]
    proof: str

    @property
    def members(self) -> dict[str, Any]:
        """The JSON value that the service takes."""
        return {"jwk": self.jwk, "proof": self.proof}


def sign_assertion(key: PrivateKey, *, client_id: str, issuer: str, at: datetime, jti: str) -> str:
    """Return the assertion of a client for one service, good for two minutes; `jti` is used once."""
    claims: Json = {"aud": issuer, "exp": _end(at, ASSERTION_LASTS), "iss": client_id, "jti": jti, "sub": client_id}
    return key.sign_jwt(claims, typ=ASSERTION_TYP)


def prove_key(key: PrivateKey, *, operator: str, issuer: str, at: datetime, jti: str) -> ProvenKey:
    """Return the public half of `key` with a proof for one operator and service, good for four minutes."""
    claims: Json = {"aud": issuer, "exp": _end(at, PROOF_LASTS), "jti": jti, "sub": operator}
    return ProvenKey(key.jwk, key.sign_jwt(claims, typ=PROOF_TYP))


def _end(at: datetime, lasts: timedelta) -> int:
    return int((at + lasts).timestamp())
