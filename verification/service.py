"""One verification: text -> parsed seal -> one snapshot of trust -> pure report -> a plain answer. Stores nothing."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from conversations.edits import load_newer
from policies.records import disclosed_decision, kept_digest, load_decision
from registry.errors import OperatorNotFound
from registry.model import Operator
from registry.operators import load_operator
from releases.errors import EvidenceNotFound
from releases.store import load_evidence
from sigill.encoding.base64url import format_base64url
from sigill.encoding.ulid import parse_ulid_time
from sigill.report.answers import Reason
from sigill.report.checks import Detail
from sigill.report.content import Presented
from sigill.report.find import Found, has_foreign_link
from sigill.report.judge import Evidence, LogEvidence, Report, StatusEvidence, judge_seal, report_without_seal
from sigill.report.openers import BroughtOpener, DerivingOpener, Opener
from sigill.report.standing import Standing
from sigill.seal.claims import operator_id_of
from sigill.seal.disclosures import Name
from sigill.seal.token import ParsedSeal, jws_hash, parse_seal
from sigill.text.addresses import Address
from sigill.text.codes import Code
from sigill.vocabulary import AttestationLevel
from storage.engine import reading
from transparency.erasures import find_tombstone
from transparency.errors import TransparencyError
from transparency.withdrawals import find_withdrawal
from verification.find import Brought, find_seal
from verification.world import VerificationWorld


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest:
    """What is to be verified: what was brought, and what to compare it with."""

    brought: Brought
    content: str | None = None
    hashes: tuple[str, ...] = ()
    links: tuple[str, ...] | None = None
    files: tuple[str, ...] | None = None
    recipient: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The report, and (only where issuer and signature passed) what the registry and the decision say beside it."""

    report: Report
    at: datetime
    code: Code | None = None
    operator: Operator | None = None
    decision: dict[str, Any] | None = None
    decided: dict[str, Any] | None = None
    receipt: str | None = None
    log_index: int | None = None
    log_origin: str | None = None


def verify(request: VerifyRequest, *, world: VerificationWorld) -> Verdict:
    """Answer who sent this.

    A thread carries several codes: the verdict is on the first seal that covers the text, whole or in part, else on
    the first there is. Raises MalformedSeal, NothingToVerify, and NotCanonicalisable for a text that is too long to be
    compared with the seal that was found; every other flaw is an answer.
    """
    at = world.now()
    found = find_seal(request.brought)
    presented = _present(request, found, world)
    verdicts: list[Verdict] = []
    for code, seal in _candidates(found, world):
        verdicts.append(_judge(seal, code, presented, at, world))
        if _distance(verdicts[-1]) == 0:
            return verdicts[-1]
    if not verdicts:
        return Verdict(report=report_without_seal(_why_nothing(found, request.brought)), at=at)
    return min(verdicts, key=_distance)


def _why_nothing(found: Found, brought: Brought) -> Reason:
    if found.broken:
        return Reason.SEAL_UNREADABLE
    message = brought.text is not None and found.text is not None
    return Reason.UNSIGNED if message and not found.codes else Reason.CODE_UNKNOWN


def _candidates(found: Found, world: VerificationWorld) -> Iterator[tuple[Code | None, ParsedSeal]]:
    if found.seal is not None:
        yield None, found.seal
    for code in found.codes:
        token = world.log.token_by_code(code)
        if token is not None:
            yield code, parse_seal(token.jws + "~")


_DISTANCES: Final = {Detail.CONTENT_MATCHES: 0, Detail.CONTENT_PARTLY_MATCHES: 1}


def _distance(verdict: Verdict) -> int:
    """Return how far a verdict is from covering the text: 0 whole, 1 in part, 2 not at all; ties keep their order."""
    content = verdict.report.content
    return 2 if content is None else _DISTANCES.get(content.detail, 2)


def _judge(
    seal: ParsedSeal,
    code: Code | None,
    presented: Presented,
    at: datetime,
    world: VerificationWorld,
) -> Verdict:
    operator = _operator_of(seal, world)
    log, index = _log_evidence(seal, world)
    evidence = Evidence(
        presented=presented,
        trust=world.trust(),
        opener=_opener(seal, operator, world),
        log=log,
        at=at,
        standing=_standing(seal, operator),
        status=_status_evidence(seal, world),
        newer_version_at=_newer_version_at(seal, world),
        release=_release(seal, world),
    )
    report = judge_seal(seal, evidence)
    if report.proven is None:
        return Verdict(report=report, at=at, code=code)
    trusted = evidence.trust.logs.get(operator_id_of(seal.claims))
    decision, decided = _decision(report, seal, world)
    return Verdict(
        report=report,
        at=at,
        code=code,
        operator=operator,
        decision=decision,
        decided=decided,
        receipt=log.receipt,
        log_index=index,
        log_origin=None if trusted is None else trusted.origin,
    )


def _present(request: VerifyRequest, found: Found, world: VerificationWorld) -> Presented:
    text = request.content if request.content is not None else found.text
    recipient = request.recipient
    return Presented(
        text=text,
        hashes=request.hashes,
        links=request.links,
        files=request.files,
        recipient=None if recipient is None else (recipient.kind, recipient.normalised),
        found_by_code=found.seal is None,
        foreign_link=any(has_foreign_link(part, world.own_hosts) for part in (request.brought.link, text) if part),
    )


def _operator_of(seal: ParsedSeal, world: VerificationWorld) -> Operator | None:
    if seal.claims.iss != world.issuer:
        return None
    try:
        with reading(world.engine) as connection:
            return load_operator(connection, operator_id_of(seal.claims))
    except OperatorNotFound:
        return None


def _newer_version_at(seal: ParsedSeal, world: VerificationWorld) -> datetime | None:
    jti = seal.claims.jti
    with reading(world.engine) as connection:
        newer = load_newer(connection, [jti]).get(jti)
    return None if newer is None else newer.sealed_at


def _release(seal: ParsedSeal, world: VerificationWorld) -> bytes | None:
    """Return the kept evidence of a release; None where there is none, or it was erased with the message."""
    if seal.claims.att.lvl is not AttestationLevel.A:
        return None
    with suppress(EvidenceNotFound), reading(world.engine) as connection:
        return load_evidence(connection, seal.claims.jti)
    return None


def _standing(seal: ParsedSeal, operator: Operator | None) -> Standing | None:
    if operator is None:
        return None
    return Standing(then=operator.state_at(seal.claims.iat), now=operator.state)


def _log_evidence(seal: ParsedSeal, world: VerificationWorld) -> tuple[LogEvidence, int | None]:
    try:
        token = world.log.token_by_jti(seal.claims.jti)
        if token is not None and token.jws == seal.jws.text:
            return LogEvidence(world.log.whole_receipt(token.log_id, token.index).text), token.index
        erased = find_tombstone(world.engine, h=jws_hash(seal.jws.text))
        if erased is None:
            return LogEvidence(None, absent=True), None
        receipt = world.log.whole_receipt(erased.log_id, erased.index)
        return LogEvidence(receipt.text, erased=True), erased.index
    except TransparencyError:  # not reachable, or damaged: cannot say
        return LogEvidence(None, reachable=False), None


def _status_evidence(seal: ParsedSeal, world: VerificationWorld) -> StatusEvidence:
    """Look at the register of withdrawals itself: it knows what no list tells yet, and seals that carry no place."""
    try:
        withdrawal = find_withdrawal(world.engine, seal.claims.jti)
    except TransparencyError:
        return StatusEvidence(reachable=False)
    return StatusEvidence(asked=True, withdrawn_at=None if withdrawal is None else withdrawal.at)


def _opener(seal: ParsedSeal, operator: Operator | None, world: VerificationWorld) -> Opener:
    """Open by our own salts only for an operator of the registry: a forged `sub` must not name a file to read."""
    if operator is not None:
        salt_keys = world.salt_keys(operator.id, parse_ulid_time(seal.claims.jti))
        if salt_keys:
            return DerivingOpener(seal, salt_keys=salt_keys)
    return BroughtOpener(seal)


def _decision(
    report: Report, seal: ParsedSeal, world: VerificationWorld
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the sealed decision and its kept wording; a code alone reveals neither, the message's text does."""
    brought = seal.disclosed(Name.DEC)
    details = {check.detail for check in report.checks}
    if brought is None and not details & {Detail.CONTENT_MATCHES, Detail.CONTENT_PARTLY_MATCHES}:
        return None, None
    with reading(world.engine) as connection:
        record = load_decision(connection, seal.claims.jti)
    if record is None:
        return (None if brought is None else brought.value), None
    if format_base64url(kept_digest(record)) != seal.claims.pol.fd:
        return (None if brought is None else brought.value), None
    kept = disclosed_decision(record.facts, record.decision)
    if brought is not None and brought.value != kept:
        return brought.value, None
    return kept, record.decision
