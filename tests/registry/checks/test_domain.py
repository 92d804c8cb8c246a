from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from registry.asking.exchange import Answered, NoAnswer
from registry.asking.txt import TxtAnswer, TxtOutcome
from registry.asking.well_known import FileAnswer
from registry.checks.domain import Reason, join_results, judge_challenge, judge_file, judge_records
from registry.checks.domain_challenge import make_challenge
from registry.checks.domain_redirect import find_target
from registry.checks.outcome import CheckResult, Outcome

_AT: Final = datetime(2026, 11, 29, 12, tzinfo=UTC)
_CHALLENGE: Final = make_challenge("example.se", thumbprint="T" * 43, random=bytes(32), at=_AT)
_OTHER: Final = make_challenge("example.se", thumbprint="U" * 43, random=bytes(32), at=_AT)
_OURS: Final = (_CHALLENGE.record.encode(),)
_URL: Final = _CHALLENGE.file_url()


def _found(*records: bytes, authenticated: bool = False) -> TxtAnswer:
    return TxtAnswer(
        resolver="", outcome=TxtOutcome.RECORDS, records=records, authenticated=authenticated, message=b"wire"
    )


def _is(outcome: TxtOutcome) -> TxtAnswer:
    answered = outcome in {TxtOutcome.NO_RECORDS, TxtOutcome.NO_SUCH_NAME}
    return TxtAnswer(resolver="", outcome=outcome, message=b"wire" if answered else b"")


_YES: Final = _found(*_OURS)
_NO: Final = _is(TxtOutcome.NO_SUCH_NAME)
_SILENT: Final = _is(TxtOutcome.TIMEOUT)


def _judge(*answers: TxtAnswer, needed: int = 2, at: datetime = _AT) -> CheckResult:
    named = [
        TxtAnswer(
            resolver=f"192.0.2.{number}",
            outcome=answer.outcome,
            records=answer.records,
            authenticated=answer.authenticated,
            message=answer.message,
        )
        for number, answer in enumerate(answers, start=1)
    ]
    return judge_records(_CHALLENGE, named, needed=needed, at=at)


@pytest.mark.parametrize(
    ("answers", "outcome", "reason"),
    [
        ([_YES, _YES, _YES], Outcome.PASSED, Reason.RECORD_FOUND),
        ([_YES, _SILENT, _YES], Outcome.PASSED, Reason.RECORD_FOUND),
        ([_YES, _NO, _YES], Outcome.PASSED, Reason.RECORD_FOUND),
        ([_NO, _NO, _NO], Outcome.FAILED, Reason.NO_RECORD),
        ([_NO, _YES, _NO], Outcome.FAILED, Reason.NO_RECORD),
        ([_is(TxtOutcome.NO_RECORDS), _NO, _SILENT], Outcome.FAILED, Reason.NO_RECORD),
        ([_found(b"v=spf1 -all"), _NO, _NO], Outcome.FAILED, Reason.OTHER_RECORDS),
        ([_YES, _NO, _SILENT], Outcome.COULD_NOT_BE_CHECKED, Reason.RESOLVERS_DISAGREE),
        ([_YES, _SILENT, _SILENT], Outcome.COULD_NOT_BE_CHECKED, Reason.RESOLVERS_SILENT),
        ([_NO, _SILENT, _SILENT], Outcome.COULD_NOT_BE_CHECKED, Reason.RESOLVERS_SILENT),
        (
            [_SILENT, _is(TxtOutcome.REFUSED), _is(TxtOutcome.BROKEN)],
            Outcome.COULD_NOT_BE_CHECKED,
            Reason.RESOLVERS_SILENT,
        ),
    ],
)
def test_resolvers_vote_and_silence_is_no_vote(answers: list[TxtAnswer], outcome: Outcome, reason: Reason) -> None:
    result = _judge(*answers)

    assert (result.outcome, result.reason) == (outcome, reason)
    assert (result.valid_until is None) == (outcome is not Outcome.PASSED)


def test_a_resolver_that_says_otherwise_is_named() -> None:
    denied = _judge(_YES, _NO, _YES)
    claimed = _judge(_NO, _NO, _YES)

    assert denied.facts["outvoted"] == "192.0.2.2"
    assert "192.0.2.2 did not find it" in denied.detail
    assert claimed.facts["outvoted"] == "192.0.2.3"
    assert "192.0.2.3 found it" in claimed.detail


def test_resolvers_that_gave_no_answer_are_named() -> None:
    assert _judge(_YES, _SILENT, _SILENT).facts["silent"] == "192.0.2.2, 192.0.2.3"


def test_a_failure_says_what_to_publish() -> None:
    for answers in ([_NO] * 3, [_found(b"x")] * 3, [_found(_CHALLENGE.record_token.encode() + b" x")] * 3):
        detail = _judge(*answers).detail

        assert _CHALLENGE.record in detail
        assert _CHALLENGE.record_name in detail


@pytest.mark.parametrize(
    "records",
    [
        [*[b"number %d" % number for number in range(500)], *_OURS],
        [b"x" * 300, b"\xff" * 300, *_OURS],
        [_CHALLENGE.record_token.encode()],
        [f"token={_CHALLENGE.record_token} expiry=never".encode()],
        [f"token={_CHALLENGE.record_token} expiry=2020-01-01".encode(), *_OURS],
        [_OTHER.record.encode(), *_OURS],
    ],
)
def test_one_right_record_among_others_is_enough(records: Sequence[bytes]) -> None:
    assert _judge(*[_found(*records)] * 3).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"x" * 300,
        _CHALLENGE.record_token.lower().encode(),
        _CHALLENGE.record_token[:-1].encode(),
        _CHALLENGE.token.encode(),
        _CHALLENGE.file_content.encode(),
        b" " + _OURS[0],
        _OURS[0] + b"\n",
        _OURS[0] + b" expiry=never",
        _OTHER.record.encode(),  # the same token, bound to another operator's key
    ],
)
def test_no_other_text_is_the_record(record: bytes) -> None:
    result = _judge(*[_found(record)] * 3)

    assert (result.outcome, result.reason) == (Outcome.FAILED, Reason.OTHER_RECORDS)


def test_a_record_counts_until_its_own_end_and_not_a_moment_longer() -> None:
    record = f"token={_CHALLENGE.record_token} expiry=2026-12-01T00:00:00Z".encode()
    end = datetime(2026, 12, 1, tzinfo=UTC)
    before = _judge(*[_found(record)] * 3, at=end - timedelta(microseconds=1))
    after = _judge(*[_found(record)] * 3, at=end)

    assert (before.outcome, before.valid_until) == (Outcome.PASSED, end)
    assert (after.outcome, after.reason) == (Outcome.FAILED, Reason.RECORD_OVER)


def test_a_check_is_good_for_ninety_days_but_not_beyond_the_challenge() -> None:
    assert _judge(_YES, _YES, _YES).valid_until == _AT + timedelta(days=90)
    late = _CHALLENGE.ends - timedelta(days=1)
    assert _judge(_YES, _YES, _YES, at=late).valid_until == _CHALLENGE.ends


def test_a_challenge_is_over_at_the_end_of_its_last_day() -> None:
    assert judge_challenge(_CHALLENGE, at=_CHALLENGE.ends - timedelta(microseconds=1), method="x") is None
    over = judge_challenge(_CHALLENGE, at=_CHALLENGE.ends, method="x")
    assert over is not None
    assert (over.outcome, over.reason) == (Outcome.FAILED, Reason.CHALLENGE_OVER)


def test_every_answer_is_stored_as_it_came() -> None:
    stored = _judge(_YES, _NO, _SILENT).answers

    assert [answer.source for answer in stored] == [
        "dns:_sigill-challenge.example.se/TXT@192.0.2.1",
        "dns:_sigill-challenge.example.se/TXT@192.0.2.2",
    ]
    assert {answer.body for answer in stored} == {b"wire"}


def test_dnssec_counts_where_every_answer_was_authenticated() -> None:
    safe = _found(*_OURS, authenticated=True)

    assert _judge(safe, safe, _SILENT).facts["dnssec"] == "yes"
    assert _judge(safe, safe, _YES).facts["dnssec"] == "no"
    assert _judge(_SILENT, _SILENT, _SILENT).facts["dnssec"] == "no"


@pytest.mark.parametrize(("resolvers", "needed"), [(3, 1), (3, 4), (3, 0), (2, 1), (4, 2), (0, 0), (1, 2)])
def test_no_two_outcomes_can_both_have_enough_votes(resolvers: int, needed: int) -> None:
    with pytest.raises(ValueError, match="more than half"):
        _judge(*[_YES] * resolvers, needed=needed)


def _hop(status: int = 200, body: bytes = b"", *, location: str | None = None, url: str = _URL) -> Answered:
    return Answered(url=url, status=status, headers={} if location is None else {"location": location}, body=body)


def _file(*hops: Answered, failure: NoAnswer | None = None) -> CheckResult:
    return judge_file(_CHALLENGE, FileAnswer(hops, failure), at=_AT)


_CONTENT: Final = _CHALLENGE.file_content.encode()


@pytest.mark.parametrize("body", [_CONTENT, _CONTENT + b"\n", _CONTENT + b"\r\n"])
def test_the_file_passes(body: bytes) -> None:
    result = _file(_hop(body=body))

    assert (result.outcome, result.reason) == (Outcome.PASSED, Reason.FILE_FOUND)
    assert result.valid_until == _AT + timedelta(days=90)
    assert [(answer.source, answer.body) for answer in result.answers] == [(_URL, body)]


@pytest.mark.parametrize(
    ("hops", "code", "outcome", "reason"),
    [
        ([_hop(body=b"")], None, Outcome.FAILED, Reason.OTHER_FILE),
        ([_hop(body=b"<html>" + _CONTENT)], None, Outcome.FAILED, Reason.OTHER_FILE),
        ([_hop(body=_CHALLENGE.token.encode())], None, Outcome.FAILED, Reason.OTHER_FILE),
        ([_hop(body=_OTHER.file_content.encode())], None, Outcome.FAILED, Reason.OTHER_FILE),
        ([_hop(404, _CONTENT)], None, Outcome.FAILED, Reason.NO_FILE),
        ([_hop(403)], None, Outcome.FAILED, Reason.NO_FILE),
        ([_hop(302, location="https://evil.example/")], None, Outcome.FAILED, Reason.POINTS_ELSEWHERE),
        ([_hop(500, _CONTENT)], None, Outcome.COULD_NOT_BE_CHECKED, Reason.SERVER_SILENT),
        ([_hop(429)], None, Outcome.COULD_NOT_BE_CHECKED, Reason.SERVER_SILENT),
        ([_hop(204, _CONTENT)], None, Outcome.COULD_NOT_BE_CHECKED, Reason.SERVER_SILENT),
        ([], "timeout", Outcome.COULD_NOT_BE_CHECKED, Reason.SERVER_SILENT),
        ([], "unknown_host", Outcome.COULD_NOT_BE_CHECKED, Reason.SERVER_SILENT),
        ([], "tls", Outcome.COULD_NOT_BE_CHECKED, Reason.SERVER_SILENT),
        ([_hop(301, location="x")], "refused", Outcome.COULD_NOT_BE_CHECKED, Reason.SERVER_SILENT),
        ([], "private_address", Outcome.FAILED, Reason.PRIVATE_ADDRESS),
        ([], "too_long", Outcome.FAILED, Reason.OTHER_FILE),
    ],
)
def test_no_other_answer_of_a_web_server_passes(
    hops: list[Answered], code: str | None, outcome: Outcome, reason: Reason
) -> None:
    result = _file(*hops, failure=None if code is None else NoAnswer(code, "Nobody was there."))

    assert (result.outcome, result.reason) == (outcome, reason)
    assert result.valid_until is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location", [f"https://www.example.se{_CHALLENGE.file_path}", f"//www.example.se{_CHALLENGE.file_path}"]
)
def test_a_redirect_to_the_same_file_on_www_may_be_followed(status: int, location: str) -> None:
    assert find_target(_CHALLENGE, _hop(status, location=location)) == _CHALLENGE.file_url(host="www.example.se")


@pytest.mark.parametrize(
    "location",
    [
        "",
        "https://[",
        "https://evil.example" + _CHALLENGE.file_path,
        "https://127.0.0.1" + _CHALLENGE.file_path,
        "https://[::ffff:127.0.0.1]" + _CHALLENGE.file_path,
        "https://localhost" + _CHALLENGE.file_path,
        "https://shop.example.se" + _CHALLENGE.file_path,
        "https://www.www.example.se" + _CHALLENGE.file_path,
        "https://example.se.evil.example" + _CHALLENGE.file_path,
        "http://www.example.se" + _CHALLENGE.file_path,
        "https://www.example.se:8443" + _CHALLENGE.file_path,
        "https://www.example.se:x" + _CHALLENGE.file_path,
        "https://user@www.example.se" + _CHALLENGE.file_path,
        "https://www.example.se" + _CHALLENGE.file_path + "?x=y",
        "https://www.example.se" + _CHALLENGE.file_path + "#x",
        "https://www.example.se/users/mallory/file",
        "/users/mallory/file",
        "javascript:alert(1)",
        "https://www.example.se" + _CHALLENGE.file_path + "a" * 3000,
    ],
)
def test_no_other_redirect_may_be_followed(location: str) -> None:
    assert find_target(_CHALLENGE, _hop(302, location=location)) is None


def test_an_answer_that_is_no_redirect_leads_nowhere() -> None:
    assert find_target(_CHALLENGE, _hop(200, location=_CHALLENGE.file_url(host="www.example.se"))) is None
    assert find_target(_CHALLENGE, _hop(302)) is None


def test_two_ways_fail_together_only_where_both_failed() -> None:
    failed, silent = _judge(_NO, _NO, _NO), _judge(_SILENT, _SILENT, _SILENT)
    no_file, no_server = _file(_hop(404)), _file(failure=NoAnswer("timeout", "Nobody was there."))

    assert join_results(failed, no_file).outcome is Outcome.FAILED
    for record, file in [(failed, no_server), (silent, no_file), (silent, no_server)]:
        joined = join_results(record, file)
        assert (joined.outcome, joined.valid_until) == (Outcome.COULD_NOT_BE_CHECKED, None)
    assert len(join_results(failed, no_file).answers) == 4


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        ("", "application/octet-stream"),
        ("text/\x00", "application/octet-stream"),
        ("x" * 101, "application/octet-stream"),
    ],
)
def test_a_media_type_is_stored_only_where_it_could_be_one(said: str, stored: str) -> None:
    hop = Answered(url=_URL, status=200, headers={"content-type": said}, body=b"")

    assert _file(hop).answers[0].media_type == stored


def test_operators_can_look_up_every_reason() -> None:
    page = (Path(__file__).parents[3] / "docs" / "domain-control.md").read_text()

    assert [reason for reason in Reason if f"`{reason}`" not in page] == []
