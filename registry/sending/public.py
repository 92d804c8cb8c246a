"""What everyone may read of an operator's sending policy."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from registry.sending.contacts import list_contacts
from registry.sending.counting import counted_seals
from registry.sending.model import Contact, DayTotals, Promise
from registry.sending.promises import list_promises
from registry.sending.totals import list_totals

SHOWN_DAYS: Final = 31
"""How many days of totals are shown, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingPolicy:
    """Verified contact points by kind and value, promises (the newest first), and days with totals (newest first)."""

    contacts: tuple[Contact, ...] = ()
    promises: tuple[Promise, ...] = ()
    totals: tuple[DayTotals, ...] = ()

    def promised_on(self, day: date) -> tuple[Promise, ...]:
        """Return the promises that cover a day."""
        return tuple(promise for promise in self.promises if promise.holds_on(day))


def load_policy(connection: Connection, operator_id: str, *, at: datetime) -> SendingPolicy:
    """Return an operator's sending policy as it stands at `at`."""
    verified = [contact for contact in list_contacts(connection, operator_id) if contact.is_verified(at)]
    return SendingPolicy(
        contacts=tuple(sorted(verified, key=lambda contact: (contact.kind, contact.value))),
        promises=tuple(reversed(list_promises(connection, operator_id))),
        totals=_days(connection, operator_id, at=at),
    )


def _days(connection: Connection, operator_id: str, *, at: datetime) -> tuple[DayTotals, ...]:
    since = at.date() - timedelta(days=SHOWN_DAYS)
    counted = counted_seals(connection, operator_id, since=since)
    days: dict[date, DayTotals] = {}
    for declared in list_totals(connection, operator_id):
        if declared.day >= since and declared.day not in days:  # of a day the newest version comes first
            days[declared.day] = DayTotals(
                day=declared.day,
                declared=declared.totals,
                counted=counted.get(declared.day, {}),
                version=declared.version,
            )
    return tuple(days.values())
