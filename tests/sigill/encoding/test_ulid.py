from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.encoding.ulid import CROCKFORD, format_ulid, parse_ulid_time
from sigill.errors import MalformedEncoding

TIMES = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
RANDOM = st.binary(min_size=10, max_size=10)


def test_the_example_of_the_specification_has_its_time() -> None:
    # https://github.com/ulid/spec: ulid(1469918176385) gives 01ARYZ6S41...
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=1469918176385)
    assert format_ulid(at=at, randomness=bytes(10)) == "01ARYZ6S41" + "0" * 16
    assert parse_ulid_time("01ARYZ6S41TSV4RRFFQ69G5FAV") == at


@settings(deadline=None)
@given(TIMES, RANDOM)
def test_a_time_survives_to_the_millisecond_below(at: datetime, randomness: bytes) -> None:
    assert timedelta() <= at - parse_ulid_time(format_ulid(at=at, randomness=randomness)) < timedelta(milliseconds=1)


@settings(deadline=None)
@given(TIMES, TIMES, RANDOM, RANDOM)
def test_ulids_sort_by_time_then_randomness(one: datetime, two: datetime, a: bytes, b: bytes) -> None:
    millisecond = timedelta(milliseconds=1)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    by_value = ((one - epoch) // millisecond, a) < ((two - epoch) // millisecond, b)
    assert (format_ulid(at=one, randomness=a) < format_ulid(at=two, randomness=b)) == by_value


def test_the_zone_does_not_matter() -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    there = at.astimezone(timezone(timedelta(hours=-9)))
    assert format_ulid(at=at, randomness=b"0123456789") == format_ulid(at=there, randomness=b"0123456789")


def test_all_the_randomness_is_kept() -> None:
    assert format_ulid(at=datetime(1970, 1, 1, tzinfo=UTC), randomness=b"\xff" * 10) == "0" * 10 + "Z" * 16


def test_a_time_before_1970_or_other_randomness_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="ten"):
        format_ulid(at=datetime(2026, 1, 1, tzinfo=UTC), randomness=bytes(9))
    with pytest.raises(ValueError, match="1970"):
        format_ulid(at=datetime(1969, 12, 31, tzinfo=UTC), randomness=bytes(10))


@settings(deadline=None)
@given(st.text() | st.text(alphabet=CROCKFORD, min_size=26, max_size=26))
@example("7ZZZZZZZZZZZZZZZZZZZZZZZZZ")
@example("80000000000000000000000000")
@example("01aryz6s41tsv4rrffq69g5fav")
@example("01ARYZ6S41TSV4RRFFQ69G5FAU")
@example("01ARYZ6S41TSV4RRFFQ69G5FA\n")
@example("")
def test_only_upper_case_symbols_within_the_calendar_are_a_ulid(text: str) -> None:
    try:
        at = parse_ulid_time(text)
    except MalformedEncoding:
        return
    assert len(text) == 26
    assert format_ulid(at=at, randomness=bytes(10))[:10] == text[:10]
