"""Every step of an operator is a leaf of its log and a line of its public history, or neither."""

import json
import secrets
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from registry.errors import PasskeyUnknown, PersonUnknown
from registry.model import OperatorId, Role
from registry.operators import load_operator
from registry.people.model import Passkey, Person
from registry.people.store import (
    end_person,
    list_passkeys,
    list_people,
    load_passkey,
    load_person,
    make_person_id,
    save_passkey,
    save_person,
)
from registry.steps import Act, Step, list_steps, log_step
from sigill.tlog.leaf import LeafKind, leaf_of
from storage.engine import reading, writing
from tests.builders_deployment import NOW, Deployment
from transparency.append import Appended

STEP = Step(act=Act.EVIDENCE_ADDED, at=NOW + timedelta(microseconds=7), by="registrar pe-1", said={"kind": "domain"})


def _take(deployment: Deployment, **more: object) -> Appended:
    return log_step("exempelbanken", STEP, log=deployment.services.log, random=secrets.token_bytes, **more)  # type: ignore[arg-type]


def _size(deployment: Deployment) -> int:
    head = deployment.services.log.head("exempelbanken")
    return -1 if head is None else head.size


def test_a_step_is_a_leaf_over_its_salted_record_and_a_line_of_the_history(deployment: Deployment) -> None:
    done = _take(deployment)
    body = deployment.services.log.record("exempelbanken", done.index) or b""
    assert deployment.services.log.leaf("exempelbanken", done.index) == leaf_of(LeafKind.REGISTRY, body)
    said = json.loads(body)
    assert (said["act"], said["at"], said["by"], said["said"]) == (
        "evidence_added",
        f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
        "registrar pe-1",
        {"kind": "domain"},
    )
    with reading(deployment.services.engine) as connection:
        (listed,) = list_steps(connection, "exempelbanken")
        assert (listed.index, listed.step.act, listed.step.at) == (done.index, Act.EVIDENCE_ADDED, NOW)


def test_a_step_counts_the_operators_revision_up(deployment: Deployment) -> None:
    with reading(deployment.services.engine) as connection:
        before = load_operator(connection, "exempelbanken").revision
    _take(deployment)
    with reading(deployment.services.engine) as connection:
        assert load_operator(connection, "exempelbanken").revision == before + 1


def test_a_step_whose_write_fails_leaves_nothing(deployment: Deployment) -> None:
    size = _size(deployment)

    def write(_connection: Connection, _index: int) -> None:
        raise PersonUnknown("gone")

    with pytest.raises(PersonUnknown):
        _take(deployment, writes=(write,))
    assert _size(deployment) == size
    with reading(deployment.services.engine) as connection:
        assert list_steps(connection, "exempelbanken") == ()


def _person(**changes: object) -> Person:
    made: dict[str, object] = {
        "id": make_person_id(secrets.token_bytes(20)),
        "operator_id": OperatorId("exempelbanken"),
        "name": "Ulla Test",
        "role": Role.SIGNER,
        "created_at": NOW,
    }
    return Person(**(made | changes))  # type: ignore[arg-type]


def _passkey(person: Person) -> Passkey:
    return Passkey(
        id="Y3JlZA",
        person_id=person.id,
        name="nyckel",
        public_key=b"\xa5",
        sign_count=0,
        aaguid="00000000-0000-0000-0000-000000000000",
        attestation="none",
        device_bound=True,
        transports=("usb",),
        created_at=NOW,
    )


def test_whoever_leaves_takes_every_passkey_along(deployment: Deployment) -> None:
    person, other = _person(), _person(operator_id=None, role=Role.REGISTRAR)
    with writing(deployment.services.engine) as connection:
        save_person(connection, person)
        save_person(connection, other)
        save_passkey(connection, _passkey(person))
        end_person(connection, person.id, at=NOW)
    with reading(deployment.services.engine) as connection:
        assert load_person(connection, person.id).ended_at == NOW
        assert [each.revoked_at for each in list_passkeys(connection, person.id)] == [NOW]
        assert [each.id for each in list_people(connection, operator_id="exempelbanken")] == [person.id]
        assert [each.id for each in list_people(connection, operator_id=None)] == [other.id]


@pytest.mark.parametrize("asked", ["pe-0", "\x00"])
def test_an_unknown_person_or_passkey_is_named_so(deployment: Deployment, asked: str) -> None:
    with reading(deployment.services.engine) as connection:
        with pytest.raises(PersonUnknown):
            load_person(connection, asked)
        with pytest.raises(PasskeyUnknown):
            load_passkey(connection, asked)
