"""What a rotation makes of the list of keys, and how the list is written down."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigill.keys.jwks import MAX_KEYS
from signing.errors import KeyUnusable
from signing.keys.listing import (
    KEPT,
    NO_END,
    TYPS,
    KeyKind,
    ListedKey,
    Listing,
    format_listing,
    in_order,
    parse_listing,
)
from signing.keys.planning import HEAD_START, LIFETIME, RotationRefused, compromised, is_published, rotated

BEGIN = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = BEGIN + timedelta(days=100, microseconds=500)
SECOND = timedelta(seconds=1)
OVERLAP = timedelta(days=2)
P256 = list(TYPS)


def first_listing() -> Listing:
    keys = [ListedKey(kind=kind, generation=1, valid_from=BEGIN, valid_until=BEGIN + LIFETIME) for kind in P256]
    keys.append(ListedKey(kind=KeyKind.LOG, generation=1, valid_from=BEGIN))
    return Listing(keys=in_order({key.file: key for key in keys}))


def signing(listing: Listing, kind: KeyKind, at: datetime) -> list[int]:
    """Return which generations sign at `at`: of P-256 keys the newest that holds it."""
    held = [key.generation for key in listing.of(kind) if key.holds(at)]
    return held if kind is KeyKind.LOG else held[:1]


@pytest.mark.parametrize("kind", P256)
def test_the_next_key_is_published_ahead_and_begins_when_the_old_one_ends(kind: KeyKind) -> None:
    listing = rotated(first_listing(), kind, at=AT, overlap=OVERLAP)
    new, old = listing.of(kind)
    assert new.valid_from == old.valid_until == AT.replace(microsecond=0) + OVERLAP + SECOND
    assert new.valid_until == new.valid_from + LIFETIME
    assert signing(listing, kind, new.valid_from - timedelta(microseconds=1)) == [1]
    assert signing(listing, kind, new.valid_from) == [2]


def test_a_log_s_next_key_signs_beside_the_old_one_for_the_overlap() -> None:
    listing = rotated(first_listing(), KeyKind.LOG, at=AT, overlap=OVERLAP)
    new, old = listing.of(KeyKind.LOG)
    assert (new.valid_until, old.valid_until) == (NO_END, new.valid_from + OVERLAP)
    assert HEAD_START <= new.valid_from - AT <= HEAD_START + SECOND
    assert signing(listing, KeyKind.LOG, new.valid_from - SECOND) == [1]
    assert signing(listing, KeyKind.LOG, new.valid_from) == [2, 1]
    assert signing(listing, KeyKind.LOG, old.valid_until) == [2]


@pytest.mark.parametrize("kind", list(KeyKind))
def test_without_an_overlap_the_next_key_takes_over_as_soon_as_every_process_knows_it(kind: KeyKind) -> None:
    listing = rotated(first_listing(), kind, at=AT, overlap=timedelta(0))
    new, old = listing.of(kind)
    assert new.valid_from == old.valid_until
    assert HEAD_START <= new.valid_from - AT <= HEAD_START + SECOND


@pytest.mark.parametrize("kind", list(KeyKind))
def test_what_is_under_way_is_not_begun_again_but_may_be_overtaken(kind: KeyKind) -> None:
    under_way = rotated(first_listing(), kind, at=AT, overlap=OVERLAP)
    later = AT + timedelta(hours=1)
    with pytest.raises(RotationRefused, match=f"{kind}-[12]"):
        rotated(under_way, kind, at=later, overlap=OVERLAP)
    hurried = rotated(under_way, kind, at=later, overlap=timedelta(0))
    taken = hurried.of(kind)[0].valid_from
    assert taken - later <= HEAD_START + SECOND
    for after in (taken, taken + OVERLAP, taken + LIFETIME - SECOND):
        assert signing(hurried, kind, after) == [3]


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_compromised_key_stops_signing_at_once(kind: KeyKind) -> None:
    listing = compromised(first_listing(), kind, 1, since=AT - timedelta(days=3), at=AT)
    new, old = listing.of(kind)
    assert old.compromised_at == (AT - timedelta(days=3)).replace(microsecond=0)
    assert signing(listing, kind, AT) == [2]
    assert new.valid_from <= AT


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_retired_key_that_is_found_compromised_needs_no_successor(kind: KeyKind) -> None:
    retired = rotated(first_listing(), kind, at=AT, overlap=timedelta(0))
    later = AT + timedelta(days=9)
    listing = compromised(retired, kind, 1, since=AT, at=later)
    assert [key.generation for key in listing.of(kind)] == [2, 1]
    assert listing.of(kind)[0] == retired.of(kind)[0]


@pytest.mark.parametrize("kind", P256)
def test_a_key_compromised_before_it_signs_never_does(kind: KeyKind) -> None:
    ahead = rotated(first_listing(), kind, at=AT, overlap=OVERLAP)
    listing = compromised(ahead, kind, 2, since=AT, at=AT + timedelta(hours=1))
    begins = ahead.of(kind)[0].valid_from
    assert signing(listing, kind, begins - SECOND) == [1]
    assert [signing(listing, kind, begins + after) for after in (timedelta(0), SECOND, OVERLAP)] == [[3]] * 3


@pytest.mark.parametrize("kind", P256)
def test_a_key_compromised_while_the_next_is_ahead_is_replaced_by_a_new_one(kind: KeyKind) -> None:
    """Whoever kept the list reads there that generation 2 begins later: now it would not be believed."""
    ahead = rotated(first_listing(), kind, at=AT, overlap=OVERLAP)
    listing = compromised(ahead, kind, 1, since=AT, at=AT + timedelta(hours=1))
    for at in (AT + timedelta(hours=1), ahead.of(kind)[0].valid_from, AT + timedelta(days=30)):
        assert signing(listing, kind, at) == [3]


def test_a_compromised_log_key_stops_while_its_neighbour_goes_on() -> None:
    both = rotated(first_listing(), KeyKind.LOG, at=AT, overlap=OVERLAP)
    later = AT + timedelta(hours=1)
    assert signing(compromised(both, KeyKind.LOG, 1, since=AT, at=later), KeyKind.LOG, later) == [2]
    assert signing(compromised(both, KeyKind.LOG, 2, since=AT, at=later), KeyKind.LOG, later) == [3, 1]


@pytest.mark.parametrize("early", [timedelta(0), SECOND / 2, SECOND, 3 * SECOND, -SECOND / 2, -SECOND])
@pytest.mark.parametrize("overlap", [OVERLAP, timedelta(0)])
def test_a_log_key_condemned_around_its_first_second_does_not_sign_from_then_on(
    early: timedelta, overlap: timedelta
) -> None:
    ahead = rotated(first_listing(), KeyKind.LOG, at=AT, overlap=overlap)
    at = ahead.of(KeyKind.LOG)[0].valid_from - early
    listing = compromised(ahead, KeyKind.LOG, 2, since=at, at=at)
    for after in (0, 1, 250, 500, 999, 1000, 1500, 2000, 3000, 5000):
        numbers = signing(listing, KeyKind.LOG, at + timedelta(milliseconds=after))
        assert numbers
        assert 2 not in numbers
    assert parse_listing(format_listing(listing)) == listing


def test_a_compromise_can_be_dated_back_but_not_forward_nor_into_the_future() -> None:
    listing = compromised(first_listing(), KeyKind.SEAL, 1, since=AT - OVERLAP, at=AT)
    earlier = compromised(listing, KeyKind.SEAL, 1, since=BEGIN, at=AT)
    assert earlier.of(KeyKind.SEAL)[1].compromised_at == BEGIN
    assert earlier.of(KeyKind.SEAL)[0] == listing.of(KeyKind.SEAL)[0]
    with pytest.raises(RotationRefused, match="already"):
        compromised(listing, KeyKind.SEAL, 1, since=AT, at=AT)
    with pytest.raises(RotationRefused, match="a time that has been"):
        compromised(first_listing(), KeyKind.SEAL, 1, since=AT + SECOND, at=AT)
    with pytest.raises(RotationRefused, match="no seal key of generation 9"):
        compromised(first_listing(), KeyKind.SEAL, 9, since=AT, at=AT)


def test_a_key_is_published_until_the_last_of_what_it_signed_is_over() -> None:
    listing = rotated(replace(first_listing(), kept_for=KEPT), KeyKind.SEAL, at=AT, overlap=OVERLAP)
    old = listing.of(KeyKind.SEAL)[1]
    assert is_published(old, kept_for=KEPT, at=old.valid_until + KEPT - SECOND)
    assert not is_published(old, kept_for=KEPT, at=old.valid_until + KEPT)
    lists = first_listing().of(KeyKind.STATUS)[0]
    assert is_published(lists, kept_for=KEPT, at=lists.valid_until + timedelta(hours=23))
    assert not is_published(lists, kept_for=KEPT, at=lists.valid_until + timedelta(hours=24))
    assert is_published(first_listing().of(KeyKind.LOG)[0], kept_for=KEPT, at=NO_END)


def test_more_keys_are_not_published_than_a_verifier_reads() -> None:
    listing, at = first_listing(), AT
    for _ in range(MAX_KEYS - len(TYPS)):
        listing, at = rotated(listing, KeyKind.SEAL, at=at, overlap=timedelta(0)), at + timedelta(hours=1)
    assert len([key for key in listing.keys if key.kind in TYPS]) == MAX_KEYS
    with pytest.raises(RotationRefused, match="100 keys are published already"):
        rotated(listing, KeyKind.SEAL, at=at, overlap=timedelta(0))
    after = at + LIFETIME + KEPT + timedelta(days=9)
    assert rotated(listing, KeyKind.SEAL, at=after, overlap=timedelta(0)).of(KeyKind.SEAL)[0].valid_from > after


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(list(KeyKind)),
        st.integers(0, 10**7),
        st.one_of(st.sampled_from([0, 60, 172_800]).map(lambda s: ("rotate", s)), st.just(("compromise", 0))),
    ),
    max_size=8,
)


@given(_STEPS)
def test_whatever_was_rotated_and_compromised_somebody_good_signs_and_the_list_can_be_read(
    steps: list[tuple[KeyKind, int, tuple[str, int]]],
) -> None:
    listing, at = first_listing(), BEGIN
    for kind, after_s, (step, overlap_s) in steps:
        at += timedelta(seconds=after_s, microseconds=after_s % 7)
        if any(not signing(listing, each, at) for each in KeyKind):
            break  # it ran out: nobody rotated it in two years
        newest = listing.of(kind)[0].generation
        try:
            if step == "rotate":
                listing = rotated(listing, kind, at=at, overlap=timedelta(seconds=overlap_s))
            else:
                listing = compromised(listing, kind, newest, since=at, at=at)
        except RotationRefused:
            continue
        begins = listing.of(kind)[0].valid_from
        for when in (at, max(at, begins - SECOND), max(at, begins), at + HEAD_START + SECOND, at + OVERLAP + SECOND):
            numbers = signing(listing, kind, when)
            assert numbers
            if step == "compromise":
                assert newest not in numbers
    assert parse_listing(format_listing(listing)) == listing
    assert all(key.valid_from < key.valid_until for key in listing.keys)


def test_a_list_keeps_what_it_does_not_know() -> None:
    value = json.loads(format_listing(first_listing())) | {"from-a-newer-version": [1], "kept_s": 5, "unlogged": ["x"]}
    listing = parse_listing(json.dumps(value).encode())
    assert (listing.kept_for, listing.unlogged) == (timedelta(seconds=5), ("x",))
    assert json.loads(format_listing(listing)) == value


def test_a_list_from_before_log_keys_were_listed_has_one_without_an_end() -> None:
    value = json.loads(format_listing(first_listing()))
    del value["log-1.pem"]
    (key,) = parse_listing(json.dumps(value).encode()).of(KeyKind.LOG)
    assert (key.file, key.valid_from, key.valid_until) == ("log-1.pem", BEGIN, NO_END)


@pytest.mark.parametrize(
    "changes",
    [
        {"seal-1.pem": {"nbf": 5, "exp": 5}},
        {"seal-1.pem": {"nbf": 5}},
        {"seal-1.pem": {"nbf": -1, "exp": 5}},
        {"seal-1.pem": {"nbf": True, "exp": 5}},
        {"seal-1.pem": {"nbf": 1.5, "exp": 5}},
        {"seal-1.pem": {"nbf": 1, "exp": 5, "compromised_at": "x"}},
        {"seal-1.pem": []},
        {"log-1.pem": {}},
        {"kept_s": -1},
        {"kept_s": "x"},
        {"unlogged": "x"},
        {"unlogged": [1]},
    ],
)
def test_a_list_that_says_nonsense_of_one_key_is_none(changes: dict[str, object]) -> None:
    value = json.loads(format_listing(first_listing())) | changes
    with pytest.raises(KeyUnusable, match="when each key is valid"):
        parse_listing(json.dumps(value).encode())


@given(st.binary(max_size=200))
def test_nothing_but_its_own_error_comes_of_reading_a_list(data: bytes) -> None:
    with pytest.raises(KeyUnusable):
        parse_listing(data)
