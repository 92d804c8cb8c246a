"""A message replaced by a newer one: its own sender's, in its own conversation, once."""

from typing import Any

import pytest
from sqlalchemy import select

from conversations.edits import load_newer
from conversations.tables import edits
from sigill.seal.token import parse_seal
from storage.engine import reading
from tests.builders_deployment import Deployment, operator

UNKNOWN = "01JD8Z6Q2V4T7M9K3C5B1A0XYZ"


def problem(response: Any) -> tuple[int, str, str]:
    body = response.get_json()
    return response.status_code, body["type"].rpartition("/")[2], body["detail"]


def newest(made: Deployment, *jtis: str) -> dict[str, str | None]:
    with reading(made.services.engine) as connection:
        return {edited: version.jti for edited, version in load_newer(connection, jtis).items()}


@pytest.mark.parametrize("conversation", [None, "chat-1"])
def test_a_newer_version_says_what_it_replaces_and_is_found_from_it(
    deployment: Deployment, conversation: str | None
) -> None:
    first = deployment.sign(text="Vi ses kl. 9.", conversation=conversation).get_json()
    second = deployment.sign(text="Vi ses kl. 10.", conversation=conversation, edits=first["id"]).get_json()
    third = deployment.sign(text="Vi ses kl. 11.", conversation=conversation, edits=second["id"]).get_json()
    assert parse_seal(second["seal"]).claims.edits == first["id"]
    assert newest(deployment, first["id"], second["id"], third["id"]) == {
        first["id"]: second["id"],
        second["id"]: third["id"],
    }


def test_a_conversation_shows_what_was_edited_by_what(deployment: Deployment) -> None:
    first = deployment.sign(conversation="chat-1").get_json()
    second = deployment.sign(conversation="chat-1", text="Nytt", edits=first["id"]).get_json()
    key = {"Authorization": f"Bearer {deployment.keys['exempelbanken']}"}
    address = f"/v1/conversations/{first['conversation']['id']}"
    older, newer = deployment.client.get(address, headers=key).get_json()["entries"]
    assert (older["edits"], older["edited_by"]["id"]) == (None, second["id"])
    assert (newer["edits"], newer["edited_by"]) == (first["id"], None)
    assert older["edited_by"]["sealed_at"] == newer["recorded_at"]


def test_only_the_newest_version_is_replaced(deployment: Deployment) -> None:
    first = deployment.sign().get_json()
    second = deployment.sign(edits=first["id"]).get_json()
    status, slug, detail = problem(deployment.sign(edits=first["id"]))
    assert (status, slug) == (422, "edit-refused")
    assert second["id"] in detail


def test_of_two_edits_in_one_batch_one_is_made(deployment: Deployment) -> None:
    first = deployment.sign().get_json()
    body = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": "Hej", "edits": first["id"]}
    key = {"Authorization": f"Bearer {deployment.keys['exempelbanken']}"}
    response = deployment.client.post("/v1/messages/batch", json={"messages": [body, body]}, headers=key)
    assert [result["status"] for result in response.get_json()["results"]] == [201, 422]


def test_what_is_not_there_or_anothers_or_elsewhere_is_not_replaced(deployment: Deployment) -> None:
    deployment.add(operator("exempeltele"))
    theirs = deployment.sign(by="exempeltele").get_json()["id"]
    alone = deployment.sign().get_json()["id"]
    there = deployment.sign(conversation="chat-1").get_json()
    key = {"Authorization": f"Bearer {deployment.keys['exempelbanken']}"}
    address = f"/v1/conversations/{there['conversation']['id']}/events"
    event = deployment.client.post(address, json={"kind": "human_joined"}, headers=key).get_json()["id"]
    for edited, conversation, why in [
        (UNKNOWN, None, "no message of yours"),
        (theirs, None, "no message of yours"),
        (event, "chat-1", "no message of yours"),
        (alone, "chat-1", "its own conversation"),
        (there["id"], None, "its own conversation"),
        (there["id"], "chat-2", "its own conversation"),
    ]:
        status, slug, detail = problem(deployment.sign(edits=edited, conversation=conversation))
        assert (status, slug) == (422, "edit-refused")
        assert why in detail
    with reading(deployment.services.engine) as connection:
        assert connection.execute(select(edits)).all() == []


@pytest.mark.parametrize("edited", ["", "x", "01JD8Z6Q2V4T7M9K3C5B1A0XYz", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", 1, None])
def test_what_is_no_id_is_not_replaced(deployment: Deployment, edited: Any) -> None:
    key = {"Authorization": f"Bearer {deployment.keys['exempelbanken']}"}
    body = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": "Hej", "edits": edited}
    response = deployment.client.post("/v1/messages", json=body, headers=key)
    assert response.status_code == 422
    assert response.get_json()["errors"][0]["pointer"] == "/edits"


def test_who_checks_the_older_version_learns_that_there_is_a_newer_one_and_when(deployment: Deployment) -> None:
    older = deployment.sign(text="Vi ses kl. 9.").get_json()
    before = deployment.verify(seal=older["seal"], content="Vi ses kl. 9.")
    assert (before["reason"], before["newer_version_at"]) == ("genuine", None)
    newer = deployment.sign(text="Vi ses kl. 10.", edits=older["id"]).get_json()
    after = deployment.verify(seal=older["seal"], content="Vi ses kl. 9.")
    sealed_at = parse_seal(newer["seal"]).claims.iat
    assert (after["answer"], after["reason"]) == ("genuine", "genuine_newer_version")
    assert after["newer_version_at"] == sealed_at.isoformat(timespec="seconds")
    assert f"{sealed_at:%Y-%m-%d}" in after["headline"]
    assert deployment.verify(seal=newer["seal"], content="Vi ses kl. 10.")["reason"] == "genuine"
    without_content = deployment.verify(seal=older["seal"])
    assert (without_content["answer"], without_content["newer_version_at"]) == ("incomplete", after["newer_version_at"])


def test_the_customers_page_says_so_too(deployment: Deployment) -> None:
    older = deployment.sign(text="Vi ses kl. 9.", conversation="chat-1").get_json()
    deployment.sign(text="Vi ses kl. 10.", conversation="chat-1", edits=older["id"])
    page = deployment.client.post(
        "/check", data={"message": older["embedded_text"]}, headers={"Accept-Language": "sv"}
    ).get_data(as_text=True)
    assert "en nyare version förseglades" in page


def test_nothing_of_a_newer_version_is_told_where_the_signature_is_not_ours(deployment: Deployment) -> None:
    older = deployment.sign(text="Vi ses kl. 9.").get_json()
    deployment.sign(text="Vi ses kl. 10.", edits=older["id"])
    head, _, rest = older["seal"].partition("~")
    forged = head[:-6] + ("A" if head[-6] != "A" else "B") + head[-5:] + "~" + rest
    answer = deployment.verify(seal=forged, content="Vi ses kl. 9.")
    assert (answer["answer"], answer["newer_version_at"]) == ("not_genuine", None)
