"""The verification receipt: "I checked at 14:02, the answer was …", signed with a key of its own.

A JWS of type `ai-verification-report+jwt`: the hash of the seal, a salted hash of the content, the answer, every item
that was not checked, the time, and the technique. It shows what was asked and answered and proves nothing more.
"""

import hashlib
import json
from typing import Any, Final, NoReturn

import jwt
from jwt.algorithms import Algorithm

from sigill.encoding.base64url import format_base64url
from sigill.encoding.ulid import format_ulid
from sigill.errors import SigillError
from sigill.keys.p256 import Signer
from sigill.report.checks import Outcome
from sigill.report.trust import REPORT_TYP
from sigill.seal.token import jws_hash
from verification.service import Verdict
from verification.world import VerificationWorld

TECHNIQUE: Final = "signature and log, not a detector"
SAYS: Final = "shows what was asked and answered, proves nothing more"
_SALT_BYTES: Final = 16


class _BySigner(Algorithm):
    """ES256 for PyJWT by a `Signer`, wherever its key lives."""

    def prepare_key(self, key: Signer) -> Signer:
        """Take the signer as it is."""
        return key

    def sign(self, msg: bytes, key: Signer) -> bytes:
        """Return r‖s of 64 bytes."""
        return key.sign(msg)

    def verify(self, msg: bytes, key: Signer, sig: bytes) -> NoReturn:
        """Receipts are never verified here."""
        raise NotImplementedError

    @staticmethod
    def to_jwk(key_obj: Signer, as_dict: bool = False) -> NoReturn:  # noqa: FBT001, FBT002 - PyJWT's signature
        """Keys are published by `sigill.keys.jwks`."""
        raise NotImplementedError

    @staticmethod
    def from_jwk(jwk: object) -> NoReturn:
        """Nor are they read."""
        raise NotImplementedError


def _jws() -> jwt.PyJWS:
    made = jwt.PyJWS(algorithms=["ES256"])
    made.unregister_algorithm("ES256")
    made.register_algorithm("ES256", _BySigner())
    return made


_JWS: Final = _jws()


def sign_receipt(verdict: Verdict, *, content: str | None, world: VerificationWorld) -> str | None:
    """Return the signed receipt of a verdict; of the content it keeps a salted hash only.

    None where the key does not answer: the verdict is what the customer came for, and stands without it.
    """
    report = verdict.report
    claims: dict[str, Any] = {
        "iss": world.issuer,
        "iat": int(verdict.at.timestamp()),
        "jti": format_ulid(at=verdict.at, randomness=world.random(10)),
        "answer": report.answer.value,
        "reason": report.reason.value,
        "unchecked": [check.check.value for check in report.checks if check.outcome is Outcome.NOT_CHECKED],
        "technique": TECHNIQUE,
        "says": SAYS,
    }
    if report.proven is not None and report.proven.claims.op.test:
        claims["env"] = "test"
    if report.seal is not None:
        claims["seal"] = format_base64url(jws_hash(report.seal.jws.text))
    if content is not None:
        salt = world.random(_SALT_BYTES)
        digest = hashlib.sha256(salt + content.encode("utf-8", "surrogatepass")).digest()
        claims["content"] = {"salt": format_base64url(salt), "h": format_base64url(digest)}
    signer = world.report_signer(verdict.at)
    payload = json.dumps(claims, separators=(",", ":")).encode("utf-8")
    try:
        headers = {"typ": REPORT_TYP, "kid": signer.kid}
        return _JWS.encode(payload, signer, algorithm="ES256", headers=headers)  # type: ignore[arg-type]  # _BySigner's
    except SigillError:
        return None
