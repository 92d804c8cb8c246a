"""Legal holds: logged when placed and released, and while in force nothing they cover goes."""

import hashlib
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from privacy.errors import HoldNotFound, LegallyHeld, RecordNotFound, RequesterInvalid
from privacy.holds import Hold, list_holds, place_hold, release_hold
from privacy.tables import holds
from registry.errors import OperatorNotFound
from sigill.tlog.erasure import Ground
from sigill.tlog.leaf import Leaf, LeafKind
from storage.engine import reading
from tests.builders_deployment import NOW, Deployment
from tests.builders_log_over_http import check_whole_log
from tests.builders_privacy import BANK, TELCO, erase_it, later, rows
from transparency.row_check import check_whole_log as check_rows
from transparency.tables import tombstones


def place(made: Deployment, **changes: Any) -> Hold:
    asked: dict[str, Any] = {"reason": "inquiry of the authority", "requester": "T 1234-26"} | changes
    operator_id = asked.pop("operator_id", BANK)
    return place_hold(operator_id, world=later(made, 0), **asked)


def record_of(made: Deployment, index: int) -> dict[str, Any]:
    body, leaf = made.services.log.record(BANK, index), made.services.log.leaf(BANK, index)
    assert body is not None
    assert leaf == Leaf(LeafKind.REGISTRY, hashlib.sha256(body).digest())
    value: dict[str, Any] = json.loads(body)
    assert len(value.pop("salt")) == 22
    return value


def test_placing_and_releasing_are_leaves_whose_records_say_who_and_why(made: Deployment) -> None:
    seal = made.sign().get_json()
    hold = place(made, message_id=seal["id"])
    said = {
        "v": 1,
        "t": "registry",
        "act": "hold_placed",
        "at": int(NOW.timestamp()),
        "hold": hold.id,
        "index": seal["log"]["index"],
        "operator": BANK,
        "reason": "inquiry of the authority",
        "requester": "T 1234-26",
    }
    assert record_of(made, hold.placed_by) == said
    released = release_hold(hold.id, reason="closed", requester="T 1234-26", world=later(made, 0))
    assert (released.released_at, released.placed_by) == (NOW, hold.placed_by)
    assert released.released_by is not None
    assert record_of(made, released.released_by) == said | {"act": "hold_released", "reason": "closed"}
    check_whole_log(made, BANK)
    assert list(check_rows(made.services.engine, BANK)) == []


def test_what_is_held_is_not_erased_whoever_asks(made: Deployment) -> None:
    held, free = made.sign().get_json(), made.sign().get_json()
    hold = place(made, message_id=held["id"])
    for ground in (Ground.DATA_SUBJECT_REQUEST, Ground.AUTHORITY_ORDER):
        with pytest.raises(LegallyHeld, match=hold.id):
            erase_it(made, held["id"], ground=ground)
    erase_it(made, free["id"])
    release_hold(hold.id, reason="closed", requester="T 1234-26", world=later(made, 0))
    erase_it(made, held["id"])
    assert len(rows(made, tombstones)) == 2


def test_a_hold_on_an_operator_keeps_everything_of_it_and_nothing_else(made: Deployment) -> None:
    seal, other = made.sign().get_json(), made.sign(by=TELCO).get_json()
    hold = place(made)
    assert hold.index is None
    with pytest.raises(LegallyHeld):
        erase_it(made, seal["id"])
    erase_it(made, other["id"], operator_id=TELCO)


def test_the_record_of_a_hold_names_the_leaf_and_not_the_message(made: Deployment) -> None:
    seal = made.sign().get_json()
    place(made, message_id=seal["id"])
    (row,) = rows(made, holds)
    assert seal["id"] not in str(row)


def test_holds_are_listed_as_they_were_placed_those_released_too(made: Deployment) -> None:
    first, second = place(made), place(made, operator_id=TELCO)
    release_hold(first.id, reason="closed", requester="case 7", world=later(made, 0))
    with reading(made.services.engine) as connection:
        everyone, bank = list_holds(connection), list_holds(connection, operator_id=BANK)
    assert {hold.id for hold in everyone} == {first.id, second.id}
    assert [(hold.id, hold.released_at) for hold in bank] == [(first.id, NOW)]


def test_a_hold_is_released_once(made: Deployment) -> None:
    hold = place(made)
    release_hold(hold.id, reason="closed", requester="case 7", world=later(made, 0))
    for hold_id in (hold.id, "nothing"):
        with pytest.raises(HoldNotFound):
            release_hold(hold_id, reason="closed", requester="case 7", world=later(made, 0))
    head = made.services.log.head(BANK)
    assert head is not None
    assert head.size == 2


def test_of_two_who_release_at_once_one_is_told_it_is_done(made: Deployment) -> None:
    hold = place(made)
    world = later(made, 0)

    def and_another() -> datetime:
        release_hold(hold.id, reason="closed", requester="case 7", world=world)
        return NOW

    with pytest.raises(HoldNotFound, match="meanwhile"):
        release_hold(hold.id, reason="closed", requester="case 8", world=replace(world, now=and_another))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"operator_id": "nobody"}, OperatorNotFound),
        ({"message_id": "01JD8Z6Q2V4T7M9K3C5B1A0XYZ"}, RecordNotFound),
        ({"reason": ""}, RequesterInvalid),
        ({"reason": "x" * 201}, RequesterInvalid),
        ({"reason": "about anna@example.com"}, RequesterInvalid),
        ({"requester": "two\nlines"}, RequesterInvalid),
    ],
)
def test_a_hold_that_cannot_be_is_refused_and_not_logged(
    made: Deployment, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        place(made, **changes)
    assert rows(made, holds) == []


def test_a_refusal_can_be_held(made: Deployment) -> None:
    refused = made.sign(authorship="ai", enquiry="credit_decision").get_json()
    hold = place(made, message_id=refused["decision_id"])
    assert hold.index == refused["log"]["index"]
    with pytest.raises(LegallyHeld):
        erase_it(made, refused["decision_id"])
