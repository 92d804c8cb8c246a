"""What a signer must see proven before the seal is sent: it is ours, over this message, signed, and in the log.

The same checks a customer's verifier makes, with the operator's own text. What depends on the signer's clock or on
what becomes of the operator later is not asked.
"""

from datetime import datetime
from typing import Any, Final

from sigill.client.answers import SealedAnswer
from sigill.client.errors import AnswerNotTrusted
from sigill.client.message import HashedMessage
from sigill.errors import MalformedSeal
from sigill.report.checks import CheckName, Detail, Outcome
from sigill.report.content import Presented
from sigill.report.judge import Evidence, LogEvidence, judge_seal
from sigill.report.openers import BroughtOpener
from sigill.report.trust import Trust
from sigill.seal.claims import SealClaims, operator_id_of
from sigill.seal.token import ParsedSeal, parse_seal

TRUST_TOO_OLD: Final = frozenset([Detail.KEY_UNKNOWN, Detail.KEY_LIST_OLDER_THAN_SEAL, Detail.LOG_KEY_UNKNOWN])
_NEEDED: Final = (
    CheckName.ISSUER,
    CheckName.SIGNATURE,
    CheckName.LOG,
    CheckName.CONTENT,
    CheckName.EXACT_BYTES,
    CheckName.LINKS,
    CheckName.FILES,
)
_NEXT: Final = "Do not send this seal; report it to whoever runs the service."


class TrustTooOld(AnswerNotTrusted):
    """The trust file does not know the seal's key or log: a newer one may."""


def check_sealed(
    answer: SealedAnswer, message: HashedMessage, asked: dict[str, Any], *, trust: Trust, at: datetime
) -> ParsedSeal:
    """Return the seal of `answer` if it proves to be over `message`. Raises AnswerNotTrusted saying what does not."""
    try:
        seal = parse_seal(answer.seal)
    except MalformedSeal as error:
        raise AnswerNotTrusted(f"What came back is no seal: {error}. {_NEXT}") from error
    _check_claims(seal.claims, asked)
    recipient = message.recipient
    evidence = Evidence(
        presented=Presented(
            text=message.text,
            links=message.links,
            files=tuple(message.files.values()),
            recipient=None if recipient is None else (recipient.kind, recipient.normalised),
        ),
        trust=trust,
        opener=BroughtOpener(seal),
        log=LogEvidence(answer.receipt),
        at=at,
    )
    needed = _NEEDED if recipient is None else (*_NEEDED, CheckName.RECIPIENT)
    for check in judge_seal(seal, evidence).checks:
        if check.check in needed and check.outcome is not Outcome.PASSED:
            kind = TrustTooOld if check.detail in TRUST_TOO_OLD else AnswerNotTrusted
            raise kind(f"The seal that came back does not hold: {check.check} ({check.detail}). {_NEXT}")
    return seal


def _check_claims(claims: SealClaims, asked: dict[str, Any]) -> None:
    sealed = {
        "authorship": claims.auth.by,
        "channel": claims.ch,
        "purpose": claims.pur,
        "direction": claims.dir,
        "role": claims.auth.role,
    }
    for name, value in sealed.items():
        if asked.get(name, value) != value:
            raise AnswerNotTrusted(f"The seal says {name} {value}, which is not what was asked for. {_NEXT}")
    for_whom = asked.get("on_behalf_of")
    if (claims.act is None) != (for_whom is None) or for_whom not in {None, operator_id_of(claims)}:
        raise AnswerNotTrusted(f"The seal is not of the operator that it was to be sealed for. {_NEXT}")
