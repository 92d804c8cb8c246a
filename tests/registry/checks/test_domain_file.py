"""The file of a domain's web server: what passes, and what does not."""

from datetime import timedelta
from typing import Final

import pytest

from registry.asking.exchange import Answered, NoAnswer
from registry.asking.well_known import FileAnswer
from registry.checks.domain import Reason, join_results, judge_file
from registry.checks.domain_redirect import find_target
from registry.checks.outcome import CheckResult, Outcome
from tests.registry.checks.builders_domain import AT, CHALLENGE, NO_RECORD, OTHER_RECORD, SILENT, judge

_URL: Final = CHALLENGE.file_url()


def _hop(status: int = 200, body: bytes = b"", *, location: str | None = None, url: str = _URL) -> Answered:
    return Answered(url=url, status=status, headers={} if location is None else {"location": location}, body=body)


def _file(*hops: Answered, failure: NoAnswer | None = None) -> CheckResult:
    return judge_file(CHALLENGE, FileAnswer(hops, failure), at=AT)


_CONTENT: Final = CHALLENGE.file_content.encode()


@pytest.mark.parametrize("body", [_CONTENT, _CONTENT + b"\n", _CONTENT + b"\r\n"])
def test_the_file_passes(body: bytes) -> None:
    result = _file(_hop(body=body))

    assert (result.outcome, result.reason) == (Outcome.PASSED, Reason.FILE_FOUND)
    assert result.valid_until == AT + timedelta(days=90)
    assert [(answer.source, answer.body) for answer in result.answers] == [(_URL, body)]


@pytest.mark.parametrize(
    ("hops", "code", "outcome", "reason"),
    [
        ([_hop(body=b"")], None, Outcome.FAILED, Reason.OTHER_FILE),
        ([_hop(body=b"<html>" + _CONTENT)], None, Outcome.FAILED, Reason.OTHER_FILE),
        ([_hop(body=CHALLENGE.token.encode())], None, Outcome.FAILED, Reason.OTHER_FILE),
        ([_hop(body=OTHER_RECORD.file_content.encode())], None, Outcome.FAILED, Reason.OTHER_FILE),
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
    "location", [f"https://www.example.se{CHALLENGE.file_path}", f"//www.example.se{CHALLENGE.file_path}"]
)
def test_a_redirect_to_the_same_file_on_www_may_be_followed(status: int, location: str) -> None:
    assert find_target(CHALLENGE, _hop(status, location=location)) == CHALLENGE.file_url(host="www.example.se")


@pytest.mark.parametrize(
    "location",
    [
        "",
        "https://[",
        "https://evil.example" + CHALLENGE.file_path,
        "https://127.0.0.1" + CHALLENGE.file_path,
        "https://[::ffff:127.0.0.1]" + CHALLENGE.file_path,
        "https://localhost" + CHALLENGE.file_path,
        "https://shop.example.se" + CHALLENGE.file_path,
        "https://www.www.example.se" + CHALLENGE.file_path,
        "https://example.se.evil.example" + CHALLENGE.file_path,
        "http://www.example.se" + CHALLENGE.file_path,
        "https://www.example.se:8443" + CHALLENGE.file_path,
        "https://www.example.se:x" + CHALLENGE.file_path,
        "https://user@www.example.se" + CHALLENGE.file_path,
        "https://www.example.se" + CHALLENGE.file_path + "?x=y",
        "https://www.example.se" + CHALLENGE.file_path + "#x",
        "https://www.example.se/users/mallory/file",
        "/users/mallory/file",
        "javascript:alert(1)",
        "https://www.example.se" + CHALLENGE.file_path + "a" * 3000,
    ],
)
def test_no_other_redirect_may_be_followed(location: str) -> None:
    assert find_target(CHALLENGE, _hop(302, location=location)) is None


def test_an_answer_that_is_no_redirect_leads_nowhere() -> None:
    assert find_target(CHALLENGE, _hop(200, location=CHALLENGE.file_url(host="www.example.se"))) is None
    assert find_target(CHALLENGE, _hop(302)) is None


def test_two_ways_fail_together_only_where_both_failed() -> None:
    failed, silent = judge(NO_RECORD, NO_RECORD, NO_RECORD), judge(SILENT, SILENT, SILENT)
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
