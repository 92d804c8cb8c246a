"""DELETE /v1/messages/{id} and /status: over HTTP, by its own sender alone, seen by everyone in time."""

import gzip
import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from joserfc import jws as joserfc_jws
from joserfc.jwk import KeySet

from registry.model import OperatorId, Role, StateChange
from registry.operators import change_state
from sigill.report.standing import State
from sigill.report.trust import parse_trust
from sigill.report.words import words
from sigill.seal.claims import StatusClaim
from sigill.seal.token import parse_seal
from sigill.status.bits import inflate
from sigill.status.token import parse_status_list
from sigill.vocabulary import Language, WithdrawalReason
from signing.keys.listing import KeyKind
from storage.engine import writing
from tests.builders_deployment import NOW, TEXT, Deployment, deploy, operator

ROOT = Path(__file__).parents[2]
BANK = "exempelbanken"


def withdraw(made: Deployment, jti: str, *, key: str | None = None, **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {key or made.keys[BANK]}"}
    return made.client.delete(f"/v1/messages/{jti}", json=body or {"reason": "wrong_content"}, headers=headers)


def status_of(sealed: dict[str, Any]) -> StatusClaim:
    claim = parse_seal(sealed["seal"]).claims.status
    assert claim is not None
    return claim


def listed(made: Deployment, claim: StatusClaim) -> int | None:
    """Return the status in the list as it is served, looked up anew."""
    made.services.status_lists._kept.clear()
    response = made.client.get("/status/" + claim.uri.rpartition("/")[2])
    assert response.status_code == 200
    return parse_status_list(response.get_data(as_text=True)).list.status(claim.idx)


def test_a_withdrawn_message_is_not_genuine_at_once_and_in_the_list(shared: Deployment) -> None:
    sealed = shared.sign().get_json()
    assert shared.verify(seal=sealed["seal"], content=TEXT)["answer"] == "genuine"
    assert listed(shared, status_of(sealed)) == 0
    response = withdraw(shared, sealed["id"], reason="fraud", note="an account was taken over")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    said = response.get_json()
    assert (said["id"], said["reason"]) == (sealed["id"], "fraud")
    assert said["log"]["origin"].endswith(BANK)
    assert said["receipt"].startswith("c2sp.org/tlog-proof@v1")
    verdict = shared.verify(seal=sealed["seal"], content=TEXT)
    assert (verdict["answer"], verdict["reason"]) == ("not_genuine", "withdrawn")
    assert verdict["withdrawn_at"] == said["withdrawn_at"]
    day = words(Language.EN).label("withdrawn_on", time=said["withdrawn_at"][:10])
    assert verdict["headline"] == day
    assert {check["check"]: check["detail"] for check in verdict["checks"]}["status"] == "withdrawn"
    assert listed(shared, status_of(sealed)) == 1


def test_the_code_alone_tells_of_a_withdrawal_too(shared: Deployment) -> None:
    sealed = shared.sign().get_json()
    withdraw(shared, sealed["id"])
    assert shared.verify(code=sealed["code"])["reason"] == "withdrawn"
    assert shared.verify(code=sealed["code"], content="Betala nu.")["reason"] == "code_of_another_message"


def test_another_message_of_the_same_text_still_stands(shared: Deployment) -> None:
    gone, other = shared.sign().get_json(), shared.sign().get_json()
    withdraw(shared, gone["id"])
    assert shared.verify(seal=other["seal"], content=TEXT)["answer"] == "genuine"


def test_withdrawing_again_gives_the_same_answer_byte_for_byte(shared: Deployment) -> None:
    jti = shared.sign().get_json()["id"]
    first = withdraw(shared, jti)
    shared.sign()
    assert withdraw(shared, jti, reason="other").data == first.data


@pytest.mark.parametrize("reason", list(WithdrawalReason))
def test_every_reason_is_a_plain_word(shared: Deployment, reason: WithdrawalReason) -> None:
    assert withdraw(shared, shared.sign().get_json()["id"], reason=reason.value).get_json()["reason"] == reason


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": "because"}, "/reason"),
        ({"reason": 1}, "/reason"),
        ({"note": "x"}, "/reason"),
        ({"reason": "other", "note": ""}, "/note"),
        ({"reason": "other", "note": "x" * 501}, "/note"),
        ({"reason": "other", "note": "two\nlines"}, "/note"),
        ({"reason": "other", "why": "x"}, "/why"),
    ],
)
def test_a_body_that_cannot_be_is_refused_by_field(shared: Deployment, body: dict[str, Any], pointer: str) -> None:
    sealed = shared.sign().get_json()
    response = withdraw(shared, sealed["id"], **body)
    assert response.status_code == 422
    assert pointer in {fault["pointer"] for fault in response.get_json()["errors"]}
    assert shared.verify(seal=sealed["seal"], content=TEXT)["answer"] == "genuine"


def test_without_a_body_or_with_no_json_nothing_is_withdrawn(shared: Deployment) -> None:
    jti = shared.sign().get_json()["id"]
    headers = {"Authorization": f"Bearer {shared.keys[BANK]}"}
    assert shared.client.delete(f"/v1/messages/{jti}", headers=headers).status_code == 415
    bad = {"data": b"{", "headers": headers | {"Content-Type": "application/json"}}
    assert shared.client.delete(f"/v1/messages/{jti}", **bad).status_code == 400


def test_only_the_sender_may_withdraw(tmp_path: Path) -> None:
    made = deploy(tmp_path, operator(), operator("exempeltelco"))
    jti = made.sign().get_json()["id"]
    assert made.client.delete(f"/v1/messages/{jti}", json={"reason": "other"}).status_code == 401
    stranger = withdraw(made, jti, key=made.keys["exempeltelco"])
    assert stranger.status_code == 404
    assert stranger.get_json()["type"].endswith("/message-not-found")
    assert withdraw(made, "01JD8Z6Q2V4T7M9K3C5B1A0XYZ").status_code == 404
    auditor = made.new_key(role=Role.AUDITOR, operator_id=None)
    assert withdraw(made, jti, key=auditor).status_code == 403
    made.services.engine.dispose()


def test_an_operator_that_is_suspended_may_still_withdraw(tmp_path: Path) -> None:
    made = deploy(tmp_path)
    jti = made.sign().get_json()["id"]
    with writing(made.services.engine) as connection:
        suspended = StateChange(state=State.SUSPENDED, since=NOW + timedelta(seconds=1), reason="a test")
        change_state(connection, OperatorId(BANK), suspended)
    assert withdraw(made, jti).status_code == 200
    made.services.engine.dispose()


# --- the lists ---


def test_the_list_is_served_to_anyone_and_to_caches(shared: Deployment) -> None:
    claim = status_of(shared.sign().get_json())
    path = "/status/" + claim.uri.rpartition("/")[2]
    response = shared.client.get(path)
    assert response.content_type == "application/statuslist+jwt"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cache-Control"] == "public, max-age=60"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in response.headers
    again = shared.client.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    zipped = shared.client.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == response.data
    assert zipped.headers["ETag"] != response.headers["ETag"]
    refused = shared.client.get(path, headers={"Accept-Encoding": "gzip;q=0"})
    assert refused.data == response.data


def test_foreign_libraries_verify_the_list_with_the_published_keys(shared: Deployment) -> None:
    sealed = shared.sign().get_json()
    withdraw(shared, sealed["id"])
    claim = status_of(sealed)
    listed(shared, claim)
    token = shared.client.get("/status/" + claim.uri.rpartition("/")[2]).get_data(as_text=True)
    jwks = shared.client.get("/.well-known/jwks.json").get_json()
    key = jwt.PyJWKSet.from_dict(jwks)[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["ES256"], options={"require": ["exp", "iat", "sub"]})
    theirs = joserfc_jws.deserialize_compact(
        token, KeySet.import_key_set(jwks), registry=joserfc_jws.JWSRegistry(algorithms=["ES256"])
    )
    assert json.loads(theirs.payload) == claims
    assert jwt.get_unverified_header(token)["typ"] == "statuslist+jwt"
    packed = inflate(jwt.utils.base64url_decode(claims["status_list"]["lst"]))
    assert claims["sub"] == claim.uri
    assert (claims["ttl"], claims["exp"] - claims["iat"]) == (60, 86_400)
    assert packed[claim.idx // 8] >> claim.idx % 8 & 1 == 1


def test_the_lists_key_is_in_the_trust_file_for_its_own_kind_of_token(shared: Deployment) -> None:
    trust = parse_trust(shared.client.get("/.well-known/sigill-trust.json").data)
    kid = shared.services.keys.signer(KeyKind.STATUS, shared.services.signing.now()).kid
    assert trust.key(kid, typ="statuslist+jwt") is not None
    assert trust.key(kid, typ="ai-disclosure+sd-jwt") is None


@pytest.mark.parametrize("number", ["0", "999", "01", "-1", "x", "1.0", "١", "9" * 30])
def test_a_list_that_is_not_there_is_not_found(shared: Deployment, number: str) -> None:
    shared.sign()
    response = shared.client.get(f"/status/{number}")
    assert response.status_code == 404
    assert response.get_json()["type"].endswith("/status-list-not-found")


def test_all_lists_are_named_in_one_place(shared: Deployment) -> None:
    claim = status_of(shared.sign().get_json())
    response = shared.client.get("/status")
    assert response.get_json() == {"status_lists": [claim.uri]}
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.slow
def test_a_withdrawal_in_one_process_is_known_to_another_within_two_seconds(tmp_path: Path) -> None:
    made = deploy(tmp_path)
    sealed = made.sign().get_json()
    command = [sys.executable, "-m", "tests.api.withdrawn_elsewhere", str(tmp_path / "var"), sealed["seal"], TEXT]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "genuine\n"
        withdrawn_at = time.time()
        assert withdraw(made, sealed["id"]).status_code == 200
        answered_at = time.time()
        seen = json.loads(other.communicate(timeout=60)[0])
    made.services.engine.dispose()
    assert withdrawn_at <= seen["answer"] <= answered_at + 2
    assert withdrawn_at <= seen["list"] <= answered_at + 2
