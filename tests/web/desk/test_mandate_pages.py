"""The desk's pages of AI systems and mandates: what an administrator does there, and what is another's."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from registry.mandates.model import MandateState
from registry.mandates.store import list_mandates
from registry.model import Role
from registry.operators import load_operator
from registry.steps import Act, list_steps
from storage.engine import reading
from tests.builders_deployment import NOW, Deployment
from tests.builders_desk import SignedIn, someone
from tests.builders_mandates import BANK, CENTRE, OTHER, deploy_parties, given, in_force
from web.desk.words import DeskLanguage, desk_words


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Deployment]:
    found = deploy_parties(tmp_path)
    yield found
    found.services.engine.dispose()


def states(made: Deployment, operator_id: str) -> list[MandateState]:
    with reading(made.services.engine) as connection:
        return [
            each.state_at(made.services.signing.now()) for each in list_mandates(connection, operator_id=operator_id)
        ]


def give(browser: SignedIn, **changes: object) -> int:
    until = f"{NOW + timedelta(days=30):%Y-%m-%d}"
    form = {"csrf": browser.csrf, "to": CENTRE, "channels": ["chat", "sms"], "purposes": ["service"], "until": until}
    response = browser.client.post("/desk/mandates/new", data=form | changes, headers={"Origin": browser.origin})
    return response.status_code


def test_a_mandate_goes_from_offer_to_end_on_the_desk_alone(made: Deployment) -> None:
    bank, centre = (someone(made, Role.ADMIN, operator_id=who) for who in (BANK, CENTRE))
    assert give(bank, daily="50") == 303
    with reading(made.services.engine) as connection:
        (offered,) = list_mandates(connection, operator_id=BANK)
    assert (offered.terms.daily_messages, offered.terms.enquiries) == (50, None)
    assert "Kundsvar may seal for you" in bank.page("/mandates").text
    assert "You may seal for Exempelbanken" in centre.page("/mandates").text
    assert centre.post("/mandates/acceptance", mandate=offered.id).status_code == 303
    assert states(made, CENTRE) == [MandateState.IN_FORCE]
    assert made.sign(by=CENTRE, on_behalf_of=BANK).status_code == 201
    assert bank.post("/mandates/revocation", mandate=offered.id).status_code == 303
    assert states(made, BANK) == [MandateState.REVOKED]
    for language in DeskLanguage:
        assert desk_words(language).label("mandates.revoked") in bank.page("/mandates", language=language).text


@pytest.mark.parametrize(
    "change",
    [
        {"to": "nobody"},
        {"to": BANK},
        {"channels": []},
        {"channels": ["telepathy"]},
        {"purposes": []},
        {"until": "soon"},
        {"until": "2020-01-01"},
        {"until": "9999-12-31"},
        {"until": ""},
        {"daily": "many"},
        {"daily": "²"},
        {"daily": "9" * 40},
        {"daily": "-1"},
    ],
    ids=str,
)
def test_a_form_that_cannot_be_is_told_so_and_kept(made: Deployment, change: dict[str, object]) -> None:
    assert give(someone(made, Role.ADMIN), **change) in {404, 422}
    assert states(made, BANK) == []


def test_what_is_between_others_is_not_there(made: Deployment) -> None:
    offered, other = given(made), someone(made, Role.ADMIN, operator_id=OTHER)
    assert other.post("/mandates/acceptance", mandate=offered.id).status_code == 404
    assert other.post("/mandates/revocation", mandate=offered.id).status_code == 404
    assert someone(made, Role.ADMIN).post("/mandates/acceptance", mandate=offered.id).status_code == 404
    assert "Kundsvar" not in other.page("/mandates").text
    assert states(made, BANK) == [MandateState.OFFERED]


def test_an_ai_system_comes_and_goes_and_both_are_in_the_log(made: Deployment) -> None:
    browser = someone(made, Role.ADMIN)
    assert browser.post("/ai-systems/new", system="hedda", name="Hedda", provider="", model="h-1").status_code == 303
    assert "Hedda" in browser.page("/ai-systems").text
    assert made.sign(authorship="ai", ai={"system": "hedda"}).status_code == 201
    assert browser.post("/ai-systems/end", system="hedda").status_code == 303
    assert made.sign(authorship="ai", ai={"system": "hedda"}).status_code == 422
    with reading(made.services.engine) as connection:
        assert [each.step.act for each in list_steps(connection, BANK)] == [Act.AI_SYSTEM_ADDED, Act.AI_SYSTEM_ENDED]
        assert [each.active for each in load_operator(connection, BANK).ai_systems] == [False, True]
    for form in ({"system": "saga", "name": "Another"}, {"system": "A B", "name": "x"}, {"system": "", "name": ""}):
        assert browser.post("/ai-systems/new", **form).status_code == 422
    assert browser.post("/ai-systems/end", system="hedda").status_code == 404


def test_everybody_sees_on_both_operators_pages_who_may_send_for_whom(made: Deployment) -> None:
    given(made, to=OTHER)
    mandate = in_force(made)
    for who in (BANK, CENTRE):
        shape = made.client.get(f"/registry/operators/{who}").get_json()
        assert [(each["id"], each["state"]) for each in shape["mandates"]] == [(mandate.id, "in_force")]
        page = made.client.get(f"/registry/operators/{who}", headers={"Accept": "text/html", "Accept-Language": "sv"})
        assert "Kundsvar får skicka för Exempelbanken" in page.get_data(as_text=True)
    assert made.client.get(f"/registry/operators/{OTHER}").get_json()["mandates"] == []


def test_a_registrar_ends_a_mandate_from_the_case_of_either_party(made: Deployment) -> None:
    rut, mandate = someone(made, Role.REGISTRAR), in_force(made)
    assert "Kundsvar may seal for it" in rut.page(f"/operators/{BANK}").text
    assert "It may seal for Exempelbanken" in rut.page(f"/operators/{CENTRE}").text
    for whose, which in ((OTHER, mandate.id), (BANK, "no such"), (BANK, "")):
        assert rut.post(f"/operators/{whose}/mandates/revocation", mandate=which).status_code == 404, whose
    assert states(made, BANK) == [MandateState.IN_FORCE]
    assert rut.post(f"/operators/{CENTRE}/mandates/revocation", mandate=mandate.id).status_code == 303
    assert states(made, BANK) == [MandateState.REVOKED]
    with reading(made.services.engine) as connection:
        ended = list_steps(connection, BANK)[-1].step
    assert (ended.act, ended.by) == (Act.MANDATE_REVOKED, f"registrar {rut.person.id}")
    assert "ended" in rut.page(f"/operators/{BANK}").text
