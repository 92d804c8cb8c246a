"""/v1/staff: an operator's administrators look after its people, and after nobody else's."""

from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.test import TestResponse

from registry.api_keys import make_api_key, save_api_key
from registry.model import OperatorId, Role
from registry.people.links import open_link
from registry.steps import list_steps
from storage.engine import reading, writing
from tests.builders_clients import bearer
from tests.builders_deployment import Deployment, operator
from tests.builders_desk import BANK, add_passkey, add_person, sign_in, world_of

OTHER = OperatorId("exempelel")


@pytest.fixture
def made(deployment: Deployment) -> Deployment:
    deployment.add(operator(OTHER))
    deployment.keys["admin"] = deployment.new_key(role=Role.ADMIN, operator_id=BANK)
    return deployment


def ask(made: Deployment, method: str, path: str = "", json: object = None) -> TestResponse:
    return made.client.open(f"/v1/staff{path}", method=method, json=json, headers=bearer(made.keys["admin"]))


def test_somebody_is_added_invited_listed_and_ended(made: Deployment) -> None:
    added = ask(made, "POST", json={"name": "Anna Andersson", "role": "signer"})
    assert added.status_code == 201
    assert added.headers["Cache-Control"] == "private, no-store"
    person = added.get_json()
    assert (person["name"], person["role"], person["passkeys"], person["ended_at"]) == (
        "Anna Andersson",
        "signer",
        [],
        None,
    )
    invited = ask(made, "POST", f"/{person['id']}/enrolment").get_json()
    assert open_link(invited["url"].partition("#")[2], world=world_of(made)).person.id == person["id"]
    left = datetime.fromisoformat(invited["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
    assert [each["id"] for each in ask(made, "GET").get_json()["people"]] == [person["id"]]
    ended = ask(made, "DELETE", f"/{person['id']}")
    assert ended.get_json()["ended_at"] is not None
    assert ask(made, "DELETE", f"/{person['id']}").status_code == 404
    assert ask(made, "POST", f"/{person['id']}/enrolment").status_code == 404


def test_the_steps_name_ids_and_roles_and_never_a_name(made: Deployment) -> None:
    person = ask(made, "POST", json={"name": "Anna Andersson", "role": "signer"}).get_json()
    ask(made, "DELETE", f"/{person['id']}")
    with reading(made.services.engine) as connection:
        steps = [each.step for each in list_steps(connection, BANK)]
    assert [(step.act, step.by, step.said) for step in steps] == [
        ("person_added", "the operator", {"person": person["id"], "role": "signer"}),
        ("person_ended", "the operator", {"person": person["id"]}),
    ]


def test_revoking_a_passkey_ends_the_sessions_it_was_shown_for(made: Deployment) -> None:
    person = add_person(made, Role.SIGNER)
    kept, gone = add_passkey(made, person, name="Phone"), add_passkey(made, person)
    browser = sign_in(made, person, passkey_id=gone.id)
    other = sign_in(made, person, passkey_id=kept.id)
    answer = ask(made, "DELETE", f"/{person.id}/passkeys/{gone.id}")
    shown = {each["id"]: each["revoked_at"] for each in answer.get_json()["passkeys"]}
    assert shown[kept.id] is None is not shown[gone.id]
    assert browser.get().status_code == 303
    assert other.get().status_code == 200
    assert ask(made, "DELETE", f"/{person.id}/passkeys/{gone.id}").status_code == 404


@pytest.mark.parametrize("whose", [OTHER, None])
def test_anothers_people_look_like_none(made: Deployment, whose: OperatorId | None) -> None:
    role = Role.SIGNER if whose else Role.REGISTRAR
    person = add_person(made, role, operator_id=whose)
    passkey = add_passkey(made, person)
    for method, path in (
        ("DELETE", f"/{person.id}"),
        ("POST", f"/{person.id}/enrolment"),
        ("DELETE", f"/{person.id}/passkeys/{passkey.id}"),
    ):
        answer = ask(made, method, path)
        assert (answer.status_code, answer.get_json()["type"].rpartition("/")[2]) == (404, "person-not-found")
    assert ask(made, "GET").get_json() == {"people": []}


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "role": "signer"},
        {"name": " Anna", "role": "signer"},
        {"name": "A\nB", "role": "signer"},
        {"name": "x" * 121, "role": "signer"},
        {"name": "Anna", "role": "registrar"},
        {"name": "Anna", "role": "boss"},
        {"name": "Anna"},
        {"name": "Anna", "role": "signer", "more": 1},
    ],
)
def test_nobody_is_added_who_cannot_be(made: Deployment, body: dict[str, object]) -> None:
    assert ask(made, "POST", json=body).status_code == 422
    assert ask(made, "GET").get_json() == {"people": []}


def test_whoever_leaves_takes_own_keys_along(made: Deployment) -> None:
    person, now = add_person(made, Role.SIGNER), datetime.now(UTC)
    key = make_api_key(b"k" * 40)
    with writing(made.services.engine) as connection:
        save_api_key(
            connection,
            key,
            name="own",
            role=Role.SIGNER,
            operator_id=BANK,
            created_at=now,
            expires_at=now + timedelta(days=1),
            person=person.id,
        )
    ask(made, "DELETE", f"/{person.id}")
    answer = made.client.get("/v1/conversations", headers=bearer(key.text))
    assert answer.get_json()["type"].rpartition("/")[2] == "credential-expired"
