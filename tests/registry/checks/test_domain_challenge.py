import base64
import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.checks.domain_challenge import Challenge, Record, make_challenge, parse_record
from registry.errors import ApplicationInvalid

_AT: Final = datetime(2026, 11, 29, 12, tzinfo=UTC)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_THUMBPRINT: Final = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"  # of the key in RFC 7638 section 3.1


def _challenge() -> Challenge:
    return make_challenge("example.se", thumbprint=_THUMBPRINT, random=bytes(range(32)), at=_AT)


def test_what_to_publish_is_bound_to_the_operator_s_key_as_in_acme() -> None:
    challenge = _challenge()
    token = base64.urlsafe_b64encode(bytes(range(32))).rstrip(b"=").decode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(f"{token}.{_THUMBPRINT}".encode()).digest()).rstrip(b"=").decode()

    assert challenge.record_name == "_sigill-challenge.example.se"
    assert challenge.record == f"token={digest} expiry=2027-11-29"
    assert challenge.file_url() == f"https://example.se/.well-known/sigill-challenge/{token}"
    assert challenge.file_content == f"{token}.{_THUMBPRINT}"


def test_another_key_makes_another_record_of_the_same_token() -> None:
    other = make_challenge("example.se", thumbprint="A" * 43, random=bytes(range(32)), at=_AT)

    assert other.token == _challenge().token
    assert other.record_token != _challenge().record_token


def test_the_record_reads_as_its_own_challenge() -> None:
    challenge = _challenge()

    assert parse_record(challenge.record.encode()) == Record(challenge.record_token, challenge.ends)
    assert challenge.ends == datetime(2027, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "token", "ends"),
    [
        (b"token=abc", "abc", _NEVER),
        (b"TOKEN=abc Expiry=NEVER", "abc", _NEVER),
        (b"token=abc expiry=2026-12-31", "abc", datetime(2027, 1, 1, tzinfo=UTC)),
        (b"token=abc expiry=2026-12-31T10:00:00Z", "abc", datetime(2026, 12, 31, 10, tzinfo=UTC)),
        (b"token=abc expiry=2026-12-31t10:00:00.5+02:00", "abc", datetime(2026, 12, 31, 8, 0, 0, 500_000, UTC)),
        (b"token=abc attr=quux flag expiry=never", "abc", _NEVER),
        (b"token=abc=  expiry=never ", "abc=", _NEVER),
        (b"abc", "abc", _NEVER),
        (b"v=spf1 -all", "v=spf1 -all", _NEVER),
        (b"", "", _NEVER),
    ],
)
def test_records_are_read_as_the_draft_says(text: bytes, token: str, ends: datetime) -> None:
    assert parse_record(text) == Record(token, ends)


@pytest.mark.parametrize(
    "text",
    [
        b"token=abc token=def",
        b"token=abc expiry=never expiry=never",
        b"token=abc expiry=",
        b"token=abc expiry",
        b"token=abc expiry=soon",
        b"token=abc expiry=2026-13-01",
        b"token=abc expiry=20261231",
        b"token=abc expiry=2026-12-31T10:00:00",
        b"token=abc expiry=2026-W01-1",
        b"token=abc expiry=9999-12-31",
        b"token=abc\tx",
        b'token="abc"',
        b"token=abc =x",
        b"token=k\xc3\xb6p",
        b"\xff" * 300,
    ],
)
def test_a_record_that_breaks_the_grammar_is_no_answer(text: bytes) -> None:
    assert parse_record(text) is None


@given(st.binary(max_size=700) | st.binary(max_size=80).map(lambda data: b"token=abc " + data))
def test_reading_a_record_never_fails(data: bytes) -> None:
    record = parse_record(data)

    assert record is None or isinstance(record.token, str)


def test_a_challenge_needs_randomness_and_a_key() -> None:
    with pytest.raises(ValueError, match="random"):
        make_challenge("example.se", thumbprint=_THUMBPRINT, random=b"short", at=_AT)
    with pytest.raises(ValueError, match="thumbprint"):
        make_challenge("example.se", thumbprint="short", random=bytes(32), at=_AT)


def test_a_domain_whose_record_would_be_too_long_is_refused() -> None:
    domain = ("a" * 58 + ".") * 4 + "se"

    assert len(domain) < 253
    with pytest.raises(ApplicationInvalid, match="too long"):
        make_challenge(domain, thumbprint=_THUMBPRINT, random=bytes(32), at=_AT)


def test_a_challenge_lasts_whole_days_of_utc() -> None:
    at = datetime(2026, 1, 1, 0, 30, tzinfo=UTC).astimezone()
    challenge = make_challenge("example.se", thumbprint=_THUMBPRINT, random=bytes(32), at=at, lasts=timedelta(days=1))

    assert challenge.last_day == date(2026, 1, 2)
