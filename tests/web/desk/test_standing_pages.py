"""An operator's administrator and a registrar at the desk: domains, registers, alarms, licences."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from registry.applying.rechecks import recheck_due
from registry.model import OperatorId, Role
from tests.builders_applying import Applicants, applicants
from tests.builders_desk import SignedIn, someone
from tests.builders_web import check_page
from tests.registry.asking.builders_playing import Play
from tests.registry.checks.builders_registers import enhet

pytestmark = pytest.mark.slow

EQUINOR = OperatorId("equinor-asa")


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Applicants]:
    with applicants(tmp_path) as made:
        made.register.play = Play(body=json.dumps(enhet()).encode())
        yield made


def administrator(there: Applicants, operator_id: OperatorId = EQUINOR) -> SignedIn:
    return someone(there.made, Role.ADMIN, operator_id=operator_id)


def test_an_administrator_shows_domain_and_company_without_a_program(there: Applicants) -> None:
    applied = there.apply()
    there.publish(applied)
    browser = administrator(there)
    page = browser.page("/standing")
    assert applied["domains"][0]["record"]["text"] in page.text
    assert "Show that a domain is yours" in page.text

    assert browser.post("/standing/domains/check", checked="equinor.example").status_code == 303
    assert browser.post("/standing/registers").status_code == 303

    page = browser.page("/standing")
    assert "Everything is shown" in page.text
    assert "equinor.example: shown" in page.text
    assert browser.page("/standing", language="sv").text.count("godkänd") == 2


def test_what_is_no_domain_comes_back_in_the_form_with_a_sentence(there: Applicants) -> None:
    there.apply()
    response = administrator(there).post("/standing/domains", domain="co.uk")
    assert response.status_code == 422
    page = check_page(response.get_data(as_text=True))
    assert "is a public suffix" in page.text
    assert "co.uk" in [item.get("value") for item in page.all("input")]


def test_nobody_checks_anothers_domain(there: Applicants) -> None:
    there.apply()
    stranger = administrator(there, OperatorId("exempelbanken"))
    assert stranger.post("/standing/domains/check", checked="equinor.example").status_code == 404
    assert there.checks(EQUINOR) == ()


def test_a_registrar_sees_alarms_and_enters_a_licence(there: Applicants) -> None:
    applied = there.apply()
    there.post("/v1/operator/register-check", key=applied["api_keys"]["admin"])
    there.register.play = Play(body=json.dumps(enhet(konkurs=True)).encode())
    recheck_due(there.at(timedelta(days=84)), limit=9)
    browser = someone(there.made, Role.REGISTRAR)
    assert "is bankrupt" in browser.page("/alarms").text
    assert "is bankrupt" in browser.page("/checks/equinor-asa").text

    seen = {"authority": "Finanstilsynet", "number": "7", "url": "https://www.finanstilsynet.no/7"}
    path = "/checks/equinor-asa/licence"
    wrong = browser.post(path, **seen, seen_on="yesterday", valid_until="")
    assert (wrong.status_code, "2026-11-29" in wrong.get_data(as_text=True)) == (422, True)
    done = browser.post(path, **seen, seen_on=f"{there.world.now():%Y-%m-%d}", valid_until="")
    assert done.status_code == 303
    assert there.steps(EQUINOR)[-1].step.by == f"registrar {browser.person.id}"
    assert browser.get("/checks/nobody").status_code == 404
