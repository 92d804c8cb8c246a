"""Withdrawal: what the guarantor's register, or a signed list brought along, makes of a seal."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.keys.jwks import PublishedKey
from sigill.report.answers import Answer, Reason
from sigill.report.checks import CheckName, Detail, Outcome, outcome_of
from sigill.report.describe import describe_report
from sigill.report.judge import Report, StatusEvidence
from sigill.report.standing import Standing, State
from sigill.report.words import words
from sigill.seal.claims import StatusClaim, status_uri
from sigill.status.bits import mark_indices, pack_statuses
from sigill.status.token import TYP, ParsedStatusList, StatusList, parse_status_list, sign_status_list
from sigill.vocabulary import Language
from tests.builders_seal import ISSUER, NOW, SIGNER, Case, MemorySigner, make_case, make_trust

_IDX = 4711
_URI = status_uri(ISSUER, 7)
_LISTER = MemorySigner(90)
_WITHDRAWN_AT = NOW + timedelta(minutes=3)


def _list_key(**changes: Any) -> PublishedKey:
    return _LISTER.published(typ=TYP, **changes)


def _carrying(**list_key: Any) -> Case:
    """Return a genuine seal with a place in list 7, and a trust file that knows the list's key."""
    claim = StatusClaim(idx=_IDX, uri=_URI)
    case = make_case(change=lambda claims: replace(claims, status=claim))
    return replace(case, trust=make_trust(case.log, SIGNER.published(), _list_key(**list_key)))


_CASE = _carrying()
_PLAIN = make_case()


def _token(*marked: int, signer: MemorySigner = _LISTER, **changes: Any) -> ParsedStatusList:
    values = StatusList(
        uri=_URI, iat=NOW, exp=NOW + timedelta(hours=24), ttl_s=60, packed=mark_indices(marked, size=2**17)
    )
    return parse_status_list(sign_status_list(replace(values, **changes), signer=signer))


def _judged(*lists: ParsedStatusList, case: Case = _CASE, at: datetime | None = None) -> Report:
    return case.judge(status=StatusEvidence(lists), at=at)


def _detail(report: Report) -> Detail:
    return next(check.detail for check in report.checks if check.check is CheckName.STATUS)


# --- asking the register ---


@pytest.mark.parametrize("case", [_CASE, _PLAIN])
def test_the_register_is_believed_at_once_whatever_the_seal_carries(case: Case) -> None:
    stands = case.judge(status=StatusEvidence(asked=True))
    assert (_detail(stands), stands.answer) == (Detail.STATUS_VALID, Answer.GENUINE)
    gone = case.judge(status=StatusEvidence(asked=True, withdrawn_at=_WITHDRAWN_AT))
    assert (_detail(gone), gone.answer, gone.reason) == (Detail.WITHDRAWN, Answer.NOT_GENUINE, Reason.WITHDRAWN)
    assert gone.withdrawn_at == _WITHDRAWN_AT


@pytest.mark.parametrize("case", [_CASE, _PLAIN])
def test_a_register_that_does_not_answer_leaves_it_open(case: Case) -> None:
    report = case.judge(status=StatusEvidence(reachable=False))
    assert (_detail(report), report.answer) == (Detail.STATUS_UNKNOWN, Answer.CANNOT_SAY)


def test_the_register_is_surer_than_a_list() -> None:
    evidence = StatusEvidence((_token(_IDX),), asked=True)
    assert _detail(_CASE.judge(status=evidence)) is Detail.STATUS_VALID


# --- a list brought along ---


def test_a_seal_without_the_claim_is_as_genuine_as_before() -> None:
    report = _judged(case=_PLAIN)
    assert (_detail(report), report.answer) == (Detail.STATUS_NOT_CARRIED, Answer.GENUINE)
    assert outcome_of(Detail.STATUS_NOT_CARRIED) is Outcome.NOT_CHECKED


def test_a_seal_with_the_claim_needs_a_list_of_its_own() -> None:
    for lists in ((), (_token(uri=status_uri(ISSUER, 8)),)):
        report = _judged(*lists)
        assert _detail(report) is Detail.STATUS_UNKNOWN
        assert (report.answer, report.reason) == (Answer.CANNOT_SAY, Reason.STATUS_NOT_CHECKED)


def test_a_current_list_without_its_mark_lets_it_be_genuine() -> None:
    report = _judged(_token(_IDX - 1, _IDX + 1))
    assert (_detail(report), report.answer) == (Detail.STATUS_VALID, Answer.GENUINE)
    assert report.withdrawn_at is None


def test_a_list_with_its_mark_is_a_withdrawal() -> None:
    report = _judged(_token(_IDX))
    assert (report.answer, report.reason) == (Answer.NOT_GENUINE, Reason.WITHDRAWN)
    assert report.withdrawn_at is None  # a list names no time


@pytest.mark.parametrize(
    ("exp", "late"),
    [(NOW + timedelta(hours=1), timedelta(hours=1)), (None, timedelta(hours=24))],
)
def test_a_list_counts_until_it_runs_out_and_a_withdrawal_for_ever(exp: datetime | None, late: timedelta) -> None:
    for at, expected in (
        (NOW + late - timedelta(microseconds=1), Detail.STATUS_VALID),
        (NOW + late, Detail.STATUS_LIST_TOO_OLD),
    ):
        assert _detail(_judged(_token(exp=exp), at=at)) is expected
        assert _detail(_judged(_token(_IDX, exp=exp), at=at)) is Detail.WITHDRAWN
    assert _judged(_token(exp=exp), at=NOW + late).reason is Reason.STATUS_NOT_CHECKED


@pytest.mark.parametrize("marked", [(), (_IDX,)])
@pytest.mark.parametrize(
    ("changes", "list_key"),
    [
        ({"signer": MemorySigner(91)}, {}),
        ({"signer": SIGNER}, {}),
        ({"iat": NOW + timedelta(minutes=16)}, {}),
        ({}, {"compromised_at": NOW}),
        ({}, {"valid_from": NOW + timedelta(seconds=1)}),
        ({}, {"valid_until": NOW}),
        ({}, {"typ": "ai-verification-report+jwt"}),
        ({}, {"public_key": MemorySigner(92).private_key.public_key()}),
    ],
)
def test_a_list_that_cannot_be_believed_proves_nothing_neither_way(
    marked: tuple[int, ...], changes: dict[str, Any], list_key: dict[str, Any]
) -> None:
    case = replace(_CASE, trust=make_trust(_CASE.log, SIGNER.published(), replace(_list_key(), **list_key)))
    report = _judged(_token(*marked, **changes), case=case)
    assert _detail(report) is Detail.STATUS_LIST_WRONG
    assert (report.answer, report.reason) == (Answer.CANNOT_SAY, Reason.STATUS_NOT_CHECKED)


def test_a_place_outside_the_list_or_a_status_of_another_kind_proves_nothing() -> None:
    short = _token(packed=mark_indices([], size=4704))
    suspended = _token(packed=pack_statuses([2] * (_IDX + 1), bits=2), bits=2)
    for token in (short, suspended):
        assert _detail(_judged(token)) is Detail.STATUS_LIST_WRONG


def test_of_several_lists_the_surest_counts() -> None:
    wrong, old = _token(signer=SIGNER), _token(exp=NOW)
    assert _detail(_judged(wrong, old)) is Detail.STATUS_LIST_TOO_OLD
    assert _detail(_judged(wrong, old, _token())) is Detail.STATUS_VALID
    assert _detail(_judged(_token(), _token(_IDX, iat=NOW - timedelta(days=2), exp=NOW), wrong)) is Detail.WITHDRAWN


def test_any_changed_bit_of_a_list_is_noticed() -> None:
    token = _token()
    for position in range(0, 512, 7):
        flipped = bytearray(token.signature)
        flipped[position // 8] ^= 1 << position % 8
        assert _detail(_judged(replace(token, signature=bytes(flipped)))) is Detail.STATUS_LIST_WRONG


@settings(max_examples=40)
@given(st.sets(st.integers(0, 2**17 - 1), max_size=20))
def test_a_list_speaks_of_its_own_places_only(marked: set[int]) -> None:
    expected = Detail.WITHDRAWN if _IDX in marked else Detail.STATUS_VALID
    assert _detail(_judged(_token(*marked))) is expected


# --- what is said ---


def test_altered_words_are_said_before_a_withdrawal() -> None:
    gone = StatusEvidence(asked=True, withdrawn_at=_WITHDRAWN_AT)
    assert _CASE.judge(status=gone, text="Betala nu.").reason is Reason.TEXT_ALTERED
    assert _CASE.judge(status=gone, text=None).reason is Reason.WITHDRAWN
    expired = _CASE.claims.exp + timedelta(days=1)
    assert _CASE.judge(status=gone, at=expired).reason is Reason.WITHDRAWN


def test_a_forged_seal_says_nothing_of_withdrawal() -> None:
    case = replace(_CASE, trust=make_trust(_CASE.log, MemorySigner(31).published()))
    report = case.judge(status=StatusEvidence(asked=True, withdrawn_at=_WITHDRAWN_AT))
    assert _detail(report) is Detail.SIGNATURE_FIRST
    assert report.withdrawn_at is None


def test_standing_and_status_are_two_things() -> None:
    since = Standing(State.VERIFIED, State.REVOKED)
    assert _CASE.judge(status=StatusEvidence((_token(),)), standing=since).answer is Answer.GENUINE
    assert _CASE.judge(status=StatusEvidence((_token(_IDX),)), standing=since).reason is Reason.WITHDRAWN


@pytest.mark.parametrize("language", list(Language))
def test_the_day_leads_where_it_is_known(language: Language) -> None:
    said = words(language)
    known = _CASE.judge(status=StatusEvidence(asked=True, withdrawn_at=_WITHDRAWN_AT))
    shape = describe_report(known, said, trust=_CASE.trust, receipt=_CASE.receipt)
    assert shape["headline"] == said.label("withdrawn_on", time="2026-11-22")
    assert shape["withdrawn_at"] == "2026-11-22T12:03:00+00:00"
    by_list = describe_report(_judged(_token(_IDX)), said, trust=_CASE.trust, receipt=None)
    assert by_list["headline"] == said.reason(Reason.WITHDRAWN).headline
    assert by_list["withdrawn_at"] is None
