"""The registrars' desk: what waits, one operator's case, and every decision by one person or two."""

import pytest

from registry.deciding.looking import look_at_operator
from registry.model import OperatorId, Role
from sigill.report.standing import State
from tests.builders_deciding import applicant, current, deciding, shop
from tests.builders_deployment import Deployment
from tests.builders_desk import SignedIn, add_person, sign_in, someone

BANK = OperatorId("exempelbanken")
LANGUAGES = pytest.mark.parametrize("language", ["sv", "en"])


@pytest.fixture
def desks(deployment: Deployment) -> tuple[SignedIn, SignedIn]:
    deployment.add(applicant())
    deployment.add(shop())
    return someone(deployment, Role.REGISTRAR), someone(deployment, Role.REGISTRAR)


def number_of(desk: SignedIn, operator_id: str) -> str:
    """Return the number that the one form of an operator's case is about."""
    page = desk.page(f"/operators/{operator_id}")
    (found,) = {item["value"] for item in page.all("input") if item["name"] == "number"}
    return found


def test_two_registrars_verify_a_bank_at_their_desks(deployment: Deployment, desks: tuple[SignedIn, SignedIn]) -> None:
    rut, tove = desks
    assert "Bolaget nybank i Norr" in rut.page("/queue").text
    sent = rut.post("/operators/nybank/proposals", decision="verify", reason="register and licence agree")
    assert (sent.status_code, sent.headers["Location"]) == (303, "/desk/operators/nybank")
    assert "another registrar confirms" in rut.page("/operators/nybank").text
    waits = tove.page("/queue").text
    assert "Bolaget nybank i Norr" in waits
    assert rut.person.name in waits  # a colleague is called by her name here, and nowhere else
    number = number_of(tove, "nybank")
    assert rut.post("/operators/nybank/confirmation", number=number).status_code == 403
    assert tove.post("/operators/nybank/confirmation", number=number).status_code == 303
    assert current(deployment).state is State.VERIFIED
    page = tove.page("/operators/nybank").text
    assert "Confirmed." in page
    assert f"registrars {rut.person.id}, {tove.person.id}" in page


def test_a_proposal_is_rejected_or_withdrawn_at_the_desk(
    deployment: Deployment, desks: tuple[SignedIn, SignedIn]
) -> None:
    rut, tove = desks
    rut.post("/operators/nybank/proposals", decision="verify", reason="register and licence agree")
    number = number_of(rut, "nybank")
    assert rut.post("/operators/nybank/withdrawal", number=number).status_code == 303
    rut.post("/operators/nybank/proposals", decision="verify", reason="register and licence agree")
    number = number_of(tove, "nybank")
    assert tove.post("/operators/nybank/rejection", number=number, reject_reason="").status_code == 422
    assert tove.post("/operators/nybank/rejection", number=number, reject_reason="not its licence").status_code == 303
    assert "not its licence" in rut.page("/operators/nybank").text
    assert current(deployment).state is State.APPLIED


def test_what_is_refused_is_told_on_the_page_with_the_form_kept(desks: tuple[SignedIn, SignedIn]) -> None:
    rut, _ = desks
    for form, status, says in (
        ({"decision": "verify", "reason": "ring 070-174 06 05"}, 422, "number or address"),
        ({"decision": "lift", "reason": "looked at"}, 422, "cannot be decided"),
        ({"decision": "dance", "reason": "looked at"}, 422, "one of those in the list"),
        ({"decision": "merge", "reason": "looked at", "into": "nobody"}, 422, "names no operator"),
    ):
        answer = rut.post("/operators/nybank/proposals", **form)
        text = answer.get_data(as_text=True)
        assert (answer.status_code, says in text, form["reason"] in text) == (status, True, True), form
    for path, form in (
        ("confirmation", {"number": "7"}),
        ("confirmation", {"number": "x"}),
        ("likeness", {"number": "9" * 40, "says": "accept", "like_reason": "fine"}),
        ("answer", {"number": "7", "says": "uphold", "answer": "fine"}),
    ):
        assert rut.post(f"/operators/nybank/{path}", **form).status_code == 404, path
    assert rut.get("/operators/nobody").status_code == 404


def test_a_likeness_is_looked_at_before_the_name_is_let_in(
    deployment: Deployment, desks: tuple[SignedIn, SignedIn]
) -> None:
    rut, _ = desks
    deployment.add(shop("sken", name="Exempelbanken Support"))
    look_at_operator("sken", world=deciding(deployment))
    assert "Exempelbanken Support" in rut.page("/queue").text
    number = number_of(rut, "sken")
    assert "resembles others" in rut.page("/operators/sken").text
    done = rut.post("/operators/sken/likeness", number=number, says="accept", like_reason="its own agent")
    assert done.status_code == 303
    assert rut.post("/operators/sken/proposals", decision="verify", reason="looked at").status_code == 303
    assert current(deployment, "sken").state is State.VERIFIED


def test_an_administrator_appeals_and_another_registrar_answers(
    deployment: Deployment, desks: tuple[SignedIn, SignedIn]
) -> None:
    rut, tove = desks
    admin = sign_in(deployment, add_person(deployment, Role.ADMIN))
    assert "Appeal" not in admin.page("/appeal").text
    rut.post(f"/operators/{BANK}/proposals", decision="suspend", reason="looked at")
    assert "You can appeal once" in admin.page("/appeal").text
    assert admin.post("/appeal/appeal", reason="the licence was renewed").status_code == 303
    assert admin.post("/appeal/appeal", reason="again").status_code == 422
    appeal = next(item["value"] for item in tove.page(f"/operators/{BANK}").all("input") if item["name"] == "number")
    forms = {"says": "uphold", "answer": "it was", "number": appeal}
    numbers = {item["value"] for item in tove.page(f"/operators/{BANK}").all("input") if item["name"] == "number"}
    statuses = [tove.post(f"/operators/{BANK}/answer", **forms | {"number": each}).status_code for each in numbers]
    assert sorted(statuses) == [303, 404]
    assert "it was" in admin.page("/appeal").text


@LANGUAGES
def test_the_pages_are_whole_in_both_languages(
    deployment: Deployment, desks: tuple[SignedIn, SignedIn], language: str
) -> None:
    rut, tove = desks
    admin = sign_in(deployment, add_person(deployment, Role.ADMIN))
    deployment.add(shop("sken", name="Exempelbanken Support"))
    look_at_operator("sken", world=deciding(deployment))
    rut.post("/operators/nybank/proposals", decision="verify", reason="looked at")
    rut.post(f"/operators/{BANK}/proposals", decision="suspend", reason="looked at")
    admin.post("/appeal/appeal", reason="please")
    for desk in (rut, tove):
        for path in ("/queue", "/operators/nybank", "/operators/sken", f"/operators/{BANK}"):
            assert "suspension_" not in desk.page(path, language=language).text
    assert {"sv": "Avstängd", "en": "Suspended"}[language] in admin.page("/appeal", language=language).text


def test_an_empty_queue_says_so(deployment: Deployment) -> None:
    assert "Nothing is waiting." in someone(deployment, Role.REGISTRAR).page("/queue").text
