"""The verification receipt: "I checked at 14:02, the answer was …", signed with a key of its own.

A JWS of type `ai-verification-report+jwt`: the hash of the seal, a salted hash of the content, the answer, every item
that was not checked, the time, and the technique. It shows what was asked and answered and proves nothing more.
"""

import hashlib
from typing import Any, Final

import jwt

from sigill.encoding.base64url import format_base64url
from sigill.encoding.ulid import format_ulid
from sigill.report.checks import Outcome
from sigill.report.trust import REPORT_TYP
from sigill.seal.token import jws_hash
from verification.service import Verdict
from verification.world import VerificationWorld

TECHNIQUE: Final = "signature and log, not a detector"
SAYS: Final = "shows what was asked and answered, proves nothing more"
_SALT_BYTES: Final = 16


def sign_receipt(verdict: Verdict, *, content: str | None, world: VerificationWorld) -> str:
    """Return the signed receipt of a verdict; of the content it keeps a salted hash only."""
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
    if report.seal is not None:
        claims["seal"] = format_base64url(jws_hash(report.seal.jws.text))
    if content is not None:
        salt = world.random(_SALT_BYTES)
        digest = hashlib.sha256(salt + content.encode("utf-8", "surrogatepass")).digest()
        claims["content"] = {"salt": format_base64url(salt), "h": format_base64url(digest)}
    key = world.report_key(verdict.at)
    return jwt.encode(claims, key.private_key, algorithm="ES256", headers={"typ": REPORT_TYP, "kid": key.kid})
