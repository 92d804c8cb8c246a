"""Judging one seal: every check once, in order, each saying what it guards against.

1. issuer      a seal of a guarantor we do not know proves nothing here
2. signature   forged or altered claims; a key that is unknown, out of its time, compromised, or for another token type
3. validity    a seal kept too long, or one from a clock that runs ahead
4. standing    an operator that was not verified when it sealed; what changed since is said
5. status      a message its sender has withdrawn
6. log         a seal made in secret
7. witnessed   a log that shows different people different things
8. content     the seal or code of one message under other words
9. exact bytes, links, files   what a pasted text does not show
10. recipient  a real message replayed to somebody else
11. attestation   a sender (or we) who says that somebody released it when nobody did; of level A alone
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sigill.errors import SignatureInvalid
from sigill.keys.jwks import PublishedKey
from sigill.keys.p256 import check_signature
from sigill.presence.errors import MalformedRelease, ReleaseInvalid
from sigill.presence.evidence import evidence_hash
from sigill.presence.verify import verify_evidence
from sigill.report.answers import Answer, Circumstance, Fact, Reason, answer_for
from sigill.report.checks import ALWAYS, Check, CheckName, Detail, checked
from sigill.report.content import ContentFinding, Presented, compare_content, compare_hashes, hashes_value
from sigill.report.logged import LogEvidence, Logged, look_in_log
from sigill.report.openers import Opener
from sigill.report.standing import Standing, State
from sigill.report.status import CLOCK_TOLERANCE, NOTHING_KNOWN, StatusEvidence, status_detail
from sigill.report.trust import Trust
from sigill.seal.disclosures import AddressType, Disclosure, Name
from sigill.seal.token import TYP, ParsedSeal, format_seal
from sigill.tlog.log_policy import LogPolicy
from sigill.vocabulary import AttestationLevel

__all__ = [
    "CLOCK_TOLERANCE",
    "Evidence",
    "LogEvidence",
    "Report",
    "StatusEvidence",
    "judge_seal",
    "report_without_seal",
]


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `seal` and what follows are None where nothing about the sender is proven.

    `withdrawn_at` is when the sender withdrew the message, where that is known (a status list names no time);
    `newer_version_at`, when it sealed a newer version, where the register was asked.
    """

    answer: Answer
    reason: Reason
    checks: tuple[Check, ...]
    seal: ParsedSeal | None = None
    shown: str | None = None
    content: ContentFinding | None = None
    withdrawn_at: datetime | None = None
    newer_version_at: datetime | None = None

    @property
    def proven(self) -> ParsedSeal | None:
        """The seal, if issuer and signature both passed: only then may its claims be shown as facts."""
        details = {check.detail for check in self.checks}
        trusted = {Detail.KNOWN_GUARANTOR, Detail.SIGNATURE_VERIFIES} <= details
        return self.seal if trusted else None

    @property
    def released(self) -> bool:
        """Whether the evidence of a release was checked and holds: only then is it more than what is said."""
        return any(check.detail is Detail.RELEASED for check in self.checks)


def report_without_seal(reason: Reason) -> Report:
    """Return the report on something that carries no seal we could find: never *fake*, always *cannot say*."""
    return Report(Answer.CANNOT_SAY, reason, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything a verdict rests on beside the seal itself; `at` is aware UTC, `release` the evidence of a release."""

    presented: Presented
    trust: Trust
    opener: Opener
    log: LogEvidence
    at: datetime
    standing: Standing | None = None
    status: StatusEvidence = NOTHING_KNOWN
    log_policy: LogPolicy | None = None  # the verifier's own; None: the one of the trust file
    newer_version_at: datetime | None = None
    release: bytes | None = None


def judge_seal(seal: ParsedSeal, evidence: Evidence) -> Report:
    """Make every check over `seal` and look up the answer. Pure; never raises for a bad seal.

    Raises NotCanonicalisable for a text that is too long to be compared.
    """
    issuer, signature, logged = _issuer_detail(seal, evidence.trust), Detail.SIGNATURE_FIRST, None
    if issuer is Detail.KNOWN_GUARANTOR:
        logged = look_in_log(seal, evidence.log, trust=evidence.trust, policy=evidence.log_policy)
        signature = _signature_detail(seal, evidence.trust, evidence.at, logged)
    if logged is None or signature is not Detail.SIGNATURE_VERIFIES:
        rest = [checked(name, Detail.SIGNATURE_FIRST) for name in ALWAYS[2:]]
        answer, reason = answer_for(frozenset({issuer, signature}))
        head = checked(CheckName.ISSUER, issuer), checked(CheckName.SIGNATURE, signature)
        return Report(answer, reason, (*head, *rest), seal)
    content = compare_content(seal, evidence.presented, evidence.opener)
    details = (issuer, signature, *_details_after_signature(seal, evidence, logged, content))
    if seal.claims.att.lvl is AttestationLevel.A:
        details += (_release_detail(seal, evidence.release),)
    checks, answer, reason = _conclude(details, _circumstances(seal, evidence))
    shown = _show_matched(seal, evidence, content)
    withdrawn_at, newer_version_at = evidence.status.withdrawn_at, evidence.newer_version_at
    return Report(answer, reason, checks, seal, shown, content, withdrawn_at, newer_version_at)


def _details_after_signature(
    seal: ParsedSeal, evidence: Evidence, logged: Logged, content: ContentFinding
) -> tuple[Detail, ...]:
    """Return how each check after the signature's ended, in the order of `CheckName`."""
    presented, opener = evidence.presented, evidence.opener
    return (
        _validity_detail(seal, evidence.at),
        _standing_detail(evidence.standing),
        status_detail(seal.claims.status, evidence.status, trust=evidence.trust, at=evidence.at),
        logged.log,
        logged.witnessed,
        content.detail,
        content.exact,
        compare_hashes(Name.LINKS, presented.links, opener, content=content),
        compare_hashes(Name.FILES, presented.files, opener, content=content),
        _recipient_detail(seal, presented, opener, content),
    )


@lru_cache(maxsize=1024)  # verdicts are few
def _conclude(
    details: tuple[Detail, ...], circumstances: tuple[Circumstance, ...]
) -> tuple[tuple[Check, ...], Answer, Reason]:
    checks = tuple(checked(name, detail) for name, detail in zip(CheckName, details, strict=False))
    answer, reason = answer_for(frozenset[Fact]({*details, *circumstances}))
    return checks, answer, reason


def _circumstances(seal: ParsedSeal, evidence: Evidence) -> tuple[Circumstance, ...]:
    known = (
        (evidence.presented.found_by_code, Circumstance.FOUND_BY_CODE),
        (evidence.presented.foreign_link, Circumstance.FOREIGN_LINK),
        (evidence.newer_version_at is not None, Circumstance.NEWER_VERSION),
        (evidence.log.erased, Circumstance.ERASED_SINCE),
        (seal.claims.op.test, Circumstance.TEST_ENVIRONMENT),
    )
    return tuple([circumstance for holds, circumstance in known if holds])


def _issuer_detail(seal: ParsedSeal, trust: Trust) -> Detail:
    return Detail.KNOWN_GUARANTOR if seal.claims.iss == trust.issuer else Detail.UNKNOWN_GUARANTOR


def _signature_detail(seal: ParsedSeal, trust: Trust, at: datetime, logged: Logged) -> Detail:
    key = trust.key(seal.jws.kid, typ=TYP)
    if key is None:
        old = trust.as_of + CLOCK_TOLERANCE < seal.claims.iat <= at + CLOCK_TOLERANCE
        return Detail.KEY_LIST_OLDER_THAN_SEAL if old else Detail.KEY_UNKNOWN
    try:
        check_signature(key.public_key, signature=seal.jws.signature, message=seal.jws.signing_input)
    except SignatureInvalid:
        return Detail.SIGNATURE_WRONG
    return _key_detail(key, seal.claims.iat, logged.witnessed_at)


def _key_detail(key: PublishedKey, signed_at: datetime, witnessed_at: datetime | None) -> Detail:
    """Judge the key. A thief chooses `iat`; of a stolen key only what witnesses saw before the theft is believed."""
    if key.compromised_at is not None and (witnessed_at is None or witnessed_at >= key.compromised_at):
        return Detail.KEY_COMPROMISED
    if not key.valid_from <= signed_at < key.valid_until:
        return Detail.KEY_NOT_VALID_THEN
    return Detail.SIGNATURE_VERIFIES


def _validity_detail(seal: ParsedSeal, at: datetime) -> Detail:
    if seal.claims.iat > at + CLOCK_TOLERANCE:
        return Detail.FROM_THE_FUTURE
    return Detail.EXPIRED if at >= seal.claims.exp else Detail.WITHIN_VALIDITY


def _standing_detail(standing: Standing | None) -> Detail:
    if standing is None:
        return Detail.STANDING_VOUCHED  # the guarantor seals for verified operators only
    if standing.then is not State.VERIFIED:
        return Detail.NOT_IN_STANDING_THEN
    match standing.now:
        case State.SUSPENDED:
            return Detail.SUSPENDED_SINCE
        case State.REVOKED:
            return Detail.REVOKED_SINCE
        case _:
            return Detail.STANDING_VOUCHED


def _recipient_detail(seal: ParsedSeal, presented: Presented, opener: Opener, content: ContentFinding) -> Detail:
    if seal.claims.rcp is None:
        return Detail.RECIPIENT_NOT_BOUND
    if presented.recipient is None:
        return Detail.RECIPIENT_NOT_GIVEN
    if not content.covers:
        return Detail.CONTENT_FIRST  # or whoever picks up a code could try out whose it is
    kind, address = presented.recipient
    match opener.recipient_matches(AddressType(kind), address):
        case None:
            return Detail.RECIPIENT_NOT_OPENABLE
        case True:
            return Detail.RECIPIENT_MATCHES
        case _:
            return Detail.RECIPIENT_DIFFERS


def _release_detail(seal: ParsedSeal, release: bytes | None) -> Detail:
    """Check the release. Evidence of another message says nothing of this one; this one's that is wrong does."""
    if release is None:
        return Detail.RELEASE_NOT_BROUGHT
    if evidence_hash(release) != seal.claims.att.ev:
        return Detail.RELEASE_OF_ANOTHER
    try:
        verify_evidence(release, seal)
    except (MalformedRelease, ReleaseInvalid):
        return Detail.RELEASE_WRONG
    return Detail.RELEASED


def _show_matched(seal: ParsedSeal, evidence: Evidence, content: ContentFinding) -> str:
    """Return the seal with the disclosures of what was brought and matched, and no others."""
    presented, opener = evidence.presented, evidence.opener
    shown: list[Disclosure | None] = [content.disclosure]
    if content.covers and presented.links is not None:
        shown.append(opener.shown(Name.LINKS, hashes_value(Name.LINKS, presented.links)))
    if content.covers and presented.files is not None:
        shown.append(opener.shown(Name.FILES, hashes_value(Name.FILES, presented.files)))
    return format_seal(seal.jws.text, (item for item in shown if item is not None))
