"""POST /v1/messages/{id}/erasure and GET /log/{operator}/erasures."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from api.current import EXTENSION
from registry.model import OperatorId, Role
from sigill.tlog.erasure import parse_erasure
from sigill.tlog.leaf import LeafKind, leaf_of
from storage.engine import writing
from tests.builders_deployment import NOW, TEXT, Deployment, deploy, operator
from transparency.tables import records, tombstones

BANK = OperatorId("exempelbanken")
TELCO = OperatorId("exempeltelco")
ASKED = {"ground": "data_subject_request", "requester": "DPO-2026-117"}


@pytest.fixture
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment in whose eyes everything was sealed five years ago."""
    made = deploy(tmp_path_factory.mktemp("old"), operator(), operator(TELCO))
    world = made.app.extensions[EXTENSION]
    privacy = replace(world.privacy, now=lambda: NOW + timedelta(days=2000))
    made.app.extensions[EXTENSION] = replace(world, privacy=privacy)
    yield made
    made.services.engine.dispose()


def erase(made: Deployment, message_id: str, *, key: str | None = None, **changes: Any) -> Any:
    key = made.new_key(role=Role.ADMIN, operator_id=BANK) if key is None else key
    headers = {"Authorization": f"Bearer {key}"}
    return made.client.post(f"/v1/messages/{message_id}/erasure", json=ASKED | changes, headers=headers)


def erasures(made: Deployment, *, role: Role = Role.AUDITOR, of: OperatorId | None = None, query: str = "") -> Any:
    key = made.new_key(role=role, operator_id=of)
    return made.client.get(f"/log/{BANK}/erasures{query}", headers={"Authorization": f"Bearer {key}"})


def test_the_answer_says_what_is_gone_and_where_the_log_says_so(old: Deployment) -> None:
    sealed = old.sign().get_json()
    response = erase(old, sealed["id"])
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-store"
    answer = response.get_json()
    receipt = answer.pop("receipt")
    assert receipt.startswith("c2sp.org/tlog-proof@v1\n")
    assert answer == {
        "id": sealed["id"],
        "erased_at": (NOW + timedelta(days=2000)).isoformat(),
        "ground": "data_subject_request",
        "requester": "DPO-2026-117",
        "erased_index": sealed["log"]["index"],
        "log": {"origin": sealed["log"]["origin"], "index": sealed["log"]["index"] + 1},
    }


def test_asking_again_gets_the_same_answer(old: Deployment) -> None:
    sealed = old.sign().get_json()
    first, second = erase(old, sealed["id"]), erase(old, sealed["id"], requester="DPO-2", ground="operator_request")
    assert second.status_code == 200
    assert second.get_json() == first.get_json()


def test_what_is_too_young_is_refused_with_the_rule_its_basis_and_the_day(deployment: Deployment) -> None:
    sealed = deployment.sign().get_json()
    response = erase(deployment, sealed["id"])
    problem = response.get_json()
    assert response.status_code == 409
    assert problem["type"].endswith("/retention-not-over")
    assert problem["retention"] == {
        "rule": "bank.minimum",
        "basis": "default",
        "sources": ["eu-gdpr-17", "own-choice"],
    }
    waits = datetime.fromisoformat(problem["ask_again_at"]) - NOW
    assert timedelta(days=90) <= waits < timedelta(days=90, hours=1)
    assert deployment.verify(code=sealed["code"], content=TEXT)["answer"] == "genuine"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"ground": "because"}, "/ground"),
        ({"ground": "authority_order"}, "/ground"),
        ({"ground": "retention_expired"}, "/ground"),
        ({"ground": None}, "/ground"),
        ({"requester": ""}, "/requester"),
        ({"requester": "x" * 81}, "/requester"),
        ({"requester": "two\nlines"}, "/requester"),
        ({"requester": "anna@example.com"}, "/requester"),
        ({"why": "x"}, "/why"),
    ],
)
def test_a_body_that_cannot_be_is_refused_by_field(old: Deployment, body: dict[str, Any], pointer: str) -> None:
    sealed = old.sign().get_json()
    response = erase(old, sealed["id"], **body)
    assert response.status_code == 422
    assert pointer in {fault["pointer"] for fault in response.get_json()["errors"]}
    assert old.verify(code=sealed["code"], content=TEXT)["answer"] == "genuine"


def test_only_an_operator_s_own_admin_may_erase(old: Deployment) -> None:
    sealed = old.sign().get_json()
    assert erase(old, sealed["id"], key=old.keys[BANK]).status_code == 403
    assert erase(old, sealed["id"], key=old.new_key(role=Role.AUDITOR, operator_id=None)).status_code == 403
    stranger = erase(old, sealed["id"], key=old.new_key(role=Role.ADMIN, operator_id=TELCO))
    assert (stranger.status_code, stranger.get_json()["type"].rpartition("/")[2]) == (404, "message-not-found")
    assert erase(old, "01JD8Z6Q2V4T7M9K3C5B1A0XYZ").status_code == 404
    assert old.client.post(f"/v1/messages/{sealed['id']}/erasure", json=ASKED).status_code == 401


def test_an_auditor_is_shown_every_erasure_once_with_its_record(old: Deployment) -> None:
    sealed = [old.sign().get_json() for _ in range(12)]
    for each in sealed:
        assert erase(old, each["id"]).status_code == 200
    stones: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    query, pages = "", 0
    while True:
        page = erasures(old, of=BANK, query=query).get_json()
        stones += page["tombstones"]
        texts += page["records"]
        pages += 1
        if page["next"] is None:
            break
        query = f"?after={page['next']}"
    assert pages == 2
    assert stones == [{"index": number, "kind": "seal", "erased_by": number + 12} for number in range(12)]
    assert [each["index"] for each in texts] == list(range(12, 24))
    for each in texts:
        body = base64.urlsafe_b64decode(each["record"] + "==")
        assert old.services.log.leaf(BANK, each["index"]) == leaf_of(LeafKind.ERASE, body)
        assert parse_erasure(body).indexes == (each["index"] - 12,)


def test_a_tombstone_without_its_record_and_a_record_without_tombstones_are_shown_too(old: Deployment) -> None:
    sealed = [old.sign().get_json() for _ in range(2)]
    done = [erase(old, each["id"]).get_json() for each in sealed]
    with writing(old.services.engine) as connection:
        connection.execute(records.delete().where(records.c.idx == done[0]["log"]["index"]))
        connection.execute(tombstones.delete().where(tombstones.c.idx == done[1]["erased_index"]))
    page = erasures(old, of=BANK).get_json()
    assert [each["index"] for each in page["tombstones"]] == [done[0]["erased_index"]]
    assert [each["index"] for each in page["records"]] == [done[1]["log"]["index"]]
    body = base64.urlsafe_b64decode(page["records"][0]["record"] + "==")
    leaf = old.services.log.leaf(BANK, done[1]["log"]["index"])
    assert leaf == leaf_of(LeafKind.ERASE, body)
    assert hashlib.sha256(body).digest()


def test_erasures_are_for_the_log_s_auditors_only(old: Deployment) -> None:
    assert erasures(old).get_json() == {"tombstones": [], "records": [], "next": None}
    assert erasures(old, of=TELCO).status_code == 403
    assert erasures(old, role=Role.SIGNER, of=BANK).status_code == 403
    assert old.client.get(f"/log/{BANK}/erasures").status_code == 401
    headers = {"Authorization": f"Bearer {old.new_key(role=Role.AUDITOR, operator_id=None)}"}
    assert old.client.get("/log/nobody/erasures", headers=headers).status_code == 404


@pytest.mark.parametrize("query", ["?after=x", "?after=", "?after=WyJ4Il0", "?cursor=x", "?after=" + "A" * 200])
def test_a_cursor_that_is_none_is_refused(old: Deployment, query: str) -> None:
    assert erasures(old, query=query).status_code == 422
