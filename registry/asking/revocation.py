"""Asking the issuers of a chain whether a certificate of it was revoked: by OCSP first, by their lists otherwise.

The addresses stand in the certificates, so a stranger chose them: `fetch` is to be the one that leads nowhere into the
guarantor's own network. Redirects are not followed: an answer at another place is one that nobody named.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509

from registry.asking.exchange import Answered, Fetch, NoAnswer, Question
from registry.checks.chain import VerifiedChain
from registry.checks.crl import MAX_CRL_BYTES, judge_crl
from registry.checks.ocsp import MAX_ANSWER_BYTES, judge_ocsp, make_request
from registry.checks.outcome import StoredAnswer
from registry.checks.revocation import Standing, Unusable, addresses_of

_OK: Final = 200
_NONCE_BYTES: Final = 32
_OCSP_TYPE: Final = "application/ocsp-response"
_CRL_TYPE: Final = "application/pkix-crl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What became of asking about one certificate: a standing, or a sentence for each failed try."""

    certificate: x509.Certificate
    standing: Standing | None
    trouble: tuple[str, ...]
    answers: tuple[StoredAnswer, ...]


@dataclass(frozen=True, slots=True)
class _Attempt:
    standing: Standing | None
    trouble: str | None
    answer: StoredAnswer | None


def ask_chain(
    chain: VerifiedChain, *, fetch: Fetch, at: datetime, random_bytes: Callable[[int], bytes]
) -> tuple[Asked, ...]:
    """Ask about the leaf and every authority below the anchor, until one is revoked. Never raises."""
    asked: list[Asked] = []
    for certificate, issuer in chain.steps:
        one = _ask(certificate, issuer, fetch=fetch, at=at, nonce=random_bytes(_NONCE_BYTES))
        asked.append(one)
        if one.standing is not None and not one.standing.good:
            break
    return tuple(asked)


def _ask(certificate: x509.Certificate, issuer: x509.Certificate, *, fetch: Fetch, at: datetime, nonce: bytes) -> Asked:
    attempts: list[_Attempt] = []
    for attempt in _attempts(certificate, issuer, fetch=fetch, at=at, nonce=nonce):
        attempts.append(attempt)
        if attempt.standing is not None:
            break
    trouble = tuple(each.trouble for each in attempts if each.trouble is not None)
    return Asked(
        certificate=certificate,
        standing=attempts[-1].standing if attempts else None,
        trouble=trouble if attempts else ("the certificate does not say where its issuer can be asked",),
        answers=tuple(each.answer for each in attempts if each.answer is not None),
    )


def _attempts(
    certificate: x509.Certificate, issuer: x509.Certificate, *, fetch: Fetch, at: datetime, nonce: bytes
) -> Iterator[_Attempt]:
    """Try each address, one at a time, as long as the caller wants another."""
    addresses = addresses_of(certificate)

    def by_ocsp(body: bytes) -> Standing:
        return judge_ocsp(body, certificate=certificate, issuer=issuer, nonce=nonce, at=at)

    def by_crl(body: bytes) -> Standing:
        return judge_crl(body, certificate=certificate, issuer=issuer, at=at)

    for url in addresses.responders:
        try:
            request = make_request(certificate, issuer, nonce=nonce)
        except Unusable as unusable:
            yield _Attempt(None, f"{url}: {unusable}", None)
            continue
        question = Question(
            url=url,
            headers={"Content-Type": "application/ocsp-request", "Accept": _OCSP_TYPE},
            body=request,
            most_bytes=MAX_ANSWER_BYTES,
        )
        yield _try(question, media_type=_OCSP_TYPE, fetch=fetch, judge=by_ocsp, at=at)
    for url in addresses.lists:
        question = Question(url=url, headers={"Accept": _CRL_TYPE}, most_bytes=MAX_CRL_BYTES)
        yield _try(question, media_type=_CRL_TYPE, fetch=fetch, judge=by_crl, at=at)


def _try(
    question: Question, *, media_type: str, fetch: Fetch, judge: Callable[[bytes], Standing], at: datetime
) -> _Attempt:
    try:
        answered = fetch(question)
    except NoAnswer as error:
        return _Attempt(None, f"{question.url}: {error}", None)
    if answered.status != _OK:
        return _Attempt(None, f"{question.url}: answered with status {answered.status}", None)
    try:
        return _Attempt(judge(answered.body), None, _stored(question, answered, media_type, at))
    except Unusable as unusable:
        return _Attempt(None, f"{question.url}: {unusable}", _stored(question, answered, media_type, at))


def _stored(question: Question, answered: Answered, media_type: str, at: datetime) -> StoredAnswer:
    return StoredAnswer(source=question.url, media_type=media_type, body=answered.body, at=at)
