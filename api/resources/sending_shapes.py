"""The public shapes of sending policies: on an operator's page, and beside an answer."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from api.current import world
from api.resources.contacts import iso
from api.resources.promises import promise_shape, totals_shape
from registry.sending.model import Contact, DayTotals
from registry.sending.public import SendingPolicy
from sigill.report.words import Words
from verification.claim_words import tell_claim
from verification.claimed import Sending


def sending_shape(sending: Sending, words: Words) -> dict[str, Any]:
    """Return what is told beside an answer."""
    operator, promise = sending.operator, sending.promise
    return {
        "finding": None if sending.finding is None else sending.finding.value,
        "words": " ".join(tell_claim(sending, words=words, tell_date=date.isoformat)),
        "day": None if sending.day is None else sending.day.isoformat(),
        "operator": None
        if operator is None
        else {
            "id": operator.id,
            "name": operator.name,
            "state": operator.state.value,
            "page": f"{world().base_url}/registry/operators/{operator.id}",
        },
        "match": None if sending.match is None else sending.match.value,
        "promise": None if promise is None else promise_shape(promise),
        "contacts": public_contacts(sending.contacts),
    }


def policy_shape(policy: SendingPolicy) -> dict[str, Any]:
    """Return a sending policy as everyone may read it."""
    return {
        "contacts": public_contacts(policy.contacts),
        "promises": [promise_shape(promise) for promise in policy.promises],
        "totals": [_day_shape(day) for day in policy.totals],
    }


def public_contacts(contacts: Iterable[Contact]) -> list[dict[str, Any]]:
    """Return verified contact points, how and when each was verified."""
    return [
        {
            "kind": contact.kind.value,
            "value": contact.value,
            "method": contact.method.value,
            "verified_at": iso(contact.verified_at),
            "valid_until": iso(contact.valid_until),
        }
        for contact in contacts
        if contact.method and contact.verified_at and contact.valid_until
    ]


def _day_shape(day: DayTotals) -> dict[str, Any]:
    return {
        "day": day.day.isoformat(),
        "version": day.version,
        "declared": totals_shape(day.declared),
        "counted": {channel.value: number for channel, number in day.counted.items()},
    }
