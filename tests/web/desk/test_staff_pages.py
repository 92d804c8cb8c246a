"""Colleagues on the desk: an administrator looks after the operator's people, a registrar after the guarantor's."""

import re

import pytest

from registry.model import OperatorId, Role
from registry.people.links import open_link
from registry.people.store import list_people
from registry.steps import list_steps
from sigill.report.trust import GUARANTOR
from storage.engine import reading
from tests.builders_deployment import Deployment, operator
from tests.builders_desk import BANK, SignedIn, add_passkey, add_person, someone, world_of
from tests.builders_web import check_page


def of(made: Deployment, operator_id: OperatorId | None) -> list[str]:
    with reading(made.services.engine) as connection:
        return [person.name for person in list_people(connection, operator_id=operator_id)]


def link_on(browser: SignedIn, path: str) -> str:
    html = browser.post(path).get_data(as_text=True)
    check_page(html)
    found = re.search(r"http://localhost:8000/desk/enrol#([\w-]+)", html)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("manager", "role", "whose"), [(Role.ADMIN, "signer", BANK), (Role.REGISTRAR, "registrar", None)]
)
def test_a_colleague_is_added_invited_and_ended(
    deployment: Deployment, manager: Role, role: str, whose: OperatorId | None
) -> None:
    browser = someone(deployment, manager)
    added = browser.post("/staff", name="Bo Berg", role=role)
    place = added.headers["Location"].removeprefix("/desk")
    assert "Bo Berg" in browser.page(place).text
    token = link_on(browser, f"{place}/link")
    opened = open_link(token, world=world_of(deployment))
    assert (opened.person.name, opened.made_by) == ("Bo Berg", f"{manager} {browser.person.id}")
    assert token not in browser.get(place).get_data(as_text=True)
    assert browser.post(f"{place}/end").status_code == 303
    assert "left" in browser.page("/staff").text
    assert sorted(of(deployment, whose)) == ["Anna Andersson", "Bo Berg"]
    with reading(deployment.services.engine) as connection:
        acts = [each.step.act for each in list_steps(connection, whose or GUARANTOR)]
    assert acts == ["person_added", "person_ended"]


@pytest.mark.parametrize("manager", [Role.ADMIN, Role.REGISTRAR])
def test_nobody_reaches_anothers_people(deployment: Deployment, manager: Role) -> None:
    deployment.add(operator("exempelel"))
    browser = someone(deployment, manager)
    theirs = someone(deployment, Role.REGISTRAR if manager is Role.ADMIN else Role.ADMIN).person
    for person in (theirs, add_person(deployment, Role.SIGNER, operator_id=OperatorId("exempelel"))):
        passkey = add_passkey(deployment, person)
        place = f"/staff/{person.id}"
        assert browser.get(place).status_code == 404
        for path in ("/link", "/end"):
            assert browser.post(place + path).status_code == 404
        assert browser.post(f"{place}/passkeys/revocation", passkey=passkey.id).status_code == 404
        assert person.id not in browser.get("/staff").get_data(as_text=True)


@pytest.mark.parametrize(("manager", "role"), [(Role.ADMIN, "registrar"), (Role.REGISTRAR, "signer"), (Role.ADMIN, "")])
def test_nobody_makes_a_role_that_is_not_theirs_to_give(deployment: Deployment, manager: Role, role: str) -> None:
    browser = someone(deployment, manager)
    response = browser.post("/staff", name="Bo Berg", role=role)
    assert response.status_code == 422
    assert 'value="Bo Berg"' in response.get_data(as_text=True)
    assert "Bo Berg" not in of(deployment, BANK) + of(deployment, None)


def test_nobody_ends_themselves(deployment: Deployment) -> None:
    browser = someone(deployment, Role.ADMIN)
    place = f"/staff/{browser.person.id}"
    assert browser.post(f"{place}/end").status_code == 422
    assert "Left?" not in browser.page(place).text
    assert browser.get().status_code == 200


def test_a_colleagues_passkey_is_revoked(deployment: Deployment) -> None:
    browser = someone(deployment, Role.ADMIN)
    person = add_person(deployment, Role.SIGNER, name="Bo Berg")
    passkey = add_passkey(deployment, person, name="Phone")
    place = f"/staff/{person.id}"
    assert "Phone" in browser.page(place).text
    assert browser.post(f"{place}/passkeys/revocation", passkey=passkey.id).status_code == 303
    assert "Phone" not in browser.page(place).text
