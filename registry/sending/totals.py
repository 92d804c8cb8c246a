"""Daily totals: how much an operator sent in each channel and how much of it sealed, signed with a client's key, e.g.

    {"alg":"ES256","kid":"<RFC 7638>","typ":"sigill-totals+jwt"}
    {"aud":"https://guarantor.example","day":"2026-11-28","exp":1796032860,"iat":1796032800,"jti":"<nonce>",
     "sub":"exempelbanken","totals":{"sms":{"sealed":118,"sent":120}}}

`aud` is the issuer of this service; the operator and the nonce make a statement count once. Days are UTC. A correction
is the same again with other numbers: a new version, the older ones stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select

from registry.clients.assertion import check_audience
from registry.clients.compact import SignedStatement, check_freshness, parse_statement
from registry.clients.model import ClientKey
from registry.clients.reasons import Untrusted
from registry.clients.store import list_clients
from registry.model import OperatorId
from registry.sending.errors import TotalsRefused
from registry.sending.model import DeclaredTotals, Total
from registry.sending.tables import declared_totals
from registry.sending.world import SendingWorld
from registry.steps import Act, Step, log_step
from sigill.encoding.base64url import format_base64url
from sigill.vocabulary import Channel
from storage.engine import reading
from storage.times import from_ms, to_ms

TOTALS_TYP: Final = "sigill-totals+jwt"
MAX_COUNT: Final = 1_000_000_000_000
MAX_VERSIONS: Final = 50
OLDEST: Final = timedelta(days=400)
_CHANNELS: Final = frozenset(channel.value for channel in Channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalsStatement:
    """What a statement says. Well-formed; whether it is believed is told by `verify_totals`."""

    operator_id: str
    day: date
    totals: Mapping[Channel, Total]


def declare_totals(operator_id: str, text: str, *, world: SendingWorld) -> DeclaredTotals:
    """Keep what an operator declares of one day. Raises TotalsRefused, and what `log_step` raises."""
    at = world.now()
    with reading(world.engine) as connection:
        keys = _keys(connection, operator_id, at)
    statement = parse_totals(text)
    said = verify_totals(statement, keys=keys, operator_id=operator_id, issuer=world.issuer, at=at)
    nonce = check_freshness(statement.claims, at=at).jti
    with reading(world.engine) as connection:
        version = _last_version(connection, operator_id, said.day) + 1
    made = DeclaredTotals(
        operator_id=OperatorId(operator_id),
        day=said.day,
        version=version,
        totals=said.totals,
        statement=text,
        thumbprint=statement.kid or "",
        declared_at=at,
    )

    def write(connection: Connection, _index: int) -> None:
        if _last_version(connection, operator_id, said.day) != version - 1:
            raise TotalsRefused("another declaration of this day came just now: send it again, with another nonce")
        if version > MAX_VERSIONS:
            raise TotalsRefused(f"a day is corrected at most {MAX_VERSIONS - 1} times")
        used = (declared_totals.c.operator_id == operator_id) & (declared_totals.c.nonce == nonce)
        if connection.execute(select(declared_totals.c.day).where(used)).first() is not None:
            raise TotalsRefused("this statement was sent before: a correction has a jti of its own")
        _insert(connection, made, nonce)

    digest = format_base64url(sha256(text.encode("ascii")).digest())
    step = Step(
        act=Act.TOTALS_DECLARED,
        at=at,
        by="the operator",
        said={"day": said.day.isoformat(), "version": version, "sha256": digest},
    )
    log_step(operator_id, step, log=world.log, random=world.random, writes=(write,))
    return made


def verify_totals(
    statement: SignedStatement, *, keys: Mapping[str, ClientKey], operator_id: str, issuer: str, at: datetime
) -> TotalsStatement:
    """Return what is declared, if one of `keys` (by thumbprint) signed it for this service. Raises TotalsRefused."""
    try:
        if statement.typ != TOTALS_TYP:
            raise TotalsRefused(f"typ is {TOTALS_TYP}")
        key = keys.get(statement.kid or "")
        if key is None:
            raise TotalsRefused("kid is the thumbprint of a key of one of the operator's clients that is good now")
        statement.check_signature(key.key)
        check_audience(statement, issuer=issuer)
        check_freshness(statement.claims, at=at)
    except Untrusted as error:
        raise TotalsRefused(str(error)) from None
    claims = statement.claims
    if claims.get("sub") != operator_id:
        raise TotalsRefused("sub is the operator's id")
    return TotalsStatement(operator_id=operator_id, day=_day(claims.get("day"), at=at), totals=_totals(claims))


def list_totals(connection: Connection, operator_id: str, *, limit: int = 1000) -> tuple[DeclaredTotals, ...]:
    """Return what an operator declared, the newest day first, of a day the newest version first."""
    kept = declared_totals.c
    query = select(declared_totals).where(kept.operator_id == operator_id)
    rows = connection.execute(query.order_by(kept.day.desc(), kept.version.desc()).limit(limit))
    return tuple(_declared(row) for row in rows)


def parse_totals(text: str) -> SignedStatement:
    """Read a signed statement; nothing of it is believed yet. Raises TotalsRefused."""
    try:
        return parse_statement(text)
    except Untrusted as error:
        raise TotalsRefused(str(error)) from None


def _keys(connection: Connection, operator_id: str, at: datetime) -> dict[str, ClientKey]:
    return {
        key.key.thumbprint: key
        for client in list_clients(connection, operator_id=operator_id)
        if client.revoked_at is None
        for key in client.keys
        if key.is_current(at)
    }


def _day(value: object, *, at: datetime) -> date:
    try:
        day = date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise TotalsRefused("day is a day such as 2026-11-28") from None
    if day.isoformat() != value or not at.date() - OLDEST <= day <= at.date():
        raise TotalsRefused(f"day is a day such as 2026-11-28, not in the future and at most {OLDEST.days} days back")
    return day


def _totals(claims: Mapping[str, Any]) -> Mapping[Channel, Total]:
    value = claims.get("totals")
    if not isinstance(value, Mapping) or not value or not value.keys() <= _CHANNELS:
        raise TotalsRefused(f"totals name one channel at least, of {', '.join(sorted(_CHANNELS))}")
    return {Channel(name): _total(value[name]) for name in sorted(value)}


def _total(value: object) -> Total:
    if not isinstance(value, Mapping) or value.keys() != {"sent", "sealed"}:
        raise TotalsRefused("a total has sent and sealed")
    sent, sealed = value["sent"], value["sealed"]
    whole = all(isinstance(each, int) and not isinstance(each, bool) for each in (sent, sealed))
    if not whole or not 0 <= sealed <= sent <= MAX_COUNT:
        raise TotalsRefused(f"sent and sealed are whole numbers up to {MAX_COUNT}, and no more is sealed than sent")
    return Total(sent=sent, sealed=sealed)


def _last_version(connection: Connection, operator_id: str, day: date) -> int:
    kept = declared_totals.c
    which = (kept.operator_id == operator_id) & (kept.day == day.isoformat())
    return int(connection.execute(select(func.coalesce(func.max(kept.version), 0)).where(which)).scalar_one())


def _insert(connection: Connection, made: DeclaredTotals, nonce: str) -> None:
    connection.execute(
        insert(declared_totals).values(
            operator_id=made.operator_id,
            day=made.day.isoformat(),
            version=made.version,
            totals={channel.value: [total.sent, total.sealed] for channel, total in made.totals.items()},
            statement=made.statement,
            nonce=nonce,
            thumbprint=made.thumbprint,
            declared_at_ms=to_ms(made.declared_at),
        )
    )


def _declared(row: Row[Any]) -> DeclaredTotals:
    return DeclaredTotals(
        operator_id=OperatorId(row.operator_id),
        day=date.fromisoformat(row.day),
        version=row.version,
        totals={Channel(name): Total(sent, sealed) for name, (sent, sealed) in row.totals.items()},
        statement=row.statement,
        thumbprint=row.thumbprint,
        declared_at=from_ms(row.declared_at_ms),
    )
