"""Destroying a month's salt key: the final erasure, after which nobody can open what it sealed, ourselves included.

The leaf comes first, in one commit with a row that says that the files are to go; then the files are overwritten and
removed. Whatever happens in between, `complete_destructions` finds the row and finishes: after a crash, and when
somebody puts a backup of the keys back. Seals of that month verify as *cannot say* where they come without their
disclosures.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import SQLAlchemyError

from policies.records import load_kept_between
from privacy.errors import RequesterInvalid, SaltKeyNeeded
from privacy.holds import nothing_held
from privacy.requester import check_requester
from privacy.tables import destroyed_salts
from privacy.terms import check_may_be_erased, terms_of
from privacy.world import PrivacyWorld
from registry.operators import load_operator
from sigill.report.standing import State
from sigill.tlog.erasure import Ground
from storage.engine import reading
from storage.times import to_ms
from transparency.erasures import SALT_BYTES, Asked, salt_key_append
from transparency.errors import GuardFailed, StoreUnavailable

_MONTH: Final = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A month of the calendar, UTC."""

    year: int
    month: int

    def __str__(self) -> str:
        """Return it as `2026-11`."""
        return f"{self.year:04}-{self.month:02}"

    @property
    def begin(self) -> datetime:
        """Its first instant."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """The first instant behind it."""
        year, month = (self.year + 1, 1) if self.month == 12 else (self.year, self.month + 1)  # noqa: PLR2004
        return datetime(year, month, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destruction:
    """A destruction in the log at `index`; `files` is how many were overwritten and removed just now."""

    month: Month
    index: int
    files: int


def parse_month(text: str) -> Month:
    """Read `2026-11`. Raises RequesterInvalid."""
    match = _MONTH.match(text)
    if match is None or match[1] == "0000":
        raise RequesterInvalid("a month is written like 2026-11")
    return Month(year=int(match[1]), month=int(match[2]))


def destroy_salt_key(
    operator_id: str, month: Month, *, ground: Ground, requester: str, world: PrivacyWorld
) -> Destruction:
    """Destroy an operator's salt key of a month, for good. A second time it only looks that nothing came back.

    Raises RequesterInvalid (there is no such key, too), OperatorNotFound, SaltKeyNeeded, RetentionNotOver (of any
    message of that month), LegallyHeld (anything of the operator), GuardFailed (somebody was faster),
    StoreUnavailable; OSError where the files cannot be removed, which the worker tries again.
    """
    check_requester(requester)
    with reading(world.engine) as connection:
        index = _load(connection, operator_id, month)
    if index is None:
        index = _say_so(operator_id, month, ground, requester, world)
    return Destruction(month=month, index=index, files=world.destroy_salt_key(operator_id, month.year, month.month))


def complete_destructions(world: PrivacyWorld) -> int:
    """Remove the files of every month that was destroyed, if there are any; return how many. Raises as above."""
    query = select(destroyed_salts.c.log_id, destroyed_salts.c.month)
    try:
        with reading(world.engine) as connection:
            rows = connection.execute(query).all()
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"destroyed salt keys could not be looked for: {type(error).__name__}") from error
    months = [(row.log_id, parse_month(row.month)) for row in rows]
    return sum(world.destroy_salt_key(operator_id, month.year, month.month) for operator_id, month in months)


def _say_so(operator_id: str, month: Month, ground: Ground, requester: str, world: PrivacyWorld) -> int:
    """Append the leaf; return its index."""
    at = world.now().replace(microsecond=0)
    with reading(world.engine) as connection:
        operator = load_operator(connection, operator_id)
        kept = load_kept_between(connection, operator_id, begin=month.begin, end=month.end)
    if operator.state is not State.REVOKED and at < month.end:
        raise SaltKeyNeeded(f"{operator.name} may still seal in {month}; its salt key can go once that month is over")
    if not world.has_salt_key(operator_id, month.year, month.month):
        raise RequesterInvalid(f"{operator.name} has no salt key of {month}")
    industry = world.retention.industries[operator.industry]
    terms = max((terms_of(industry, each) for each in (None, *kept)), key=lambda terms: terms.minimum.days)
    check_may_be_erased(terms, made_at=month.end, ground=ground, at=at)
    asked = Asked(log_id=operator_id, ground=ground, requester=requester, at=at)
    row = {"log_id": operator_id, "month": str(month), "at_ms": to_ms(at)}

    def not_yet(connection: Connection) -> None:
        if _load(connection, operator_id, month) is not None:
            raise GuardFailed("the salt key was destroyed meanwhile")

    def write(connection: Connection, index: int) -> None:
        connection.execute(insert(destroyed_salts), row | {"idx": index})

    guards = (not_yet, nothing_held(operator_id))
    append = salt_key_append(str(month), asked, salt=world.random(SALT_BYTES), guards=guards, write=write)
    return world.log.append(append).index


def _load(connection: Connection, operator_id: str, month: Month) -> int | None:
    """Return the leaf that says that the key is destroyed, or None."""
    rows = destroyed_salts.c
    query = select(rows.idx).where(rows.log_id == operator_id, rows.month == str(month))
    return connection.execute(query).scalar_one_or_none()
