"""What was found of a claimed sender, in the customer's words. Pure."""

from collections.abc import Callable
from datetime import date, timedelta

from registry.sending.model import Promise, PromiseKind
from sigill.report.words import Words
from verification.claimed import Finding, Sending, is_forgeable


def tell_claim(sending: Sending, *, words: Words, tell_date: Callable[[date], str]) -> tuple[str, ...]:
    """Return the sentences about a claim, the finding first; none where nothing was claimed."""
    claim, day = sending.claim, sending.day
    if claim is None or day is None:
        return ()
    name = "" if sending.operator is None else sending.operator.name
    channel = words.channel(claim.channel)
    promise = sending.promise
    match sending.finding:
        case Finding.PROMISED if promise is not None:
            said = [_promised(promise, name, channel, words, tell_date)]
            if promise.until is not None:
                said.append(words.sending("promise_ends", last=tell_date(promise.until - timedelta(days=1))))
        case Finding.NOT_PROMISED:
            said = [words.sending("claim_not_promised", operator=name, channel=channel, day=tell_date(day))]
        case Finding.NOT_VERIFIED:
            said = [words.sending("claim_not_verified", operator=name)]
        case Finding.SEVERAL:
            said = [words.sending("claim_several", sender=claim.sender)]
        case _:
            said = [words.sending("claim_unknown", sender=claim.sender)]
    if is_forgeable(sending):
        said.append(words.sending("claim_forgeable"))
    return tuple(said)


def _promised(promise: Promise, operator: str, channel: str, words: Words, tell_date: Callable[[date], str]) -> str:
    since = tell_date(promise.since)
    if promise.kind is PromiseKind.ANNOUNCES:
        return words.sending("claim_promised_announces", operator=operator, since=since)
    return words.sending("claim_promised_seals", operator=operator, channel=channel, since=since)
