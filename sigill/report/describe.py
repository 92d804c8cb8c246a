"""A report as a JSON-able value: the one shape of the service's answer and of `sigill verify --json` offline. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from sigill.report.answers import Reason
from sigill.report.checks import Detail
from sigill.report.judge import Report
from sigill.report.trust import Trust
from sigill.report.words import Words
from sigill.seal.claims import ActorClaim, SealClaims, operator_id_of
from sigill.seal.disclosures import Name
from sigill.seal.token import ParsedSeal
from sigill.tlog.proof import parse_proof
from sigill.vocabulary import foreign_words

_ABOUT_THE_SENDER: Final = (
    "sender",
    "acting",
    "authorship",
    "channel",
    "purpose",
    "sealed_at",
    "sent_at",
    "conversation",
    "decision",
    "content",
    "log",
    "seal",
    "proof",
    "receipt",
)


def describe_report(report: Report, words: Words, *, trust: Trust, receipt: str | None) -> dict[str, Any]:
    """Return a report as the API shows it; nothing about the sender unless issuer and signature passed.

    `receipt` is the log proof the report rests on. What only the service knows (the operator's standing and successor
    now, its page, its signed verification receipt) it adds itself; here those are None, and the page is the one the
    seal names.
    """
    reason = words.reason(report.reason)
    shape: dict[str, Any] = {
        "answer": report.answer.value,
        "reason": report.reason.value,
        "headline": _headline(report, words),
        "why": reason.why,
        "next": reason.next,
        "checks": [
            {
                "check": check.check.value,
                "outcome": check.outcome.value,
                "detail": check.detail.value,
                "words": words.detail(check.detail),
            }
            for check in report.checks
        ],
        "withdrawn_at": None if report.withdrawn_at is None else report.withdrawn_at.isoformat(),
        "newer_version_at": None,
        **dict.fromkeys(_ABOUT_THE_SENDER),
    }
    proven = report.proven
    return shape if proven is None else shape | _about(report, proven, words, trust, receipt)


def _headline(report: Report, words: Words) -> str:
    """Return the reason's headline; of a message withdrawn or replaced the one with the day, where that is known."""
    if report.reason is Reason.WITHDRAWN and report.withdrawn_at is not None:
        return words.label("withdrawn_on", time=f"{report.withdrawn_at:%Y-%m-%d}")
    if report.reason is Reason.GENUINE_NEWER_VERSION:
        return words.label("newer_version_on", time=f"{report.newer_version_at:%Y-%m-%d}")
    return words.reason(report.reason).headline


def _about(report: Report, seal: ParsedSeal, words: Words, trust: Trust, receipt: str | None) -> dict[str, Any]:
    claims = seal.claims
    decision = seal.disclosed(Name.DEC)
    return {
        "sender": _sender(claims),
        "authorship": _authorship(claims, words, released=report.released),
        "acting": None if claims.act is None else _acting(claims, claims.act, words),
        "channel": claims.ch.value,
        "purpose": claims.pur.value,
        "sealed_at": claims.iat.isoformat(),
        "sent_at": None if claims.sent is None else claims.sent.isoformat(),
        "newer_version_at": None
        if report.newer_version_at is None
        else report.newer_version_at.isoformat(timespec="seconds"),
        "conversation": None if claims.conv is None else {"id": claims.conv.id, "seq": claims.conv.seq},
        "decision": None if decision is None else decision.value,
        "content": _content(report),
        "log": _log(report, claims, trust, receipt),
        "seal": report.shown,
        "proof": receipt,
    }


def _sender(claims: SealClaims) -> dict[str, Any]:
    return {
        "id": operator_id_of(claims),
        "name": claims.op.name,
        "identifier": claims.op.id,
        "industry": claims.op.ind.value,
        "assurance_level": claims.op.lvl,
        "environment": "test" if claims.op.test else "live",
        "state_now": None,
        "successor": None,
        "demonstration": None,
        "page": claims.sub,
    }


def _acting(claims: SealClaims, actor: ActorClaim, words: Words) -> dict[str, Any]:
    """Return who sealed for the sender, and under which mandate: the seal says so, and the guarantor vouches for it."""
    return {
        "id": operator_id_of(actor),
        "name": actor.name,
        "identifier": actor.id,
        "mandate": actor.mandate,
        "since": actor.since.isoformat(),
        "words": words.label("sent_for", principal=claims.op.name, agent=actor.name, time=f"{actor.since:%Y-%m-%d}"),
        "page": actor.sub,
    }


def _authorship(claims: SealClaims, words: Words, *, released: bool) -> dict[str, Any]:
    foreign = foreign_words(claims.auth.by, draft=claims.auth.draft)
    system = claims.ai
    return {
        "by": claims.auth.by.value,
        "role": claims.auth.role.value,
        "attestation": claims.att.lvl.value,
        "words": words.authorship(
            claims.auth.by,
            level=claims.att.lvl,
            role=claims.auth.role,
            operator=claims.op.name,
            released=released,
        ),
        "w3c": foreign.w3c,
        "header": foreign.header,
        "eu_icon": foreign.eu_icon,
        "source_type": foreign.source_type,
        "ai_system": None
        if system is None
        else {
            "name": system.system,
            "provider": system.provider,
            "model": system.model,
            "operator": operator_id_of(claims.act if system.of_actor and claims.act is not None else claims),
        },
    }


def _content(report: Report) -> Mapping[str, str] | None:
    finding = report.content
    if finding is None or finding.matched is None:
        return None
    return {"matched": finding.matched, "before": finding.before, "after": finding.after}


def _log(report: Report, claims: SealClaims, trust: Trust, receipt: str | None) -> dict[str, Any]:
    log = trust.logs.get(operator_id_of(claims))
    proven = receipt is not None and any(check.detail is Detail.IN_THE_LOG for check in report.checks)
    return {
        "origin": None if log is None else log.origin,
        "index": parse_proof(receipt).index if proven and receipt is not None else None,
    }
