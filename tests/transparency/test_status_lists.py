"""The published lists: fresh within a second, the same bytes while nothing changes, signed with their own key."""

import gzip
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from sigill.keys.p256 import check_signature
from sigill.status.token import ParsedStatusList, parse_status_list
from storage.engine import writing
from storage.times import to_ms
from tests.builders_seal import ISSUER, MemorySigner
from transparency.errors import StoreUnavailable
from transparency.status_lists import (
    LIFETIME,
    LOOKED_AT_EVERY,
    SIGNED_EVERY,
    TTL_S,
    PublishedList,
    StatusLists,
)
from transparency.statuses import StatusIndices, StatusPlace
from transparency.tables import status_lists, withdrawals
from transparency.withdrawals import find_withdrawal

_SIGNER = MemorySigner(90)
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at

    def forward(self, by: timedelta) -> None:
        self.at += by


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lists(engine: Engine, clock: Clock) -> StatusLists:
    return StatusLists(engine, issuer=ISSUER, signer=lambda _at: _SIGNER, now=clock)


def withdraw_at(engine: Engine, place: StatusPlace | None, jti: str) -> None:
    row: dict[str, Any] = {
        "jti": jti,
        "operator_id": "bank",
        "status_list": None if place is None else place.list_number,
        "status_idx": None if place is None else place.idx,
        "reason": "other",
        "at_ms": to_ms(AT),
        "log_id": "bank",
        "idx": 0,
    }
    with writing(engine) as connection:
        connection.execute(insert(withdrawals), row)


def place_in(engine: Engine) -> StatusPlace:
    return StatusIndices(engine, now=lambda: AT, lease_size=32, list_size=128).draw()


def current(lists: StatusLists, number: int = 1) -> tuple[PublishedList, ParsedStatusList]:
    published = lists.current(number)
    assert published is not None
    return published, parse_status_list(published.token.decode("ascii"))


def test_a_list_has_its_name_times_and_signature(engine: Engine, lists: StatusLists) -> None:
    place_in(engine)
    published, parsed = current(lists)
    values = parsed.list
    assert (values.uri, values.iat, values.exp) == (f"{ISSUER}/status/1", AT, AT + LIFETIME)
    assert (values.ttl_s, values.bits, len(values.packed)) == (TTL_S, 1, 16)
    assert parsed.kid == _SIGNER.kid
    public_key = _SIGNER.private_key.public_key()
    check_signature(public_key, signature=parsed.signature, message=parsed.signing_input)
    assert gzip.decompress(published.gzipped) == published.token


def test_a_withdrawal_is_in_the_list_within_a_second(engine: Engine, lists: StatusLists, clock: Clock) -> None:
    place = place_in(engine)
    assert current(lists)[1].list.status(place.idx) == 0
    withdraw_at(engine, place, "jti-1")
    withdraw_at(engine, None, "jti-of-before-status-lists")
    clock.forward(LOOKED_AT_EVERY)
    marked = current(lists)[1].list
    assert [idx for idx in range(128) if marked.status(idx)] == [place.idx]


def test_a_list_stays_the_same_bytes_while_nothing_changes(engine: Engine, lists: StatusLists, clock: Clock) -> None:
    place_in(engine)
    first, _ = current(lists)
    while clock.at + LOOKED_AT_EVERY < AT + SIGNED_EVERY:
        clock.forward(LOOKED_AT_EVERY)
        assert current(lists)[0] == first
    clock.at = AT + SIGNED_EVERY
    renewed, parsed = current(lists)
    assert renewed != first
    assert parsed.list.iat == AT + SIGNED_EVERY


def test_between_two_looks_the_database_is_not_asked(engine: Engine, lists: StatusLists, clock: Clock) -> None:
    place = place_in(engine)
    first, _ = current(lists)
    withdraw_at(engine, place, "jti-1")
    clock.forward(LOOKED_AT_EVERY - timedelta(microseconds=1))
    assert current(lists)[0] == first


def test_a_clock_that_is_put_back_does_not_keep_an_old_list(engine: Engine, lists: StatusLists, clock: Clock) -> None:
    place = place_in(engine)
    current(lists)
    withdraw_at(engine, place, "jti-1")
    clock.forward(-timedelta(hours=1))
    _, parsed = current(lists)
    assert parsed.list.status(place.idx) == 1
    assert parsed.list.iat == AT - timedelta(hours=1)


@pytest.mark.parametrize("number", [0, 2, -1, 2**53, 10**30])
def test_a_number_not_in_use_has_no_list(engine: Engine, lists: StatusLists, number: int) -> None:
    place_in(engine)
    assert lists.current(number) is None


def test_the_addresses_of_all_lists_are_told_in_order(engine: Engine, lists: StatusLists) -> None:
    assert lists.uris() == ()
    indices = StatusIndices(engine, now=lambda: AT, lease_size=8, list_size=8)
    for _ in range(17):
        indices.draw()
    assert lists.uris() == tuple(f"{ISSUER}/status/{number}" for number in (1, 2, 3))


def test_lists_kept_in_memory_are_bounded(engine: Engine, lists: StatusLists, monkeypatch: pytest.MonkeyPatch) -> None:
    from transparency import status_lists as module

    monkeypatch.setattr(module, "_MAX_KEPT", 2)
    indices = StatusIndices(engine, now=lambda: AT, lease_size=8, list_size=8)
    for _ in range(17):
        indices.draw()
    for number in (1, 2, 3, 1):
        current(lists, number)
    assert list(lists._kept) == [3, 1]


def test_a_database_that_does_not_answer_is_said_so(engine: Engine, lists: StatusLists) -> None:
    with writing(engine) as connection:
        withdrawals.drop(connection)
        status_lists.drop(connection)
    for ask in (lists.uris, lambda: lists.current(1), lambda: find_withdrawal(engine, "jti")):
        with pytest.raises(StoreUnavailable, match="could not be read"):
            ask()
