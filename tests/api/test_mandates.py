"""Mandates and AI systems over HTTP: what their routes answer, refuse and show."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from registry.model import OperatorId, Role
from registry.steps import Act, list_steps
from storage.engine import reading
from tests.builders_clients import bearer
from tests.builders_deciding import key_of, registrar
from tests.builders_deployment import NOW, Deployment
from tests.builders_mandates import BANK, CENTRE, OTHER, deploy_parties, given, in_force, sign_for

GOOD: dict[str, Any] = {
    "to": CENTRE,
    "channels": ["chat"],
    "purposes": ["service"],
    "valid_until": f"{NOW + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    found = deploy_parties(tmp_path_factory.mktemp("mandates"))
    yield found
    found.services.engine.dispose()


def ask(made: Deployment, method: str, path: str, *, by: str | None = BANK, **body: Any) -> Any:
    key = key_of(made, registrar(made)) if by is None else made.new_key(role=Role.ADMIN, operator_id=OperatorId(by))
    return made.client.open(path, method=method, headers=bearer(key), json=body or None)


def slug(response: Any) -> str:
    return str(response.get_json()["type"].rpartition("/")[2])


def test_a_mandate_is_given_accepted_counted_and_ended(made: Deployment) -> None:
    response = ask(made, "POST", "/v1/operator/mandates", **GOOD, enquiries=["informational"], daily_messages=9)
    assert (response.status_code, response.headers["Cache-Control"]) == (201, "private, no-store")
    offered = response.get_json()
    assert (offered["state"], offered["principal"]["id"], offered["mandatary"]["name"]) == ("offered", BANK, "Kundsvar")
    assert (offered["enquiries"], offered["daily_messages"], offered["accepted_at"]) == (["informational"], 9, None)
    place = f"/v1/operator/mandates/{offered['id']}"
    assert ask(made, "POST", f"{place}/accept").status_code == 404
    assert ask(made, "POST", f"{place}/accept", by=CENTRE).get_json()["state"] == "in_force"
    assert sign_for(made).status_code == 201
    for who in (BANK, CENTRE):
        listed = {each["id"]: each for each in ask(made, "GET", "/v1/operator/mandates", by=who).get_json()["mandates"]}
        assert listed[offered["id"]]["sealed_today"] == 1
    assert ask(made, "DELETE", place, by=OTHER).status_code == 404
    ended = ask(made, "DELETE", place, by=CENTRE).get_json()
    assert (ended["state"], ended["revoked_by"]) == ("revoked", "mandatary")
    assert ask(made, "DELETE", place).get_json() == ended
    response = ask(made, "POST", f"{place}/accept", by=CENTRE)
    assert (response.status_code, slug(response)) == (409, "mandate-closed")


def test_a_registrar_ends_any_mandate_and_both_logs_say_so(made: Deployment) -> None:
    mandate = in_force(made)
    path = f"/v1/registry/mandates/{mandate.id}"
    program = made.new_key(role=Role.REGISTRAR, operator_id=None)
    nobody = made.client.delete(path, headers=bearer(program))
    assert (nobody.status_code, slug(nobody)) == (403, "person-needed")
    ended = ask(made, "DELETE", path, by=None).get_json()
    assert (ended["state"], ended["revoked_by"]) == ("revoked", "registrar")
    with reading(made.services.engine) as connection:
        for who in (BANK, CENTRE):
            step = list_steps(connection, who)[-1].step
            assert (step.act, step.by.partition(" ")[0]) == (Act.MANDATE_REVOKED, "registrar")
    assert ask(made, "DELETE", "/v1/registry/mandates/ma-x", by=None).status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"to": "nobody"}, 404),
        ({"to": "a\x00b"}, 404),
        ({"to": BANK}, 422),
        ({"to": 1}, 422),
        ({"channels": []}, 422),
        ({"channels": ["telepathy"]}, 422),
        ({"channels": "chat"}, 422),
        ({"purposes": []}, 422),
        ({"enquiries": []}, 422),
        ({"enquiries": None}, 422),
        ({"daily_messages": 0}, 422),
        ({"daily_messages": True}, 422),
        ({"daily_messages": 10**12}, 422),
        ({"valid_until": "2020-01-01T00:00:00Z"}, 422),
        ({"valid_until": "2027-10-31"}, 422),
        ({"valid_until": "9999-12-31T23:59:59-14:00"}, 422),
        ({"valid_until": "0001-01-01T00:00:00+14:00"}, 422),
        ({"valid_from": "9999-12-31T23:59:59-14:00"}, 422),
        ({"nonsense": 1}, 422),
    ],
    ids=str,
)
def test_a_mandate_that_cannot_be_is_refused(made: Deployment, change: dict[str, Any], status: int) -> None:
    response = ask(made, "POST", "/v1/operator/mandates", **(GOOD | change))
    assert response.status_code == status, response.get_data(as_text=True)


def test_an_offer_is_shown_to_its_parties_alone(made: Deployment) -> None:
    mandate = given(made)
    for who in (BANK, CENTRE):
        listed = ask(made, "GET", "/v1/operator/mandates", by=who).get_json()["mandates"]
        assert mandate.id in {each["id"] for each in listed}
        public = made.client.get(f"/registry/operators/{who}").get_json()["mandates"]
        assert mandate.id not in {each["id"] for each in public}
    assert ask(made, "GET", "/v1/operator/mandates", by=OTHER).get_json() == {"mandates": []}


def test_an_ai_system_comes_and_goes_over_http_and_each_is_in_the_log(made: Deployment) -> None:
    body = {"system": "hedda", "name": "Hedda", "provider": "Exempel AI", "model": "h-1"}
    response = ask(made, "POST", "/v1/ai-systems", **body)
    assert (response.status_code, response.get_json()) == (201, body | {"active": True})
    assert made.sign(authorship="ai", ai={"system": "hedda"}).status_code == 201
    for again in (body, body | {"system": "other"}, body | {"name": "Other"}):
        assert slug(ask(made, "POST", "/v1/ai-systems", **again)) == "application-invalid"
    ended = [ask(made, "DELETE", "/v1/ai-systems/hedda").get_json() for _ in range(2)]
    assert ended == [body | {"active": False}] * 2
    assert slug(made.sign(authorship="ai", ai={"system": "hedda"})) == "ai-system-unknown"
    listed = ask(made, "GET", "/v1/ai-systems").get_json()["ai_systems"]
    assert [(each["system"], each["active"]) for each in listed] == [("hedda", False), ("saga", True)]
    with reading(made.services.engine) as connection:
        steps = [each.step for each in list_steps(connection, BANK) if each.step.said.get("system") == "hedda"]
    assert [step.act for step in steps] == [Act.AI_SYSTEM_ADDED, Act.AI_SYSTEM_ENDED]
    assert steps[0].said == {"system": "hedda", "name": "Hedda", "provider": "Exempel AI", "model": "h-1"}
    assert slug(ask(made, "DELETE", "/v1/ai-systems/nobody-s")) == "ai-system-not-found"


@pytest.mark.parametrize(
    "change",
    [{"system": "A B"}, {"system": "x"}, {"name": ""}, {"name": " x"}, {"model": "a\nb"}, {"provider": 1}],
    ids=str,
)
def test_an_ai_system_that_cannot_be_is_refused(made: Deployment, change: dict[str, Any]) -> None:
    body = {"system": "newer", "name": "Newer"} | change
    assert ask(made, "POST", "/v1/ai-systems", **body).status_code == 422
