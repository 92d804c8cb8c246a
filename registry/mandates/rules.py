"""What a mandate may say, and whether it covers a message. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from registry.errors import ApplicationInvalid, MandateExceeded, MandateMissing, MandateRevoked
from registry.mandates.model import LONGEST, MAX_DAILY, Mandate, MandateState, Terms
from registry.model import Operator
from sigill.vocabulary import Channel, Enquiry, Purpose

_CLOSED: Final = (MandateState.EXPIRED, MandateState.REVOKED)


def read_terms(terms: Terms, *, at: datetime) -> Terms:
    """Return the terms of a mandate given at `at`: each word once and in order, whole seconds, never reaching back.

    Raises ApplicationInvalid.
    """
    if not terms.channels or not terms.purposes or terms.enquiries == ():
        raise ApplicationInvalid("a mandate names at least one channel, one purpose, and one kind of enquiry or all")
    if terms.daily_messages is not None and not 1 <= terms.daily_messages <= MAX_DAILY:
        raise ApplicationInvalid(f"a mandate lets 1 to {MAX_DAILY} messages a day be sealed")
    begin = max(terms.valid_from, at).replace(microsecond=0)
    end = terms.valid_until.replace(microsecond=0)
    if end <= begin:
        raise ApplicationInvalid("a mandate ends after it begins, and in the future")
    if end - begin > LONGEST or begin - at > LONGEST:
        raise ApplicationInvalid(f"a mandate begins within a year and lasts at most a year ({LONGEST.days} days)")
    return replace(
        terms,
        channels=tuple(sorted(set(terms.channels))),
        enquiries=None if terms.enquiries is None else tuple(sorted(set(terms.enquiries))),
        purposes=tuple(sorted(set(terms.purposes))),
        valid_from=begin,
        valid_until=end,
    )


def check_parties(principal: Operator, mandatary: Operator) -> None:
    """Raise ApplicationInvalid unless the one may give the other a mandate: two operators of one environment."""
    if principal.id == mandatary.id:
        raise ApplicationInvalid("an operator needs no mandate of its own")
    if principal.environment is not mandatary.environment:
        raise ApplicationInvalid(
            f"{mandatary.id} is in the {mandatary.environment} environment, {principal.id} in {principal.environment}: "
            "a mandate never crosses them"
        )


def choose_mandate(
    mandates: Sequence[Mandate], *, channel: Channel, enquiry: Enquiry, purpose: Purpose, at: datetime
) -> Mandate:
    """Return the first mandate in force at `at` that covers such a message.

    Raises MandateMissing (none is in force: not given, not accepted, not begun or run out), MandateRevoked (it was,
    and was ended), MandateExceeded (none in force covers it; the newest says why).
    """
    current = [mandate for mandate in mandates if mandate.state_at(at) is MandateState.IN_FORCE]
    for mandate in current:
        if _why_not(mandate.terms, channel, enquiry, purpose) is None:
            return mandate
    if current:
        newest = max(current, key=lambda mandate: (mandate.given_at, mandate.id))
        why = _why_not(newest.terms, channel, enquiry, purpose)
        raise MandateExceeded(f"the mandate {newest.id} does not cover this: {why}")
    revoked = [mandate for mandate in mandates if mandate.revoked_at is not None and mandate.accepted_at is not None]
    if revoked:
        last = max(revoked, key=lambda mandate: (mandate.revoked_at or at, mandate.id))
        raise MandateRevoked(f"the mandate {last.id} was revoked at {last.revoked_at:%Y-%m-%dT%H:%M:%SZ}")
    raise MandateMissing("no mandate to seal for this operator is in force")


def changes_after(mandates: Iterable[Mandate], at: datetime) -> list[datetime]:
    """Return the times after `at` at which one of these mandates begins or ends by itself."""
    times = (time for mandate in mandates for time in (mandate.since, mandate.terms.valid_until) if time is not None)
    return [time for time in times if time > at]


def is_open(mandate: Mandate, at: datetime) -> bool:
    """Tell whether a mandate lets somebody seal, or may yet."""
    return mandate.state_at(at) not in _CLOSED


def _why_not(terms: Terms, channel: Channel, enquiry: Enquiry, purpose: Purpose) -> str | None:
    if channel not in terms.channels:
        return f"channel {channel} is none of {', '.join(terms.channels)}"
    if purpose not in terms.purposes:
        return f"purpose {purpose} is none of {', '.join(terms.purposes)}"
    if terms.enquiries is not None and enquiry not in terms.enquiries:
        return f"enquiry {enquiry} is none of {', '.join(terms.enquiries)}"
    return None
