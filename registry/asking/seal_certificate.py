"""The whole check of an operator's seal certificate, from the bytes it sent to one result.

    read -> profile -> chain -> qualified -> whose -> revoked?

`check_application` is for the application: the operator signed it, which alone proves that the certificate is its own.
`recheck_certificate` looks at the same certificate again later: still valid, still not revoked.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from registry.asking.exchange import Fetch
from registry.asking.revocation import Asked, ask_chain
from registry.checks.certificates import Bundle, read_bundle
from registry.checks.chain import VerifiedChain, check_chain
from registry.checks.outcome import CheckResult, Outcome, StoredAnswer
from registry.checks.seal_facts import certificate_facts, passed_in_words, stated_facts, subject_facts
from registry.checks.seal_identity import check_identifier, read_subject, shown_name
from registry.checks.seal_profile import check_profile, check_qualified
from registry.checks.seal_refusal import SealReason, SealRefused
from registry.checks.signed_application import ExpectedApplication, verify_application
from registry.model import EvidenceKind

METHOD: Final = "seal certificate, chain, revocation"
METHOD_SIGNED: Final = "application signed with a seal certificate; chain, revocation"
_APPLICATION_TYPE: Final = "application/jose"
_CHAIN_TYPE: Final = "application/pem-certificate-chain"
_MAX_KEPT: Final = 128 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SealPolicy:
    """What a guarantor accepts. `anchors` are authorities it took from its country's trusted list.

    Evidence holds for `good_for`, never beyond the certificate itself. `require_qualified` may be off where a seal
    certificate is not to count as the highest assurance level; today it always does.
    """

    anchors: tuple[x509.Certificate, ...]
    require_qualified: bool = True
    good_for: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One check under way: what does not change while it runs."""

    policy: SealPolicy
    fetch: Fetch
    at: datetime
    random_bytes: Callable[[int], bytes]
    method: str
    answers: tuple[StoredAnswer, ...]


def check_application(
    jws: str,
    *,
    expected: ExpectedApplication,
    policy: SealPolicy,
    fetch: Fetch,
    at: datetime,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> CheckResult:
    """Check an application that its operator signed, and the certificate it signed with. Never raises.

    The caller gave out `expected.nonce` and marks it used once the result has passed. `fetch` must be the guarded one.
    """
    look = _Look(
        policy=policy,
        fetch=fetch,
        at=at,
        random_bytes=random_bytes,
        method=METHOD_SIGNED,
        answers=(_sent(jws.encode("utf-8", "replace"), _APPLICATION_TYPE, at),),
    )
    try:
        signed = verify_application(jws, expected=expected, at=at)
    except SealRefused as refused:
        return _refused(look, refused)
    return _check(look, signed.bundle, identifier=expected.identifier, name=expected.name)


def recheck_certificate(  # noqa: PLR0913 - the world a check needs, each named
    bundle: bytes,
    *,
    identifier: str,
    name: str,
    policy: SealPolicy,
    fetch: Fetch,
    at: datetime,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> CheckResult:
    """Check a certificate again that an operator once applied with. Never raises.

    `bundle` is the answer with media type `application/pem-certificate-chain` of the check that passed. On its own
    this proves nothing about who sent a certificate: certificates are public.
    """
    look = _Look(policy=policy, fetch=fetch, at=at, random_bytes=random_bytes, method=METHOD, answers=())
    try:
        read = read_bundle(bundle)
    except SealRefused as refused:
        return _refused(look, refused)
    return _check(look, read, identifier=identifier, name=name)


def _check(look: _Look, bundle: Bundle, *, identifier: str, name: str) -> CheckResult:
    facts: Mapping[str, str] = certificate_facts(bundle.leaf)
    try:
        stated = check_profile(bundle.leaf, at=look.at)
        subject = read_subject(bundle.leaf)
        facts = {**facts, **stated_facts(stated), **subject_facts(subject, name)}
        check_qualified(stated, required=look.policy.require_qualified)
        check_identifier(subject, identifiers=(identifier,))
        if not look.policy.anchors:
            return _unchecked(look, facts, "no_anchors", "This guarantor has named no authorities that it trusts.")
        chain = check_chain(bundle, anchors=look.policy.anchors, at=look.at)
    except SealRefused as refused:
        return _refused(look, refused, facts)
    return _ask_issuers(look, chain, facts)


def _ask_issuers(look: _Look, chain: VerifiedChain, facts: Mapping[str, str]) -> CheckResult:
    asked = ask_chain(chain, fetch=look.fetch, at=look.at, random_bytes=look.random_bytes)
    answers = (_chain_answer(chain, look.at), *(answer for one in asked for answer in one.answers))
    revoked = next((one for one in asked if one.standing is not None and not one.standing.good), None)
    if revoked is not None:
        return _refused(look, SealRefused(SealReason.REVOKED, _revocation_in_words(revoked)), facts, answers)
    silent = next((one for one in asked if one.standing is None), None)
    if silent is not None:
        whose = shown_name(silent.certificate.subject)
        sentence = f"Whether the certificate of {whose} was revoked could not be checked: {'; '.join(silent.trouble)}."
        return _unchecked(look, facts, "revocation_unknown", sentence, answers)
    ends = min(each.not_valid_after_utc for each in chain.certificates)
    return CheckResult(
        kind=EvidenceKind.SEAL_CERTIFICATE,
        outcome=Outcome.PASSED,
        method=look.method,
        reason="passed",
        detail=passed_in_words(facts),
        checked_at=look.at,
        valid_until=min(ends, look.at + look.policy.good_for),
        facts=facts,
        answers=(*look.answers, *answers),
    )


def _revocation_in_words(asked: Asked) -> str:
    since = asked.standing.revoked_at if asked.standing is not None else None
    reason = asked.standing.reason if asked.standing is not None else None
    when = "" if since is None else f" since {since:%Y-%m-%d %H:%M} UTC"
    return f"{shown_name(asked.certificate.subject)}{when}{f', {reason}' if reason else ''}"


def _refused(
    look: _Look, refused: SealRefused, facts: Mapping[str, str] | None = None, answers: tuple[StoredAnswer, ...] = ()
) -> CheckResult:
    return _result(look, Outcome.FAILED, refused.reason.value, str(refused), facts or {}, answers)


def _unchecked(
    look: _Look, facts: Mapping[str, str], reason: str, sentence: str, answers: tuple[StoredAnswer, ...] = ()
) -> CheckResult:
    return _result(look, Outcome.COULD_NOT_BE_CHECKED, reason, sentence, facts, answers)


def _result(
    look: _Look,
    outcome: Outcome,
    reason: str,
    sentence: str,
    facts: Mapping[str, str],
    answers: tuple[StoredAnswer, ...],
) -> CheckResult:
    return CheckResult(
        kind=EvidenceKind.SEAL_CERTIFICATE,
        outcome=outcome,
        method=look.method,
        reason=reason,
        detail=sentence[:2000],
        checked_at=look.at,
        facts=facts,
        answers=(*look.answers, *answers),
    )


def _chain_answer(chain: VerifiedChain, at: datetime) -> StoredAnswer:
    pem = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain.certificates)
    return StoredAnswer(source="applicant:certificate-chain", media_type=_CHAIN_TYPE, body=pem, at=at)


def _sent(body: bytes, media_type: str, at: datetime) -> StoredAnswer:
    return StoredAnswer(source="applicant:application", media_type=media_type, body=body[:_MAX_KEPT], at=at)
