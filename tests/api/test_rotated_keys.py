"""Keys rotated under a service that goes on: everything it gave out before and after is as good as ever."""

import json
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from jwcrypto.jwk import JWKSet  # type: ignore[import-untyped]
from jwcrypto.jws import JWS  # type: ignore[import-untyped]

from sigill.keys.jwks import parse_jwks
from sigill.report.trust import Trust, parse_trust
from sigill.seal.token import jws_hash, parse_seal
from sigill.tlog.checkpoint import verify_checkpoint
from sigill.tlog.leaf import Leaf, LeafKind, format_leaf
from sigill.tlog.note import parse_note
from sigill.tlog.proof import verify_proof
from sigill.tlog.tree import hash_leaf
from signing.keys import planning
from signing.keys.listing import TYPS, KeyKind
from signing.keys.rotation import condemn, rotate, rotate_salts
from tests.builders_deployment import TEXT, Deployment, deploy

pytestmark = pytest.mark.slow

BANK = "exempelbanken"
MESSAGE: dict[str, Any] = {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT}
HEAD_START = timedelta(seconds=1.2)  # a little more than a second: what processes look again after


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    monkeypatch.setattr(planning, "HEAD_START", HEAD_START)
    deployment = deploy(tmp_path)
    yield deployment
    deployment.services.engine.dispose()


def turn(made: Deployment, *kinds: KeyKind, overlap: timedelta = timedelta(0)) -> datetime:
    """Rotate and wait until the new keys sign; return since when they do."""
    folder = made.services.settings.var / "keys"
    keys = rotate(folder, kinds, at=datetime.now(UTC), overlap=overlap, random=os.urandom)
    begins = max(key.valid_from for key in keys)
    while datetime.now(UTC) < begins:
        time.sleep(0.02)
    made.services.keys.look()
    return begins


def post(made: Deployment, key: str, **changes: Any) -> Any:
    headers = {"Authorization": f"Bearer {made.keys[BANK]}", "Idempotency-Key": key}
    return made.client.post("/v1/messages", json=MESSAGE | changes, headers=headers)


def trust_of(made: Deployment) -> Trust:
    return parse_trust(made.client.get("/.well-known/sigill-trust.json").data)


def check_receipt(seal: str, receipt: str, trust: Trust) -> None:
    leaf = format_leaf(Leaf(LeafKind.SEAL, jws_hash(parse_seal(seal).jws.text)))
    log = trust.logs[BANK]
    verify_proof(receipt, leaf_hash=hash_leaf(leaf), origin=log.origin, keys=log.keys)


def test_every_message_sealed_while_keys_are_rotated_is_genuine(made: Deployment) -> None:
    answers: list[Any] = []
    faults: list[object] = []
    stop = threading.Event()

    def seal() -> None:
        while not stop.is_set():
            answer = made.sign()
            (answers if answer.status_code == 201 else faults).append(answer.get_json())

    threads = [threading.Thread(target=seal) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        turn(made, *KeyKind)
        rotate_salts(made.services.settings.var / "keys", at=datetime.now(UTC), random=os.urandom)
        turn(made, KeyKind.SEAL, KeyKind.LOG)
        stop.wait(1.5)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert faults == []
    trust = trust_of(made)
    kids = set()
    for answer in answers:
        parsed = parse_seal(answer["seal"])
        kids.add(parsed.jws.kid)
        key = trust.key(parsed.jws.kid, typ=TYPS[KeyKind.SEAL])
        assert key is not None
        assert key.valid_from <= parsed.claims.iat < key.valid_until
        check_receipt(answer["seal"], answer["receipt"], trust)
    assert len(kids) == 3
    for answer in (answers[0], answers[len(answers) // 2], answers[-1]):
        assert made.verify(seal=answer["seal"], content=TEXT)["answer"] == "genuine"
        bare = answer["seal"].split("~")[0] + "~"  # opened by the salt key that it was made with
        assert made.verify(seal=bare, content=TEXT)["answer"] == "genuine"


def test_foreign_libraries_read_the_key_list_with_several_generations(made: Deployment) -> None:
    tokens = [made.sign().get_json()["seal"].split("~")[0]]
    for _ in range(2):
        turn(made, KeyKind.SEAL)
        tokens.append(made.sign().get_json()["seal"].split("~")[0])
    condemn(
        made.services.settings.var / "keys",
        KeyKind.SEAL,
        1,
        since=datetime.now(UTC),
        at=datetime.now(UTC),
        random=os.urandom,
    )
    made.services.keys.look()
    jwks = made.client.get("/.well-known/jwks.json").get_json()
    assert len(parse_jwks(jwks)) == len(TYPS) + 2
    issuer = made.services.identity.issuer
    kids = [jwt.get_unverified_header(token)["kid"] for token in tokens]
    assert len(set(kids)) == 3
    for token, kid in zip(tokens, kids, strict=True):
        key = jwt.PyJWKSet.from_dict(jwks)[kid]
        claims = jwt.decode(token, key, algorithms=["ES256"], issuer=issuer, audience=f"{issuer}/verify")
        read = jws.deserialize_compact(token, KeySet.import_key_set(jwks), algorithms=["ES256"])
        assert json.loads(read.payload) == claims
        found = JWS()
        found.deserialize(token)
        found.verify(JWKSet.from_json(json.dumps(jwks)), alg="ES256")


def test_while_a_log_s_key_takes_over_a_checkpoint_is_believed_by_who_knows_either(made: Deployment) -> None:
    before = trust_of(made).logs[BANK]
    given = made.sign().get_json()
    turn(made, KeyKind.LOG, overlap=timedelta(seconds=3))
    made.services.log.renew_checkpoints()
    taken_over = trust_of(made).logs[BANK]
    assert (taken_over.former, len(taken_over.keys)) == ((before.vkey,), 2)
    for note in (made.services.log.checkpoint(BANK), made.sign().get_json()["receipt"].split("\n\n", 1)[1]):
        assert note is not None
        for keys in (before.keys, taken_over.keys[:1], taken_over.keys):
            assert verify_checkpoint(note, origin=before.origin, keys=keys).origin == before.origin
    time.sleep(3.2)
    assert made.services.log.renew_checkpoints() == 1
    assert made.services.log.renew_checkpoints() == 0
    alone = made.services.log.checkpoint(BANK)
    assert alone is not None
    assert len(parse_note(alone).signatures) == 1
    verify_checkpoint(alone, origin=before.origin, keys=taken_over.keys[:1])
    check_receipt(given["seal"], given["receipt"], trust_of(made))


def test_a_retry_across_a_rotation_of_everything_gets_its_answer_byte_for_byte(made: Deployment) -> None:
    recipient = "anna@example.com"
    first = post(made, "1", recipient=recipient)
    assert first.status_code == 201
    turn(made, *KeyKind, overlap=timedelta(0))
    rotate_salts(made.services.settings.var / "keys", at=datetime.now(UTC), random=os.urandom)
    time.sleep(1.1)
    between = post(made, "2", recipient=recipient)
    turn(made, KeyKind.LOG, KeyKind.SEAL)
    for key, answer in (("1", first), ("2", between)):
        again = post(made, key, recipient=recipient)
        assert (again.status_code, again.data) == (answer.status_code, answer.data)
        assert again.headers["Idempotency-Replayed"] == "true"
        other = post(made, key, text="Något annat")
        assert other.get_json()["type"].endswith("/idempotency-key-reused")
        body = answer.get_json()
        check_receipt(body["seal"], body["receipt"], trust_of(made))
        bare = body["seal"].split("~")[0] + "~"
        for address, wanted in (("anna@example.com", "genuine"), ("eva@example.com", "not_genuine")):
            assert made.verify(seal=bare, content=TEXT, recipient=address)["answer"] == wanted


def test_a_withdrawal_made_again_after_a_rotation_has_the_receipt_of_then(made: Deployment) -> None:
    sealed = made.sign().get_json()
    headers = {"Authorization": f"Bearer {made.keys[BANK]}"}
    path, body = f"/v1/messages/{sealed['id']}", {"reason": "wrong_content"}
    first = made.client.delete(path, json=body, headers=headers)
    assert first.status_code == 200
    turn(made, KeyKind.LOG, KeyKind.STATUS)
    again = made.client.delete(path, json=body, headers=headers)
    assert again.get_json()["receipt"] == first.get_json()["receipt"]
    assert made.verify(seal=sealed["seal"], content=TEXT)["reason"] == "withdrawn"
