"""Contact points, promises and totals over HTTP: what administrators and registrars do, and how guessers wait."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from registry.model import OperatorId, Role
from tests.builders_clients import BANK, bearer, new_client, times
from tests.builders_deployment import Deployment, deploy, operator
from tests.builders_sending import PHONE, Gateway, played_gateway

CONTACTS = "/v1/operator/contacts"
PROMISES = "/v1/operator/promises"
TOTALS = "/v1/operator/totals"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with played_gateway() as gateway:
        yield gateway


@pytest.fixture
def made(tmp_path: Path, gateway: Gateway) -> Iterator[Deployment]:
    made = deploy(
        tmp_path,
        operator(BANK),
        operator("exempelel"),
        more=gateway.settings(tmp_path) | {"SIGILL_LIMITS": "read=1000/60"},
    )
    yield made
    made.services.engine.dispose()


class Admin:
    """An administrator of one operator."""

    def __init__(self, made: Deployment, operator_id: str = BANK) -> None:
        self._made = made
        self._headers = bearer(made.new_key(role=Role.ADMIN, operator_id=OperatorId(operator_id)))

    def get(self, path: str) -> Any:
        return self._made.client.get(path, headers=self._headers)

    def post(self, path: str, **body: Any) -> Any:
        return self._made.client.post(path, headers=self._headers, json=body)

    def delete(self, path: str, **body: Any) -> Any:
        return self._made.client.delete(path, headers=self._headers, json=body)


def problem(response: Any) -> tuple[int, str]:
    return response.status_code, response.get_json()["type"].rpartition("/")[2]


def test_a_number_goes_from_declared_to_verified_and_its_code_is_in_no_answer_and_no_log(
    made: Deployment, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    admin = Admin(made)
    declared = admin.post(CONTACTS, kind="phone", value=PHONE)
    assert declared.status_code == 201
    where = f"{CONTACTS}/{declared.get_json()['id']}"
    sent = admin.post(f"{where}/code", way="sms", language="sv")
    assert sent.status_code == 200
    confirmed = admin.post(f"{where}/confirm", code=gateway.code)
    assert (confirmed.get_json()["state"], confirmed.get_json()["method"]) == ("verified", "phone_code")
    said = [answer.get_data(as_text=True) for answer in (declared, sent, confirmed, admin.get(CONTACTS))]
    assert all(gateway.code not in text for text in [*said, caplog.text])
    assert admin.delete(where).get_json()["state"] == "ended"
    assert [each["state"] for each in admin.get(CONTACTS).get_json()["contacts"]] == ["ended"]


def test_three_wrong_codes_make_a_pause_for_the_number_whoever_tries(made: Deployment, gateway: Gateway) -> None:
    one, two = Admin(made), Admin(made, "exempelel")
    wheres = [f"{CONTACTS}/{each.post(CONTACTS, kind='phone', value=PHONE).get_json()['id']}" for each in (one, two)]
    one.post(f"{wheres[0]}/code", way="sms")
    wrong = f"{(int(gateway.code) + 1) % 1_000_000:06}"
    for _ in range(3):
        assert problem(one.post(f"{wheres[0]}/confirm", code=wrong)) == (422, "code-wrong")
    for admin, where in ((one, wheres[0]), (two, wheres[1])):
        paused = admin.post(f"{where}/code", way="sms")
        assert problem(paused) == (429, "codes-exhausted")
        assert 590 <= int(paused.headers["Retry-After"]) <= 600
        assert problem(admin.post(f"{where}/confirm", code=gateway.code)) == (429, "codes-exhausted")


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "fax", "value": "1"},
        {"kind": "phone"},
        {"kind": "phone", "value": ""},
        {"kind": "phone", "value": "x" * 256},
        {"kind": "phone", "value": "+46"},
        {"kind": "sender_name", "value": "a\x00b"},
        {"kind": "phone", "value": 46846500410},
        {"kind": "phone", "value": PHONE, "verified": True},
    ],
)
def test_what_is_no_contact_point_is_a_problem_and_leaves_nothing(made: Deployment, body: dict[str, Any]) -> None:
    admin = Admin(made)
    assert admin.post(CONTACTS, **body).status_code == 422
    assert admin.get(CONTACTS).get_json() == {"contacts": []}


@pytest.mark.parametrize("code", ["12345", "1234567", "12345a", "١٢٣٤٥٦", 123456, ""])
def test_what_is_no_code_takes_no_try(made: Deployment, gateway: Gateway, code: object) -> None:
    admin = Admin(made)
    where = f"{CONTACTS}/{admin.post(CONTACTS, kind='phone', value=PHONE).get_json()['id']}"
    admin.post(f"{where}/code", way="call")
    for _ in range(4):
        assert problem(admin.post(f"{where}/confirm", code=code)) == (422, "request-invalid")
    assert admin.post(f"{where}/confirm", code=gateway.code).status_code == 200


def test_a_mail_domain_that_was_not_proven_says_so(made: Deployment) -> None:
    admin = Admin(made)
    mail = admin.post(CONTACTS, kind="mail_domain", value="exempelbanken.se").get_json()
    assert problem(admin.post(f"{CONTACTS}/{mail['id']}/confirm")) == (409, "contact-state")


def test_a_registrar_decides_with_a_key_of_her_own_what_nobody_else_can_prove(made: Deployment) -> None:
    admin = Admin(made)
    name = admin.post(CONTACTS, kind="sender_name", value="Exempelel").get_json()
    assert name["state"] == "contested"
    mine = bearer(made.new_key(role=Role.REGISTRAR, operator_id=None, person=made.new_person(role=Role.REGISTRAR)))
    nobodys = bearer(made.new_key(role=Role.REGISTRAR, operator_id=None))
    queue = made.client.get("/v1/registry/contacts", headers=nobodys).get_json()["contacts"]
    assert [each["id"] for each in queue] == [name["id"]]
    where = f"/v1/registry/contacts/{name['id']}"
    assert problem(made.client.post(f"{where}/verify", headers=nobodys, json={"note": "x"})) == (403, "person-needed")
    verified = made.client.post(f"{where}/verify", headers=mine, json={"note": "the contract was seen"})
    assert (verified.get_json()["state"], verified.get_json()["method"]) == ("verified", "registrar")
    assert made.client.post(f"{where}/refuse", headers=mine, json={"note": "it ran out"}).status_code == 200
    assert problem(made.client.post(f"{where}/verify", headers=mine, json={"note": "x"})) == (409, "contact-state")
    assert problem(made.client.post("/v1/registry/contacts/x/verify", headers=mine, json={"note": "x"}))[0] == 404


def test_promises_over_http(made: Deployment) -> None:
    admin = Admin(made)
    today = datetime.now(UTC).date()
    assert problem(admin.post(PROMISES, channel="sms", since="2020-01-01")) == (422, "promise-invalid")
    assert admin.post(PROMISES, channel="sms", since="tomorrow").status_code == 422
    promised = admin.post(PROMISES, channel="phone", since=today.isoformat())
    assert (promised.status_code, promised.get_json()["kind"]) == (201, "announces")
    where = f"{PROMISES}/{promised.get_json()['id']}"
    assert problem(admin.delete(where, until=today.isoformat())) == (422, "promise-invalid")
    assert admin.delete(where).get_json()["until"] == (today + timedelta(days=2)).isoformat()
    assert problem(admin.delete(f"{PROMISES}/pr-0")) == (404, "promise-not-found")
    assert len(admin.get(PROMISES).get_json()["promises"]) == 1


def test_totals_over_http_say_what_was_declared_and_what_we_counted(made: Deployment) -> None:
    admin, client = Admin(made), new_client(made, role=Role.ADMIN)
    assert made.sign(channel="sms").status_code == 201
    day = datetime.now(UTC).date().isoformat()
    claims = {"aud": client.issuer, "sub": BANK, "day": day, "totals": {"sms": {"sent": 2, "sealed": 1}}, **times()}
    declared = admin.post(TOTALS, statement=client.key.sign(claims | {"jti": "1"}, typ="sigill-totals+jwt"))
    assert declared.status_code == 201
    assert declared.get_json()["counted"] == {"sms": 1}
    assert declared.get_json()["by_channel"] == {"sms": {"sent": 2, "sealed": 1}}
    (listed,) = admin.get(TOTALS).get_json()["totals"]
    assert listed == declared.get_json()
    assert problem(admin.post(TOTALS, statement=listed["statement"])) == (422, "totals-refused")
