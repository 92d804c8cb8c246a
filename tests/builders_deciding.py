"""Registrars, applicants and their evidence, and decisions about them as the service makes them."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete

from registry.api_keys import make_api_key, save_api_key
from registry.deciding.decide import confirm, propose
from registry.deciding.model import Ask, Decision, Proposal
from registry.deciding.world import DecidingWorld
from registry.model import Evidence, EvidenceKind, Operator, Role, StateChange
from registry.operators import load_operator
from registry.people.model import Person, PersonId
from registry.people.store import make_person_id, save_person
from registry.tables import evidence as evidence_rows
from sigill.report.standing import State
from sigill.vocabulary import Industry
from storage.engine import reading, writing
from tests.builders_deployment import NOW, Deployment, operator

REASON = "the register, the domain and the licence agree"
WHOLE = (EvidenceKind.DOMAIN, EvidenceKind.REGISTER, EvidenceKind.LICENCE)


def deciding(made: Deployment, *, demonstration: bool = False) -> DecidingWorld:
    """Return what the deployment decides with; no demonstration unless asked for."""
    services = made.services
    return DecidingWorld(
        engine=services.engine,
        log=services.log,
        now=lambda: datetime.now(UTC),
        random=secrets.token_bytes,
        demonstration=demonstration,
    )


def registrar(made: Deployment, name: str = "Rut Test", *, role: Role = Role.REGISTRAR) -> PersonId:
    """Enter somebody of the guarantor's; return her id."""
    person = Person(id=make_person_id(secrets.token_bytes(20)), operator_id=None, name=name, role=role, created_at=NOW)
    with writing(made.services.engine) as connection:
        save_person(connection, person)
    return person.id


def key_of(made: Deployment, person: PersonId) -> str:
    """Return an API key that is a registrar's own."""
    key = make_api_key(secrets.token_bytes(40))
    with writing(made.services.engine) as connection:
        save_api_key(
            connection,
            key,
            name="her own",
            role=Role.REGISTRAR,
            operator_id=None,
            created_at=NOW - timedelta(days=1),
            expires_at=NOW + timedelta(days=30),
            person=person,
        )
    return key.text


def evidence(operator_id: str, kind: EvidenceKind, *, days: int = 90) -> Evidence:
    """Return evidence that counts for so many days."""
    return Evidence(
        id=f"{kind.value[:9]}-{operator_id}"[:26],
        kind=kind,
        method="looked at for a test",
        checked_by="the test",
        valid_from=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=days),
    )


def applicant(operator_id: str = "nybank", *, kinds: tuple[EvidenceKind, ...] = WHOLE, **changes: Any) -> Operator:
    """Return an operator that has applied, with evidence of these kinds: a bank unless told otherwise."""
    values: dict[str, Any] = {
        "name": f"Bolaget {operator_id} i Norr",
        "history": (StateChange(state=State.APPLIED, since=NOW - timedelta(days=2), reason="applied"),),
        "evidence": tuple(evidence(operator_id, kind) for kind in kinds),
    }
    return operator(operator_id, **(values | changes))


def shop(operator_id: str = "nybutik", **changes: Any) -> Operator:
    """Return an applicant that one person decides about."""
    return applicant(operator_id, **({"industry": Industry.RETAIL} | changes))


def current(made: Deployment, operator_id: str = "nybank") -> Operator:
    """Return the operator as it stands."""
    with reading(made.services.engine) as connection:
        return load_operator(connection, operator_id)


def lose_evidence(made: Deployment, operator_id: str) -> None:
    """Take all evidence from an operator."""
    with writing(made.services.engine) as connection:
        connection.execute(delete(evidence_rows).where(evidence_rows.c.operator_id == operator_id))


def ask(decision: Decision, **changes: Any) -> Ask:
    """Return what a registrar wants decided."""
    return Ask(**({"decision": decision, "reason": REASON} | changes))


def decide(
    made: Deployment, operator_id: str, decision: Decision, one: str, other: str | None = None, **changes: Any
) -> Proposal:
    """Have one person propose a decision, and another one confirm it where it waits for that."""
    world = deciding(made)
    proposal = propose(operator_id, ask(decision, **changes), by=one, world=world)
    if other is None:
        return proposal
    return confirm(operator_id, proposal.number, by=other, world=world)
