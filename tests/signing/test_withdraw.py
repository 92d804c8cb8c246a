"""Withdrawing: a leaf and a bit, both or neither; once, whoever asks how often and at the same time."""

import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from settings import read_settings
from sigill.seal.claims import status_number_of
from sigill.seal.token import parse_seal
from sigill.status.token import parse_status_list
from sigill.tlog.leaf import Leaf, LeafKind, format_leaf
from sigill.tlog.note import parse_vkey
from sigill.tlog.proof import verify_proof
from sigill.tlog.tree import hash_leaf
from sigill.vocabulary import WithdrawalReason
from signing import withdraw as module
from signing.errors import MessageNotFound, RequestInvalid
from signing.withdraw import MAX_NOTE, Withdrawn, withdraw
from storage.engine import reading
from tests.builders_deployment import Deployment, deploy, operator
from tests.builders_log_over_http import check_whole_log
from transparency.append import Append, Token
from transparency.errors import GuardFailed, LogUnknown
from transparency.tables import tokens, withdrawals
from transparency.withdrawals import find_withdrawal
from wiring import build_services

BANK = "exempelbanken"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Deployment]:
    made = deploy(tmp_path, operator(), operator("exempeltelco"))
    yield made
    made.services.engine.dispose()


def sealed(made: Deployment) -> Any:
    response = made.sign()
    assert response.status_code == 201
    return response.get_json()


def withdraw_it(made: Deployment, jti: str, **changes: Any) -> Withdrawn:
    asked: dict[str, Any] = {"operator_id": BANK, "reason": WithdrawalReason.WRONG_CONTENT} | changes
    return withdraw(jti, world=made.services.signing, **asked)


def record_of(made: Deployment, done: Withdrawn) -> dict[str, Any]:
    log = made.services.log
    body, leaf = log.record(BANK, done.index), log.leaf(BANK, done.index)
    assert body is not None
    assert isinstance(leaf, Leaf)
    assert leaf == Leaf(LeafKind.REVOKE, hashlib.sha256(body).digest())
    value: dict[str, Any] = json.loads(body)
    return value


def test_a_withdrawal_is_a_leaf_whose_record_says_what_and_why(made: Deployment) -> None:
    seal = sealed(made)
    done = withdraw_it(made, seal["id"], note="sent with last year's rates")
    record = record_of(made, done)
    salt = record.pop("salt")
    assert len(salt) == 22
    assert record == {
        "v": 1,
        "t": "revoke",
        "id": seal["id"],
        "reason": "wrong_content",
        "at": int(done.at.timestamp()),
        "note": "sent with last year's rates",
    }
    check_whole_log(made, BANK)


def test_the_receipt_proves_the_leaf(made: Deployment) -> None:
    done = withdraw_it(made, sealed(made)["id"])
    log = made.services.trust().logs[BANK]
    leaf = made.services.log.leaf(BANK, done.index)
    proven = hash_leaf(format_leaf(leaf))
    verify_proof(done.receipt, leaf_hash=proven, origin=done.origin, keys=[parse_vkey(log.vkey)])


def test_two_withdrawals_have_two_salts(made: Deployment) -> None:
    salts = {record_of(made, withdraw_it(made, sealed(made)["id"]))["salt"] for _ in range(2)}
    assert len(salts) == 2


def test_the_bit_is_the_one_the_seal_names(made: Deployment) -> None:
    seal = sealed(made)
    claim = parse_seal(seal["seal"]).claims.status
    assert claim is not None
    with reading(made.services.engine) as connection:
        place = connection.execute(select(tokens.c.status_list, tokens.c.status_idx)).one()
    assert tuple(place) == (status_number_of(claim), claim.idx)
    withdraw_it(made, seal["id"])
    published = made.services.status_lists.current(status_number_of(claim))
    assert published is not None
    listed = parse_status_list(published.token.decode()).list
    assert (listed.uri, listed.status(claim.idx), listed.status(claim.idx ^ 1)) == (claim.uri, 1, 0)


def test_every_seal_has_a_place_of_its_own(made: Deployment) -> None:
    places = [parse_seal(sealed(made)["seal"]).claims.status for _ in range(20)]
    assert len({(claim.uri, claim.idx) for claim in places if claim is not None}) == 20


def test_a_second_withdrawal_gets_the_first_ones_answer(made: Deployment) -> None:
    seal = sealed(made)
    first = withdraw_it(made, seal["id"])
    sealed(made)
    again = withdraw_it(made, seal["id"], reason=WithdrawalReason.OTHER, note="changed my mind")
    assert again == first
    head = made.services.log.head(BANK)
    assert head is not None
    assert head.size == 3


def test_many_at_once_in_two_processes_make_one_withdrawal(made: Deployment, tmp_path: Path) -> None:
    jti = sealed(made)["id"]
    other = build_services(read_settings({"VAR": str(tmp_path / "var")}))
    worlds = [made.services.signing, other.signing] * 4
    answers: list[Withdrawn] = []
    ready = threading.Barrier(len(worlds))

    def one(world: Any) -> None:
        ready.wait()
        answers.append(withdraw(jti, operator_id=BANK, reason=WithdrawalReason.FRAUD, world=world))

    threads = [threading.Thread(target=one, args=(world,)) for world in worlds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.engine.dispose()
    assert len(answers) == len(worlds)
    assert len({(answer.index, answer.receipt) for answer in answers}) == 1
    head = made.services.log.head(BANK)
    assert head is not None
    assert head.size == 2


def test_who_loses_the_race_after_looking_gets_the_winners_answer(
    made: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    jti = sealed(made)["id"]
    first = withdraw_it(made, jti)
    looked: list[str] = []

    def blind_at_first(engine: Any, asked: str) -> Any:
        looked.append(asked)
        return None if len(looked) == 1 else find_withdrawal(engine, asked)

    monkeypatch.setattr(module, "find_withdrawal", blind_at_first)
    assert withdraw_it(made, jti) == first
    assert looked == [jti, jti]


def test_a_race_lost_to_nobody_is_an_error(made: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    jti = sealed(made)["id"]
    withdraw_it(made, jti)
    monkeypatch.setattr(module, "find_withdrawal", lambda *_: None)
    with pytest.raises(GuardFailed):
        withdraw_it(made, jti)


def test_a_withdrawal_whose_log_is_gone_is_an_error(made: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    jti = sealed(made)["id"]
    withdraw_it(made, jti)
    lost = find_withdrawal(made.services.engine, jti)
    assert lost is not None
    monkeypatch.setattr(module, "find_withdrawal", lambda *_: replace(lost, log_id="nowhere"))
    with pytest.raises(LogUnknown):
        withdraw_it(made, jti)


@pytest.mark.parametrize("by", [BANK, "exempeltelco"])
def test_only_ones_own_messages_can_be_withdrawn(made: Deployment, by: str) -> None:
    jti = "01JD8Z6Q2V4T7M9K3C5B1A0XYZ" if by == BANK else sealed(made)["id"]
    with pytest.raises(MessageNotFound):
        withdraw_it(made, jti, operator_id=by)
    with reading(made.services.engine) as connection:
        assert connection.execute(select(withdrawals)).all() == []


@pytest.mark.parametrize("note", ["", "x" * (MAX_NOTE + 1), "two\nlines", "\u202ereversed", "bell\x07"])
def test_a_note_is_one_printable_line(made: Deployment, note: str) -> None:
    with pytest.raises(RequestInvalid, match="a note is one line"):
        withdraw_it(made, sealed(made)["id"], note=note)


def test_a_seal_from_before_status_lists_can_be_withdrawn_too(made: Deployment) -> None:
    world = made.services.signing
    old = replace(world, draw_status=lambda: None)
    jws = "eyJ.old.one"
    made.services.log.append(
        Append(BANK, Leaf(LeafKind.SEAL, secrets.token_bytes(32)), Token("OLD-1", BANK, "OLDCODE", jws, old.now()))
    )
    done = withdraw_it(made, "OLD-1")
    kept = find_withdrawal(made.services.engine, "OLD-1")
    assert kept is not None
    assert (kept.index, kept.reason, kept.at) == (done.index, "wrong_content", done.at)


def test_the_time_is_that_of_the_withdrawal_in_whole_seconds(made: Deployment) -> None:
    jti = sealed(made)["id"]
    later = made.services.signing.now() + timedelta(days=2, microseconds=5)
    world = replace(made.services.signing, now=lambda: later)
    done = withdraw(jti, operator_id=BANK, reason=WithdrawalReason.REPLACED, world=world)
    assert done.at == later.replace(microsecond=0)
