"""Judging whether a domain is an operator's, from what resolvers and its web server answered.

Resolvers vote. So many of them as needed, more than half of all, must say the same: one that lies, or is lied to on its
way, is outvoted and named. Silence is no vote. What nobody answered could not be checked; it never passes, never fails.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from registry.asking.exchange import Answered
from registry.asking.txt import TxtAnswer, TxtOutcome
from registry.asking.well_known import FileAnswer
from registry.checks.domain_challenge import Challenge, Record, parse_record
from registry.checks.domain_redirect import is_redirect
from registry.checks.outcome import CheckResult, Outcome, StoredAnswer
from registry.model import EvidenceKind

GOOD_FOR: Final = timedelta(days=90)
"""How long a passed check is evidence; it is to be repeated well before."""

DNS_METHOD: Final = "DNS record"
FILE_METHOD: Final = "file on the domain's web server"
_OK: Final = 200
_REFUSALS: Final = range(300, 500)
_BUSY: Final = frozenset({408, 425, 429})
_TYPE: Final = re.compile(r"[ -~]{1,100}")


class Reason(StrEnum):
    """Why a check of a domain ended as it did."""

    RECORD_FOUND = "record_found"
    FILE_FOUND = "file_found"
    CHALLENGE_OVER = "challenge_over"
    NO_RECORD = "no_record"
    OTHER_RECORDS = "other_records"
    RECORD_OVER = "record_over"
    RESOLVERS_DISAGREE = "resolvers_disagree"
    RESOLVERS_SILENT = "resolvers_silent"
    NO_FILE = "no_file"
    OTHER_FILE = "other_file"
    POINTS_ELSEWHERE = "points_elsewhere"
    PRIVATE_ADDRESS = "private_address"
    SERVER_SILENT = "server_silent"
    NOTHING_FOUND = "nothing_found"
    NOT_ALL_ANSWERED = "not_all_answered"


_DENIALS: Final = (Reason.RECORD_OVER, Reason.OTHER_RECORDS, Reason.NO_RECORD)


@dataclass(frozen=True, slots=True)
class _Vote:
    """What one resolver's answer means: the record's end where it confirms, why not where it denies; else silence."""

    resolver: str
    ends: datetime | None = None
    denial: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    outcome: Outcome
    reason: Reason
    detail: str
    ends: datetime | None = None
    facts: dict[str, str] = field(default_factory=dict)


def judge_challenge(challenge: Challenge, *, at: datetime, method: str) -> CheckResult | None:
    """Return the failure of a challenge that is over at `at`; None for one that can be checked."""
    if at < challenge.ends:
        return None
    detail = (
        f"The challenge for {challenge.domain} was good until {challenge.last_day.isoformat()}. Ask for a new one and "
        "publish that."
    )
    verdict = _Verdict(outcome=Outcome.FAILED, reason=Reason.CHALLENGE_OVER, detail=detail)
    return _result(challenge, verdict, method=method, at=at, answers=())


def judge_records(challenge: Challenge, answers: Sequence[TxtAnswer], *, needed: int, at: datetime) -> CheckResult:
    """Return what the resolvers' answers come to, where `needed` of them must agree: more than half of them.

    Raises ValueError for another `needed`.
    """
    if not len(answers) < 2 * needed <= 2 * len(answers):
        raise ValueError("more than half of the resolvers, and no more than all, must agree")
    votes = [_read_vote(challenge, answer, at=at) for answer in answers]
    verdict = _count(challenge, votes, needed=needed)
    verdict.facts["dnssec"] = "yes" if _all_authenticated(answers) else "no"
    stored = tuple(
        StoredAnswer(
            source=f"dns:{challenge.record_name}/TXT@{answer.resolver}",
            media_type="application/dns-message",
            body=answer.message,
            at=at,
        )
        for answer in answers
        if answer.message
    )
    return _result(challenge, verdict, method=DNS_METHOD, at=at, answers=stored)


def judge_file(challenge: Challenge, answer: FileAnswer, *, at: datetime) -> CheckResult:
    """Return what the web server's answer comes to."""
    stored = tuple(
        StoredAnswer(
            source=hop.url,
            media_type=_read_type(hop),
            body=hop.body,
            at=at,
        )
        for hop in answer.hops
    )
    verdict = _judge_hop(challenge, answer)
    return _result(challenge, verdict, method=FILE_METHOD, at=at, answers=stored)


def join_results(record: CheckResult, file: CheckResult) -> CheckResult:
    """Return what two ways that did not pass come to together: failed only where both did."""
    both_failed = record.outcome is file.outcome is Outcome.FAILED
    return CheckResult(
        kind=EvidenceKind.DOMAIN,
        outcome=Outcome.FAILED if both_failed else Outcome.COULD_NOT_BE_CHECKED,
        method=f"{DNS_METHOD} or {FILE_METHOD}",
        reason=Reason.NOTHING_FOUND if both_failed else Reason.NOT_ALL_ANSWERED,
        detail=f"{record.detail} The other way: {file.detail}",
        checked_at=record.checked_at,
        facts={**file.facts, **record.facts},
        answers=(*record.answers, *file.answers),
    )


def _read_type(hop: Answered) -> str:
    said = hop.headers.get("content-type", "")
    return said if _TYPE.fullmatch(said) else "application/octet-stream"


def _read_vote(challenge: Challenge, answer: TxtAnswer, *, at: datetime) -> _Vote:
    if answer.outcome in {TxtOutcome.NO_SUCH_NAME, TxtOutcome.NO_RECORDS}:
        return _Vote(answer.resolver, denial=Reason.NO_RECORD)
    if answer.outcome is not TxtOutcome.RECORDS:
        return _Vote(answer.resolver)
    parsed = [parse_record(record) for record in answer.records]
    ours: list[Record] = [record for record in parsed if record and record.token == challenge.record_token]
    if not ours:
        return _Vote(answer.resolver, denial=Reason.OTHER_RECORDS)
    ends = max(record.ends for record in ours)
    return _Vote(answer.resolver, ends=ends) if at < ends else _Vote(answer.resolver, denial=Reason.RECORD_OVER)


def _count(challenge: Challenge, votes: Sequence[_Vote], *, needed: int) -> _Verdict:
    confirming = [vote for vote in votes if vote.ends is not None]
    denying = [vote for vote in votes if vote.denial is not None]
    facts = {"resolvers": str(len(votes)), "confirming": str(len(confirming)), "denying": str(len(denying))}
    if len(confirming) >= needed:
        facts |= _name("outvoted", denying)
        detail = f"{len(confirming)} of {len(votes)} resolvers found the record at {challenge.record_name}."
        detail += _tell_outvoted(denying, "did not find it")
        ends = min(vote.ends for vote in confirming if vote.ends)
        return _Verdict(outcome=Outcome.PASSED, reason=Reason.RECORD_FOUND, detail=detail, ends=ends, facts=facts)
    if len(denying) >= needed:
        facts |= _name("outvoted", confirming)
        reason = next(reason for reason in _DENIALS if any(vote.denial is reason for vote in denying))
        detail = _tell_denial(challenge, reason) + _tell_outvoted(confirming, "found it")
        return _Verdict(outcome=Outcome.FAILED, reason=reason, detail=detail, facts=facts)
    disagree = bool(confirming) and bool(denying)
    silent = [vote for vote in votes if vote not in confirming and vote not in denying]
    facts |= _name("silent", silent)
    return _Verdict(
        outcome=Outcome.COULD_NOT_BE_CHECKED,
        reason=Reason.RESOLVERS_DISAGREE if disagree else Reason.RESOLVERS_SILENT,
        detail=f"Too few of {len(votes)} resolvers gave the same answer about {challenge.record_name}: "
        f"{len(confirming)} found the record, {len(denying)} did not, {len(silent)} gave no answer. "
        "It will be asked again; nothing is to be done unless this goes on.",
        facts=facts,
    )


def _tell_denial(challenge: Challenge, reason: Reason) -> str:
    wanted = f"Publish at {challenge.record_name} a TXT record with the text: {challenge.record}"
    match reason:
        case Reason.RECORD_OVER:
            return f"The record at {challenge.record_name} says that it is over. {wanted}"
        case Reason.OTHER_RECORDS:
            return (
                f"There are TXT records at {challenge.record_name}, but not the one for this operator's key. {wanted}"
            )
        case _:
            return f"There is no TXT record at {challenge.record_name}. {wanted}"


def _tell_outvoted(votes: Sequence[_Vote], did: str) -> str:
    return f" Outvoted: {', '.join(vote.resolver for vote in votes)} {did}." if votes else ""


def _name(fact: str, votes: Sequence[_Vote]) -> dict[str, str]:
    return {fact: ", ".join(vote.resolver for vote in votes)} if votes else {}


def _all_authenticated(answers: Sequence[TxtAnswer]) -> bool:
    spoken = [answer for answer in answers if answer.message]
    return bool(spoken) and all(answer.authenticated for answer in spoken)


def _judge_hop(challenge: Challenge, answer: FileAnswer) -> _Verdict:
    """Judge by the last of a web server's answers, or by why there is none."""
    url = challenge.file_url()
    wanted = f"Put there a file with the text: {challenge.file_content}"
    failure = answer.failure
    if failure is not None and failure.code == "private_address":
        return _fail(Reason.PRIVATE_ADDRESS, f"{failure} The file must be at {url}, on the public Internet.")
    if failure is not None and failure.code == "too_long":
        return _fail(Reason.OTHER_FILE, f"What is at {url} is much longer than the file. {wanted}")
    last = answer.hops[-1] if answer.hops else None
    if failure is not None or last is None or last.status not in {_OK, *_REFUSALS} or last.status in _BUSY:
        why = str(failure) if failure is not None else "The web server is not able to answer."
        return _Verdict(
            outcome=Outcome.COULD_NOT_BE_CHECKED,
            reason=Reason.SERVER_SILENT,
            detail=f"{why} {url} will be asked again.",
        )
    if is_redirect(last):
        text = (
            f"{url} points elsewhere. It may point, once, to the same file on www.{challenge.domain} and nowhere else."
        )
        return _fail(Reason.POINTS_ELSEWHERE, text)
    if last.status != _OK:
        return _fail(Reason.NO_FILE, f"There is no file to read at {url}. {wanted}")
    return _judge_body(challenge, last, wanted=wanted)


def _judge_body(challenge: Challenge, last: Answered, *, wanted: str) -> _Verdict:
    if last.body.strip(b" \t\r\n") != challenge.file_content.encode("ascii"):
        return _fail(Reason.OTHER_FILE, f"What is at {last.url} is not the file for this operator's key. {wanted}")
    detail = f"The file is at {last.url}."
    return _Verdict(outcome=Outcome.PASSED, reason=Reason.FILE_FOUND, detail=detail, ends=challenge.ends)


def _fail(reason: Reason, detail: str) -> _Verdict:
    return _Verdict(outcome=Outcome.FAILED, reason=reason, detail=detail)


def _result(
    challenge: Challenge, verdict: _Verdict, *, method: str, at: datetime, answers: tuple[StoredAnswer, ...]
) -> CheckResult:
    ends = verdict.ends
    return CheckResult(
        kind=EvidenceKind.DOMAIN,
        outcome=verdict.outcome,
        method=method,
        reason=verdict.reason,
        detail=verdict.detail,
        checked_at=at,
        valid_until=None if ends is None else min(at + GOOD_FOR, challenge.ends, ends),
        facts={"domain": challenge.domain, **verdict.facts},
        answers=answers,
    )
