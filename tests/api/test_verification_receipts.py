"""The signed receipt of a verification, read by foreign libraries; and that nothing of the content is kept."""

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import jwt
import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

import wiring
from registry.model import Environment
from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.seal.token import jws_hash
from storage.engine import reading
from storage.metadata import metadata
from tests.builders_deployment import TEXT, Deployment, deploy, operator

SECRET = "Kontonummer 7731-4242 hos Annika Hemlig"
NUMBER = "+46701740605"


def read(made: Deployment, receipt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims, verified by PyJWT with the key that the JWKS gives for the kid."""
    header = jwt.get_unverified_header(receipt)
    keys = jwt.PyJWKSet.from_dict(made.client.get("/.well-known/jwks.json").get_json())
    claims: dict[str, Any] = jwt.decode(
        receipt, keys[header["kid"]].key, algorithms=["ES256"], issuer=made.services.identity.issuer
    )
    return header, claims


def test_a_receipt_is_read_by_pyjwt_and_says_what_was_asked_and_answered(shared: Deployment) -> None:
    sealed = shared.sign().get_json()
    answer = shared.verify(code=sealed["code"], content=TEXT)
    header, claims = read(shared, answer["receipt"])
    assert header["typ"] == "ai-verification-report+jwt"
    assert (claims["answer"], claims["reason"]) == ("genuine", "genuine")
    assert claims["seal"] == format_base64url(jws_hash(sealed["seal"].split("~")[0]))
    unchecked = [check["check"] for check in answer["checks"] if check["outcome"] == "not_checked"]
    assert claims["unchecked"] == unchecked
    assert "witnessed" in unchecked
    salted = parse_base64url(claims["content"]["salt"]) + TEXT.encode()
    assert claims["content"]["h"] == format_base64url(hashlib.sha256(salted).digest())
    assert "not a detector" in claims["technique"]


def test_the_receipt_of_a_test_seal_says_so_whatever_was_found(tmp_path: Path) -> None:
    made = deploy(tmp_path, operator(environment=Environment.TEST))
    sealed = made.sign().get_json()
    for content in (TEXT, "Other words"):
        _, claims = read(made, made.verify(code=sealed["code"], content=content)["receipt"])
        assert claims["env"] == "test"
    _, claims = read(made, made.verify(text="Hej")["receipt"])
    assert "env" not in claims


def test_a_receipt_is_read_by_joserfc(shared: Deployment) -> None:
    receipt = shared.verify(text="Hej")["receipt"]
    keys = KeySet.import_key_set(shared.client.get("/.well-known/jwks.json").get_json())
    found = jws.deserialize_compact(receipt, keys, algorithms=["ES256"])
    assert json.loads(found.payload)["answer"] == "cannot_say"


def test_the_receipts_key_is_bound_to_receipts_and_the_seals_to_seals(shared: Deployment) -> None:
    published = shared.client.get("/.well-known/jwks.json").get_json()["keys"]
    kid = jwt.get_unverified_header(shared.verify(text="Hej")["receipt"])["kid"]
    bound = {key["typ"]: key["kid"] for key in published}
    assert bound["ai-verification-report+jwt"] == kid
    assert bound["ai-disclosure+sd-jwt"] == shared.services.keys.seal_signer(shared.services.signing.now()).kid != kid


def test_a_receipt_is_no_seal(shared: Deployment) -> None:
    receipt = shared.verify(text="Hej")["receipt"]
    assert shared.client.post("/v1/verifications", json={"seal": receipt + "~"}).status_code == 422


def test_two_receipts_of_one_content_have_nothing_in_common_to_compare(shared: Deployment) -> None:
    first, second = (read(shared, shared.verify(text=SECRET)["receipt"])[1]["content"] for _ in range(2))
    assert first["salt"] != second["salt"]
    assert first["h"] != second["h"]


def test_a_receipt_on_a_forgery_says_not_genuine_and_which_seal(shared: Deployment) -> None:
    from tests.builders_forgery import sign_again

    forged = sign_again(shared.sign().get_json()["seal"])
    _, claims = read(shared, shared.verify(seal=forged, content=TEXT)["receipt"])
    assert claims["answer"] == "not_genuine"
    assert claims["seal"] == format_base64url(jws_hash(forged.split("~")[0]))
    assert "content" in claims["unchecked"]


def test_without_content_a_receipt_has_no_hash_of_it(shared: Deployment) -> None:
    code = shared.sign().get_json()["code"]
    assert "content" not in read(shared, shared.verify(code=code)["receipt"])[1]


def _rows(made: Deployment) -> dict[str, int]:
    with reading(made.services.engine) as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


def test_a_verification_leaves_no_trace(deployment: Deployment, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sealed = deployment.sign(text=SECRET, recipient=NUMBER).get_json()
    before = _rows(deployment)
    for content in (SECRET, SECRET + "!", "\u200b" + SECRET):
        deployment.verify(code=sealed["code"], content=content, recipient=NUMBER)
        deployment.verify(text=content)
    assert _rows(deployment) == before
    deployment.services.engine.dispose()
    stored = b"".join(path.read_bytes() for path in deployment.services.settings.var.rglob("*") if path.is_file())
    for kept in ("Hemlig", "7731-4242", NUMBER.removeprefix("+"), sealed["seal"].split("~")[1]):
        assert kept.encode() not in stored
        assert kept not in caplog.text


def test_a_broken_constraint_is_our_mistake_and_trying_again_is_not_promised_to_help(
    shared: Deployment, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(asked: Any, **_world: Any) -> None:
        raise IntegrityError("INSERT …", {"text": asked.brought.text}, ValueError(asked.brought.text))

    monkeypatch.setattr(wiring, "verify", fail)
    response = shared.client.post("/v1/verifications", json={"text": SECRET})
    assert response.status_code == 500
    assert "IntegrityError" in caplog.text
    assert SECRET not in caplog.text + response.get_data(as_text=True)


def test_what_nobody_foresaw_is_logged_without_what_the_client_sent(
    shared: Deployment, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(asked: Any, **_world: Any) -> None:
        try:
            _ = {}[asked.brought.text]
        except KeyError as error:
            raise RuntimeError(f"cannot handle {asked.brought.text}") from error

    monkeypatch.setattr(wiring, "verify", fail)
    response = shared.client.post("/v1/verifications", json={"text": SECRET})
    assert response.status_code == 500
    assert response.get_json()["type"].endswith("/problems/internal-error")
    assert SECRET not in response.get_data(as_text=True)
    assert "RuntimeError" in caplog.text
    assert "KeyError" in caplog.text
    assert "in fail" in caplog.text
    assert SECRET not in caplog.text
