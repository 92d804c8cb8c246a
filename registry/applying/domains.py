"""The domains that an operator names, and the challenge for each: kept until they are checked, and checked again."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select

from registry.applying.errors import DomainUnknown
from registry.applying.filed import binding_key
from registry.applying.tables import operator_domains
from registry.applying.world import ApplyingWorld
from registry.checks.domain_challenge import Challenge, make_challenge
from registry.checks.domain_names import read_domain
from registry.errors import ApplicationInvalid
from registry.operators import lock_operator
from storage.engine import writing
from storage.times import to_ms

MAX_DOMAINS: Final = 50
_CHALLENGE_BYTES: Final = 32
_RENEWED_BEFORE: Final = timedelta(days=60)


def add_domain(
    connection: Connection, operator_id: str, domain: str, *, thumbprint: str, random: bytes, at: datetime
) -> Challenge:
    """Return the challenge for a domain that was read; the one there is, if it is the same key's and good for a while.

    `random` is 32 bytes that nobody can foresee. Raises ApplicationInvalid (the domain is too long, or there are 50).
    """
    known = {challenge.domain: challenge for challenge in list_domains(connection, operator_id)}
    current = known.get(domain)
    if current is not None and current.thumbprint == thumbprint and at < current.ends - _RENEWED_BEFORE:
        return current
    if current is None and len(known) >= MAX_DOMAINS:
        raise ApplicationInvalid(f"an operator names at most {MAX_DOMAINS} domains")
    challenge = make_challenge(domain, thumbprint=thumbprint, random=random, at=at)
    connection.execute(delete(operator_domains).where(_one(operator_id, domain)))
    connection.execute(
        insert(operator_domains).values(
            operator_id=operator_id,
            domain=domain,
            token=challenge.token,
            thumbprint=thumbprint,
            last_day=challenge.last_day.isoformat(),
            created_at_ms=to_ms(at),
        )
    )
    return challenge


def name_domain(operator_id: str, text: str, *, world: ApplyingWorld) -> Challenge:
    """Return the challenge for a domain as an operator typed it. Raises ApplicationInvalid, KeyNeeded."""
    domain, at = read_domain(text, unlisted=world.unlisted_domains), world.now()
    with writing(world.engine) as connection:
        lock_operator(connection, operator_id)
        thumbprint = binding_key(connection, operator_id, at=at)
        return add_domain(
            connection, operator_id, domain, thumbprint=thumbprint, random=world.random(_CHALLENGE_BYTES), at=at
        )


def list_domains(connection: Connection, operator_id: str) -> tuple[Challenge, ...]:
    """Return an operator's challenges, by domain."""
    query = select(operator_domains).where(operator_domains.c.operator_id == operator_id)
    return tuple(_challenge(row) for row in connection.execute(query.order_by(operator_domains.c.domain)))


def find_domain(connection: Connection, operator_id: str, text: str) -> Challenge:
    """Return the challenge for a domain as somebody typed it. Raises DomainUnknown."""
    try:
        domain = read_domain(text, unlisted=True)
    except ApplicationInvalid:
        raise DomainUnknown("the operator has named no such domain") from None
    row = connection.execute(select(operator_domains).where(_one(operator_id, domain))).first()
    if row is None:
        raise DomainUnknown("the operator has named no such domain")
    return _challenge(row)


def _one(operator_id: str, domain: str) -> Any:  # noqa: ANN401 - an expression of SQLAlchemy
    return (operator_domains.c.operator_id == operator_id) & (operator_domains.c.domain == domain)


def _challenge(row: Row[Any]) -> Challenge:
    return Challenge(
        domain=row.domain, token=row.token, thumbprint=row.thumbprint, last_day=date.fromisoformat(row.last_day)
    )
