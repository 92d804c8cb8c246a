"""Expiry: by itself, so much at a time, each leaf looked at once; longer where a decision or a hold says so."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from conversations.tables import conversations
from policies.tables import decisions
from privacy import expiry as module
from privacy.candidates import load_stretch
from privacy.erase import erase_together
from privacy.errors import LegallyHeld
from privacy.expiry import REQUESTER, expire
from privacy.holds import load_held, place_hold, release_hold
from privacy.tables import expiries, expiry_cursors
from sigill.tlog.erasure import Ground, parse_erasure
from sigill.vocabulary import WithdrawalReason
from signing.withdraw import withdraw
from storage.engine import writing
from storage.times import from_ms
from tests.builders_deployment import NOW, TEXT, Deployment
from tests.builders_log_over_http import check_whole_log
from tests.builders_privacy import BANK, REFUSED, TELCO, erase_it, later, rows
from transparency.errors import LogCorrupt, StoreUnavailable
from transparency.log import TransparencyLog
from transparency.row_check import check_whole_log as check_rows
from transparency.tables import records, tokens, tombstones, withdrawals

USUAL = 1096  # a bank keeps 1,095 days
BY_LAW: dict[str, Any] = {"enquiry": "advice", "authorship": "human", "customer": {"jurisdiction": "SE"}}  # 1,825 days


def erasures(made: Deployment) -> list[Any]:
    return [parse_erasure(row["body"]) for row in rows(made, records) if row["kind"] == "erase"]


def test_nothing_expires_before_its_time(made: Deployment) -> None:
    made.sign()
    assert expire(later(made, 1094)) == 0
    assert (rows(made, tombstones), rows(made, expiry_cursors)) == ([], [])
    assert expire(later(made, USUAL)) == 1


def test_what_expires_together_shares_a_leaf_of_its_kind(made: Deployment) -> None:
    first = made.sign(conversation="chat-1").get_json()
    made.sign(conversation="chat-1")
    made.sign(**REFUSED)
    key = {"Authorization": f"Bearer {made.keys[BANK]}"}
    address = f"/v1/conversations/{first['conversation']['id']}/events"
    assert made.client.post(address, json={"kind": "human_joined"}, headers=key).status_code == 201
    withdraw(first["id"], operator_id=BANK, reason=WithdrawalReason.OTHER, world=made.services.signing)
    assert expire(later(made, USUAL)) == 4
    said = erasures(made)
    assert [(each.kind, each.indexes) for each in said] == [
        ("deny", (2,)),
        ("event", (3,)),
        ("revoke", (4,)),
        ("seal", (0, 1)),
    ]
    assert {(each.ground, each.requester) for each in said} == {(Ground.RETENTION_EXPIRED, REQUESTER)}
    for table in (tokens, decisions, conversations):
        assert rows(made, table) == []
    assert len(rows(made, withdrawals)) == 1
    assert list(check_rows(made.services.engine, BANK)) == []
    check_whole_log(made, BANK)


def test_a_message_whose_decision_asks_for_longer_is_kept_so_long(made: Deployment) -> None:
    made.sign(**BY_LAW)
    made.sign()
    assert expire(later(made, USUAL)) == 1
    (kept,) = rows(made, expiries)
    sealed_at = from_ms(rows(made, tokens)[0]["created_at_ms"])
    assert (kept["idx"], from_ms(kept["due_ms"])) == (0, sealed_at + timedelta(days=1825))
    assert expire(later(made, 1824)) == 0
    assert expire(later(made, 1826)) == 1
    assert (rows(made, expiries), rows(made, tokens)) == ([], [])


def test_a_leaf_is_looked_at_once(made: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        made.sign(**BY_LAW)
    looked: list[int] = []
    load = load_stretch

    def counting(*arguments: Any, **named: Any) -> Any:
        found = load(*arguments, **named)
        looked.extend(candidate.grave.index for candidate in found.candidates)
        return found

    monkeypatch.setattr(module, "load_stretch", counting)
    for days in (USUAL, USUAL + 1, 1826):
        expire(later(made, days))
    assert looked == [0, 1, 2]
    assert rows(made, tokens) == []


def test_each_operator_s_own_industry_counts(made: Deployment) -> None:
    made.sign()
    made.sign(by=TELCO)
    assert {row["log_id"] for row in rows(made, tokens)} == {BANK, TELCO}
    telecom = replace(
        made.services.privacy.retention.industries["bank"],  # type: ignore[index]
        usual=replace(made.services.privacy.retention.industries["bank"].usual, days=1500),  # type: ignore[index]
    )
    world = later(made, USUAL)
    longer = replace(world, retention=replace(world.retention, industries={"bank": telecom}))  # type: ignore[dict-item]
    assert expire(longer) == 0
    assert expire(world) == 2


def test_a_cycle_does_a_bounded_part_and_the_next_goes_on(made: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 3)
    for _ in range(8):
        made.sign()
    world = later(made, USUAL)
    assert [expire(world, limit=3) for _ in range(4)] == [3, 3, 2, 0]
    assert [each.indexes for each in erasures(made)] == [(0, 1, 2), (3, 4, 5), (6, 7)]
    assert rows(made, expiry_cursors) == [{"log_id": BANK, "next_idx": 11}]
    assert list(check_rows(made.services.engine, BANK)) == []


def test_what_was_erased_on_request_meanwhile_is_passed_over(made: Deployment) -> None:
    gone, kept = made.sign(**BY_LAW).get_json(), made.sign(**BY_LAW).get_json()
    expire(later(made, USUAL))
    erase_it(made, gone["id"], ground=Ground.AUTHORITY_ORDER)
    assert expire(later(made, 1826)) == 1
    assert {row["idx"] for row in rows(made, tombstones)} == {gone["log"]["index"], kept["log"]["index"]}
    assert rows(made, expiries) == []


def test_a_crash_between_erasing_and_noting_it_is_made_good(made: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        made.sign()

    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    save = module._save
    monkeypatch.setattr(module, "_save", crash)
    with pytest.raises(KeyboardInterrupt):
        expire(later(made, USUAL))
    assert rows(made, tokens) == []
    monkeypatch.setattr(module, "_save", save)
    made.sign()
    assert expire(later(made, USUAL)) == 1
    assert len(erasures(made)) == 2
    assert list(check_rows(made.services.engine, BANK)) == []


def test_a_held_operator_keeps_everything_until_it_is_released(made: Deployment) -> None:
    made.sign()
    hold = place_hold(BANK, reason="inquiry", requester="T 1234-26", world=made.services.privacy)
    assert expire(later(made, USUAL)) == 0
    release_hold(hold.id, reason="inquiry closed", requester="T 1234-26", world=made.services.privacy)
    assert expire(later(made, USUAL)) == 1


def test_a_held_message_is_kept_alone_and_goes_a_day_after_its_release(made: Deployment) -> None:
    held, other = made.sign().get_json(), made.sign().get_json()
    hold = place_hold(BANK, message_id=held["id"], reason="inquiry", requester="case 7", world=made.services.privacy)
    assert expire(later(made, USUAL)) == 1
    assert made.verify(code=held["code"], content=TEXT)["answer"] == "genuine"
    assert made.verify(code=other["code"], content=TEXT)["reason"] == "code_unknown"
    assert expire(later(made, USUAL + 1.1)) == 0
    release_hold(hold.id, reason="closed", requester="case 7", world=made.services.privacy)
    assert expire(later(made, USUAL + 1.1)) == 0
    assert expire(later(made, USUAL + 2.2)) == 1


def test_a_hold_placed_while_it_was_planned_stops_it(made: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    made.sign()
    load = load_held

    def and_then_hold(*arguments: Any) -> Any:
        found = load(*arguments)
        if not found.everything:
            place_hold(BANK, reason="inquiry", requester="case 7", world=made.services.privacy)
        return found

    monkeypatch.setattr(module, "load_held", and_then_hold)
    assert expire(later(made, USUAL)) == 0
    assert len(rows(made, tokens)) == 1


@pytest.mark.parametrize("error", [LogCorrupt("x"), LegallyHeld("x")])
def test_one_operator_s_trouble_is_told_and_hinders_no_other(
    made: Deployment, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    made.sign()
    made.sign(by=TELCO)
    together = erase_together

    def failing(candidates: Any, asked: Any, **named: Any) -> Any:
        if asked.log_id == BANK:
            raise error
        return together(candidates, asked, **named)

    monkeypatch.setattr(module, "erase_together", failing)
    with caplog.at_level(logging.WARNING, logger="sigill.privacy"):
        assert expire(later(made, USUAL)) == 1
    assert caplog.messages == [f"nothing of {BANK} expired, it is tried again: x"]


def test_a_database_that_does_not_answer_is_told_as_that(made: Deployment) -> None:
    made.sign()
    with writing(made.services.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE expiries RENAME TO hidden")
    with pytest.raises(StoreUnavailable):
        expire(later(made, USUAL))


def test_a_log_that_does_not_answer_stops_the_cycle(made: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    made.sign()

    def away(*_: Any) -> None:
        raise StoreUnavailable("x")

    monkeypatch.setattr(TransparencyLog, "append", away)
    with pytest.raises(StoreUnavailable):
        expire(later(made, USUAL))


def test_a_damaged_row_expires_too(made: Deployment) -> None:
    made.sign()
    made.sign(**REFUSED)
    with writing(made.services.engine) as connection:
        connection.execute(tokens.update().values(jws="damaged"))
        connection.execute(records.update().values(body=b"damaged"))
        connection.execute(delete(decisions))
        assert connection.execute(select(tokens.c.jws)).scalar_one() == "damaged"
    assert expire(later(made, USUAL)) == 2
    assert datetime.fromtimestamp(erasures(made)[-1].at, tz=NOW.tzinfo) == NOW + timedelta(days=USUAL)
