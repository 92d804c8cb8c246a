"""The condition of a commit under a mandate: who seals stands as when it was decided, and has some left of its day.

The principal's own condition is `registry.standing.Standing`: its log is locked, and every step of a mandate goes
there. The mandatary's row is locked here (shared), so that no suspension of it is committed while a seal is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final

from sqlalchemy import Connection, bindparam, select

from registry.errors import MandateExceeded
from registry.mandates.acting import Acting
from registry.mandates.model import Mandate
from registry.tables import mandate_days, operators
from storage.bulk import save_rows
from storage.prepared import Asked, Prepared
from transparency.append import Place
from transparency.errors import GuardFailed

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_REVISION: Final = Prepared(
    select(operators.c.revision).where(operators.c.id == bindparam("operator")).with_for_update(read=True)
)
_SEALED: Final = Prepared(
    select(mandate_days.c.messages).where(
        mandate_days.c.mandate_id == bindparam("mandate"), mandate_days.c.day == bindparam("day")
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateUse:
    """The part that counts a message (or with `messages` 0 only asks) under a mandate of one day.

    `revision` is the mandatary's; `day` counts from 1970-01-01, UTC; `daily_messages` None: no limit.
    """

    mandate_id: str
    mandatary_id: str
    revision: int
    day: int
    daily_messages: int | None
    messages: int = 1

    @classmethod
    def open(cls, connection: Connection, parts: "Sequence[MandateUse]") -> "_Uses":
        """Lock the mandataries, in the order of their ids, and load what is used of the days."""
        ids = sorted({part.mandatary_id for part in parts})
        days = sorted({(part.mandate_id, part.day) for part in parts})
        return _Uses(
            {each: _REVISION.ask(connection, {"operator": each}) for each in ids},
            {(each, day): _SEALED.ask(connection, {"mandate": each, "day": day}) for each, day in days},
        )


def use_of(acting: Acting, mandate: Mandate, *, at: datetime, messages: int) -> MandateUse:
    """Return the part to be committed with what is sealed, refused or recorded under a mandate at `at`."""
    return MandateUse(
        mandate_id=mandate.id,
        mandatary_id=acting.mandatary.id,
        revision=acting.mandatary.revision,
        day=(at - _EPOCH) // _DAY,
        daily_messages=mandate.terms.daily_messages,
        messages=messages,
    )


class _Uses:
    """The mandataries' revisions and the messages of each day, as of this commit."""

    def __init__(self, revisions: Mapping[str, Asked], days: Mapping[tuple[str, int], Asked]) -> None:
        self._asked_revisions = revisions
        self._asked_days = days
        self._taken: set[tuple[str, int]] = set()

    @cached_property
    def _revisions(self) -> dict[str, int]:
        return {each: revision for each, asked in self._asked_revisions.items() for (revision,) in asked.rows()}

    @cached_property
    def _sealed(self) -> dict[tuple[str, int], int]:
        return {key: sum(messages for (messages,) in asked.rows()) for key, asked in self._asked_days.items()}

    def check(self, part: MandateUse) -> None:
        """Raise GuardFailed if the mandatary changed, MandateExceeded if the day's messages are used up."""
        sealed = self._sealed[part.mandate_id, part.day]
        if self._revisions.get(part.mandatary_id) != part.revision:
            raise GuardFailed("who seals under the mandate was changed meanwhile")
        if part.daily_messages is not None and sealed + part.messages > part.daily_messages:
            raise MandateExceeded(
                f"the mandate {part.mandate_id} lets {part.daily_messages} messages a day be sealed (UTC), "
                "and they are used up"
            )

    def take(self, part: MandateUse, _place: Place) -> None:
        """Count the message."""
        if part.messages:
            key = (part.mandate_id, part.day)
            self._sealed[key] += part.messages
            self._taken.add(key)

    def save(self, connection: Connection, _tree_sizes: Mapping[str, int]) -> None:
        """Write the days that were counted on."""
        rows = [
            {"mandate_id": mandate_id, "day": day, "messages": self._sealed[mandate_id, day]}
            for mandate_id, day in sorted(self._taken)
        ]
        save_rows(connection, mandate_days, rows)
