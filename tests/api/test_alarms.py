"""Dismissing an alarm: a registrar's own word, once, for everyone to read; over HTTP and on the desk."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from registry.applying.kept_checks import list_alarms, save_check
from registry.checks.kept import CheckStatus, KeptCheck
from registry.checks.outcome import Outcome
from registry.model import EvidenceKind, Role
from registry.steps import Act, list_steps
from storage.engine import reading, writing
from tests.builders_clients import bearer
from tests.builders_deciding import key_of, registrar
from tests.builders_deployment import NOW, Deployment
from tests.builders_desk import BANK, someone

LOST = "0" * 25 + "1"
SEEN = "asked them: the domain moved as planned"


@pytest.fixture
def made(deployment: Deployment) -> Deployment:
    with writing(deployment.services.engine) as connection:
        for check_id in (LOST, "0" * 25 + "2"):
            check = KeptCheck(
                id=check_id,
                operator_id=BANK,
                kind=EvidenceKind.DOMAIN,
                subject="exempelbanken.se",
                outcome=Outcome.FAILED,
                status=CheckStatus.ALARM,
                method="dns",
                reason="gone",
                detail="The record is gone.",
                facts={},
                checked_by="guarantor.example, by machine",
                checked_at=NOW,
                valid_until=None,
                evidence_id=None,
            )
            save_check(connection, check, (), keep_bodies=False)
    return deployment


def waiting(made: Deployment) -> list[str]:
    with reading(made.services.engine) as connection:
        return sorted(each.id for each in list_alarms(connection))


def dismiss(made: Deployment, key: str, check_id: str = LOST, **body: Any) -> TestResponse:
    return made.client.post(f"/v1/registry/alarms/{check_id}/dismissal", json=body, headers=bearer(key))


def refused(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json()["type"].rpartition("/")[2]


def test_a_registrar_dismisses_an_alarm_once_and_everyone_reads_why(made: Deployment) -> None:
    rut = registrar(made)
    key = key_of(made, rut)
    program = made.new_key(role=Role.REGISTRAR, operator_id=None)
    assert refused(dismiss(made, program, reason=SEEN)) == (403, "person-needed")
    assert refused(dismiss(made, key, reason="ring +46 8 465 004 11 23")) == (422, "reason-refused")
    assert refused(dismiss(made, key, "nothing", reason=SEEN)) == (404, "check-not-found")
    assert len(waiting(made)) == 2
    done = dismiss(made, key, reason=SEEN).get_json()
    assert (done["id"], done["status"], done["outcome"]) == (LOST, "settled", "failed")
    assert waiting(made) == ["0" * 25 + "2"]
    assert refused(dismiss(made, key, reason=SEEN)) == (409, "alarm-settled")
    with reading(made.services.engine) as connection:
        (step,) = (each.step for each in list_steps(connection, BANK))
    assert (step.act, step.by) == (Act.ALARM_DISMISSED, f"registrar {rut}")
    assert step.said == {"kind": "domain", "check": LOST, "reason": SEEN}


def test_an_alarm_is_dismissed_at_the_desk(made: Deployment) -> None:
    browser = someone(made, Role.REGISTRAR)
    assert "The record is gone." in browser.page("/alarms").text
    assert browser.post("/alarms/dismissal", check=LOST, reason="").status_code == 422
    assert len(waiting(made)) == 2
    assert browser.post("/alarms/dismissal", check=LOST, reason=SEEN).status_code == 303
    assert waiting(made) == ["0" * 25 + "2"]
    assert "The alarm is dismissed." in browser.page("/alarms").text
