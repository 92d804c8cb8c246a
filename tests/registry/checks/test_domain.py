from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from registry.asking.txt import TxtAnswer, TxtOutcome
from registry.checks.domain import Reason, judge_challenge
from registry.checks.outcome import Outcome
from tests.registry.checks.builders_domain import AT, CHALLENGE, NO_RECORD, OTHER_RECORD, SILENT, answer_of, judge

_OURS: Final = (CHALLENGE.record.encode(),)


def _found(*records: bytes, authenticated: bool = False) -> TxtAnswer:
    return TxtAnswer(
        resolver="", outcome=TxtOutcome.RECORDS, records=records, authenticated=authenticated, message=b"wire"
    )


_YES: Final = _found(*_OURS)


@pytest.mark.parametrize(
    ("answers", "outcome", "reason"),
    [
        ([_YES, _YES, _YES], Outcome.PASSED, Reason.RECORD_FOUND),
        ([_YES, SILENT, _YES], Outcome.PASSED, Reason.RECORD_FOUND),
        ([_YES, NO_RECORD, _YES], Outcome.PASSED, Reason.RECORD_FOUND),
        ([NO_RECORD, NO_RECORD, NO_RECORD], Outcome.FAILED, Reason.NO_RECORD),
        ([NO_RECORD, _YES, NO_RECORD], Outcome.FAILED, Reason.NO_RECORD),
        ([answer_of(TxtOutcome.NO_RECORDS), NO_RECORD, SILENT], Outcome.FAILED, Reason.NO_RECORD),
        ([_found(b"v=spf1 -all"), NO_RECORD, NO_RECORD], Outcome.FAILED, Reason.OTHER_RECORDS),
        ([_YES, NO_RECORD, SILENT], Outcome.COULD_NOT_BE_CHECKED, Reason.RESOLVERS_DISAGREE),
        ([_YES, SILENT, SILENT], Outcome.COULD_NOT_BE_CHECKED, Reason.RESOLVERS_SILENT),
        ([NO_RECORD, SILENT, SILENT], Outcome.COULD_NOT_BE_CHECKED, Reason.RESOLVERS_SILENT),
        (
            [SILENT, answer_of(TxtOutcome.REFUSED), answer_of(TxtOutcome.BROKEN)],
            Outcome.COULD_NOT_BE_CHECKED,
            Reason.RESOLVERS_SILENT,
        ),
    ],
)
def test_resolvers_vote_and_silence_is_no_vote(answers: list[TxtAnswer], outcome: Outcome, reason: Reason) -> None:
    result = judge(*answers)

    assert (result.outcome, result.reason) == (outcome, reason)
    assert (result.valid_until is None) == (outcome is not Outcome.PASSED)


def test_a_resolver_that_says_otherwise_is_named() -> None:
    denied = judge(_YES, NO_RECORD, _YES)
    claimed = judge(NO_RECORD, NO_RECORD, _YES)

    assert denied.facts["outvoted"] == "192.0.2.2"
    assert "192.0.2.2 did not find it" in denied.detail
    assert claimed.facts["outvoted"] == "192.0.2.3"
    assert "192.0.2.3 found it" in claimed.detail


def test_resolvers_that_gave_no_answer_are_named() -> None:
    assert judge(_YES, SILENT, SILENT).facts["silent"] == "192.0.2.2, 192.0.2.3"


def test_a_failure_says_what_to_publish() -> None:
    for answers in ([NO_RECORD] * 3, [_found(b"x")] * 3, [_found(CHALLENGE.record_token.encode() + b" x")] * 3):
        detail = judge(*answers).detail

        assert CHALLENGE.record in detail
        assert CHALLENGE.record_name in detail


@pytest.mark.parametrize(
    "records",
    [
        [*[b"number %d" % number for number in range(500)], *_OURS],
        [b"x" * 300, b"\xff" * 300, *_OURS],
        [CHALLENGE.record_token.encode()],
        [f"token={CHALLENGE.record_token} expiry=never".encode()],
        [f"token={CHALLENGE.record_token} expiry=2020-01-01".encode(), *_OURS],
        [OTHER_RECORD.record.encode(), *_OURS],
    ],
)
def test_one_right_record_among_others_is_enough(records: Sequence[bytes]) -> None:
    assert judge(*[_found(*records)] * 3).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"x" * 300,
        CHALLENGE.record_token.lower().encode(),
        CHALLENGE.record_token[:-1].encode(),
        CHALLENGE.token.encode(),
        CHALLENGE.file_content.encode(),
        b" " + _OURS[0],
        _OURS[0] + b"\n",
        _OURS[0] + b" expiry=never",
        OTHER_RECORD.record.encode(),  # the same token, bound to another operator's key
    ],
)
def test_no_other_text_is_the_record(record: bytes) -> None:
    result = judge(*[_found(record)] * 3)

    assert (result.outcome, result.reason) == (Outcome.FAILED, Reason.OTHER_RECORDS)


def test_a_record_counts_until_its_own_end_and_not_a_moment_longer() -> None:
    record = f"token={CHALLENGE.record_token} expiry=2026-12-01T00:00:00Z".encode()
    end = datetime(2026, 12, 1, tzinfo=UTC)
    before = judge(*[_found(record)] * 3, at=end - timedelta(microseconds=1))
    after = judge(*[_found(record)] * 3, at=end)

    assert (before.outcome, before.valid_until) == (Outcome.PASSED, end)
    assert (after.outcome, after.reason) == (Outcome.FAILED, Reason.RECORD_OVER)


def test_a_check_is_good_for_ninety_days_but_not_beyond_the_challenge() -> None:
    assert judge(_YES, _YES, _YES).valid_until == AT + timedelta(days=90)
    late = CHALLENGE.ends - timedelta(days=1)
    assert judge(_YES, _YES, _YES, at=late).valid_until == CHALLENGE.ends


def test_a_challenge_is_over_at_the_end_of_its_last_day() -> None:
    assert judge_challenge(CHALLENGE, at=CHALLENGE.ends - timedelta(microseconds=1), method="x") is None
    over = judge_challenge(CHALLENGE, at=CHALLENGE.ends, method="x")
    assert over is not None
    assert (over.outcome, over.reason) == (Outcome.FAILED, Reason.CHALLENGE_OVER)


def test_every_answer_is_stored_as_it_came() -> None:
    stored = judge(_YES, NO_RECORD, SILENT).answers

    assert [answer.source for answer in stored] == [
        "dns:_sigill-challenge.example.se/TXT@192.0.2.1",
        "dns:_sigill-challenge.example.se/TXT@192.0.2.2",
    ]
    assert {answer.body for answer in stored} == {b"wire"}


def test_dnssec_counts_where_every_answer_was_authenticated() -> None:
    safe = _found(*_OURS, authenticated=True)

    assert judge(safe, safe, SILENT).facts["dnssec"] == "yes"
    assert judge(safe, safe, _YES).facts["dnssec"] == "no"
    assert judge(SILENT, SILENT, SILENT).facts["dnssec"] == "no"


@pytest.mark.parametrize(("resolvers", "needed"), [(3, 1), (3, 4), (3, 0), (2, 1), (4, 2), (0, 0), (1, 2)])
def test_no_two_outcomes_can_both_have_enough_votes(resolvers: int, needed: int) -> None:
    with pytest.raises(ValueError, match="more than half"):
        judge(*[_YES] * resolvers, needed=needed)


def test_operators_can_look_up_every_reason() -> None:
    page = (Path(__file__).parents[3] / "docs" / "domain-control.md").read_text()

    assert [reason for reason in Reason if f"`{reason}`" not in page] == []
