"""Names held against those of the operators that are known, and what a registrar says to what was found.

What is compared: an operator's name, the domain of its website, the sender names it wants to use. With what: the names,
former names and websites of live operators that are verified or suspended. Two domains are compared by the part that
was registered, without its public suffix, and that part with names as well.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import idna
from sqlalchemy import Connection, Row, and_, func, insert, select, update

from registry.checks.domain_names import registrable_domain
from registry.deciding.model import FoundLikeness, Hit, LikenessStatus, NameKind
from registry.deciding.tables import likenesses
from registry.errors import LikenessClosed, LikenessUnknown
from registry.lookalikes import Likeness, compare
from registry.model import Environment, Operator
from registry.tables import former_names, operator_states, operators
from sigill.report.standing import State
from storage.times import from_ms, to_ms

MAX_HITS: Final = 10
_MAX_NUMBER: Final = 2**53 - 1
_KNOWN: Final = (State.VERIFIED.value, State.SUSPENDED.value)


def names_of(operator: Operator, *, name: str | None = None) -> tuple[tuple[NameKind, str], ...]:
    """Return what of an operator is compared: what it is (or is to be) called, and its website's domain."""
    found = [(NameKind.NAME, operator.name if name is None else name)]
    host = None if operator.website is None else urlsplit(operator.website).hostname
    if host is not None and name is None:
        found.append((NameKind.DOMAIN, registrable_domain(host)))
    return tuple(found)


def compare_with_known(connection: Connection, name: str, kind: NameKind, operator_id: str) -> tuple[Hit, ...]:
    """Return whom else a name of this operator could be taken for, the strongest likeness first, at most ten.

    `name` is a name, a domain or a sender name, as `kind` says. Each operator comes once. Never raises for a name.
    """
    new = _label(name) if kind is NameKind.DOMAIN else name
    best: dict[str, Hit] = {}
    for known_id, known, compared in _known(connection, operator_id):
        likeness = compare(new, compared)
        if likeness is not None and (known_id not in best or _rank(likeness) < _rank(best[known_id].likeness)):
            best[known_id] = Hit(known_id, known, likeness)
    return tuple(sorted(best.values(), key=lambda hit: _rank(hit.likeness))[:MAX_HITS])


def new_hits(connection: Connection, operator_id: str, kind: NameKind, name: str) -> tuple[Hit, ...]:
    """Return whom else a name could be taken for, without those a registrar has been told of already."""
    told = {
        hit.operator for each in list_likenesses(connection, operator_id) if (each.kind, each.name) == (kind, name)
        for hit in each.hits
    }  # fmt: skip
    return tuple(hit for hit in compare_with_known(connection, name, kind, operator_id) if hit.operator not in told)


def unaccepted(connection: Connection, operator_id: str, names: Iterable[tuple[NameKind, str]]) -> tuple[str, ...]:
    """Return those of the names about which a likeness is open or was refused."""
    asked = set(names)
    found = [each for each in list_likenesses(connection, operator_id) if (each.kind, each.name) in asked]
    return tuple(sorted({each.name for each in found if each.status is not LikenessStatus.ACCEPTED}))


def insert_likeness(connection: Connection, found: FoundLikeness) -> None:
    """Insert a likeness."""
    connection.execute(
        insert(likenesses).values(
            operator_id=found.operator_id,
            number=found.number,
            kind=found.kind.value,
            name=found.name,
            hits=[{"operator": hit.operator, "known": hit.known, "likeness": hit.likeness.value} for hit in found.hits],
            status=found.status.value,
            found_at_ms=to_ms(found.found_at),
        )
    )


def load_likeness(connection: Connection, operator_id: str, number: int) -> FoundLikeness:
    """Return one likeness. Raises LikenessUnknown."""
    which = (likenesses.c.operator_id == operator_id) & (likenesses.c.number == min(number, _MAX_NUMBER))
    row = connection.execute(select(likenesses).where(which)).first()
    if row is None:
        raise LikenessUnknown("the operator has no likeness of this number")
    return _read(row)


def list_likenesses(connection: Connection, operator_id: str) -> tuple[FoundLikeness, ...]:
    """Return what was found about an operator, the newest first."""
    query = select(likenesses).where(likenesses.c.operator_id == operator_id).order_by(likenesses.c.number.desc())
    return tuple(_read(row) for row in connection.execute(query))


def list_open_likenesses(connection: Connection, *, limit: int) -> tuple[FoundLikeness, ...]:
    """Return what nobody has looked at yet, the oldest first."""
    query = select(likenesses).where(likenesses.c.status == LikenessStatus.OPEN.value)
    rows = connection.execute(query.order_by(likenesses.c.found_at_ms, likenesses.c.number).limit(limit))
    return tuple(_read(row) for row in rows)


def close_likeness(  # noqa: PLR0913 - one argument a column
    connection: Connection, operator_id: str, number: int, *, accepted: bool, by: str, reason: str, at: datetime
) -> None:
    """Note what a registrar says. Raises LikenessUnknown, LikenessClosed."""
    found = load_likeness(connection, operator_id, number)
    if found.status is not LikenessStatus.OPEN:
        raise LikenessClosed(f"the likeness was {found.status} before")
    status = LikenessStatus.ACCEPTED if accepted else LikenessStatus.REFUSED
    closed = {"status": status.value, "closed_by": by, "closed_reason": reason, "closed_at_ms": to_ms(at)}
    which = (likenesses.c.operator_id == operator_id) & (likenesses.c.number == number)
    connection.execute(update(likenesses).where(which).values(closed))


def _known(connection: Connection, but: str) -> Iterable[tuple[str, str, str]]:
    """Yield the id, a name as it is shown, and what is compared of it, of every other organisation that is known."""
    own = select(operators.c.identifier).where(operators.c.id == but)
    newest = (
        select(operator_states.c.operator_id, func.max(operator_states.c.position).label("position"))
        .group_by(operator_states.c.operator_id)
        .subquery()
    )
    same = and_(operator_states.c.operator_id == newest.c.operator_id, operator_states.c.position == newest.c.position)
    standing = (
        select(operators.c.id, operators.c.name, operators.c.website)
        .join(operator_states, operator_states.c.operator_id == operators.c.id)
        .join(newest, same)
        .where(operator_states.c.state.in_(_KNOWN), operators.c.id != but)
        .where(operators.c.environment == Environment.LIVE.value)
        .where(operators.c.identifier != func.coalesce(own.scalar_subquery(), ""))
    )
    live = set()
    for row in connection.execute(standing):
        live.add(row.id)
        yield row.id, row.name, row.name
        host = None if row.website is None else urlsplit(row.website).hostname
        if host is not None:
            yield row.id, host, _label(host)
    for former in connection.execute(select(former_names.c.operator_id, former_names.c.name)):
        if former.operator_id in live:
            yield former.operator_id, former.name, former.name


def _label(domain: str) -> str:
    """Return the part of a domain that its owner chose, as people read it."""
    label = registrable_domain(domain.lower()).partition(".")[0]
    try:
        return idna.decode(label)
    except (idna.IDNAError, UnicodeError):
        return label


def _rank(likeness: Likeness) -> int:
    return list(Likeness).index(likeness)


def _read(row: Row[Any]) -> FoundLikeness:
    return FoundLikeness(
        operator_id=row.operator_id,
        number=row.number,
        kind=NameKind(row.kind),
        name=row.name,
        hits=tuple(Hit(each["operator"], each["known"], Likeness(each["likeness"])) for each in row.hits),
        status=LikenessStatus(row.status),
        found_at=from_ms(row.found_at_ms),
        closed_by=row.closed_by,
        closed_reason=row.closed_reason,
        closed_at=None if row.closed_at_ms is None else from_ms(row.closed_at_ms),
    )
