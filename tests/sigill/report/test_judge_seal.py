"""Judging whole seals: every answer by a real case, and every changed input by its own reason."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.encoding.base64url import format_base64url
from sigill.errors import NotCanonicalisable
from sigill.report.answers import TABLE, Answer, Circumstance, Fact, Reason, Row
from sigill.report.checks import ALWAYS, CheckName, Detail, Outcome
from sigill.report.content import Presented
from sigill.report.judge import CLOCK_TOLERANCE, LogEvidence, Report, StatusEvidence, judge_seal, report_without_seal
from sigill.report.openers import BroughtOpener, DerivingOpener
from sigill.report.standing import Standing, State
from sigill.report.trust import Trust
from sigill.seal.claims import SealClaims, StatusClaim, audience_of, operator_url, status_uri
from sigill.seal.disclosures import AddressType, Name
from sigill.seal.token import format_seal, parse_seal
from sigill.status.token import TYP as STATUS_TYP
from sigill.status.token import StatusList, parse_status_list, sign_status_list
from sigill.text.links import link_hash
from sigill.text.nu1 import MAX_TEXT_BYTES, HiddenCharacters, canonical_h
from sigill.text.search import windows
from sigill.tlog.standard_base64 import format_base64, parse_base64
from sigill.tlog.witnessed import join_proofs
from tests.builders_presence import UP, Authenticator, passkey_proof, released_case
from tests.builders_root import ROOT_ORIGIN, second_proof_of, witnessed
from tests.builders_seal import (
    EMAIL,
    ISSUER,
    LIFETIME,
    NOW,
    OPERATOR_ID,
    SALT_KEY,
    SIGNER,
    Case,
    MemoryLog,
    MemorySigner,
    make_case,
    make_trust,
    some_hash,
)

_LINK = "https://exempelbanken.example/kort"
_CASE = make_case(links=[_LINK], files=[some_hash(3)])
_LINKS = (format_base64url(link_hash(_LINK)),)
_OTHER_KEY = MemorySigner(30)
_VERIFIED = Standing(State.VERIFIED, State.VERIFIED)


def _with_keys(case: Case, *keys: MemorySigner, as_of: datetime | None = None) -> Case:
    trust = make_trust(case.log, *(key.published() for key in keys), as_of=as_of)
    return replace(case, trust=trust)


def _key_changed(**changes: Any) -> Case:
    return replace(_CASE, trust=make_trust(_CASE.log, SIGNER.published(**changes)))


def _elsewhere(claims: SealClaims) -> SealClaims:
    issuer = "https://other.example"
    return replace(claims, iss=issuer, aud=audience_of(issuer), sub=operator_url(issuer, OPERATOR_ID))


def _forged() -> Case:
    """A seal whose header names the guarantor's key, signed by somebody else."""
    forger = MemorySigner(31)
    forger._kid = SIGNER.kid
    case = make_case(signer=forger)
    return replace(case, trust=make_trust(case.log, SIGNER.published()))


def _holding(case: Case, *without: Name) -> Case:
    return replace(case, seal=case.without(*without))


def _derived(case: Case) -> DerivingOpener:
    return DerivingOpener(case.parsed, salt_keys=[SALT_KEY])


def _known_to_stand(recipient: tuple[AddressType, str] | None, now: State) -> Callable[[], Report]:
    """Return the judging of a seal that the guarantor's register says nobody withdrew."""
    standing, status = Standing(State.VERIFIED, now), StatusEvidence(asked=True)
    return lambda: make_case(recipient=recipient).judge(standing=standing, status=status)


def _replaced(recipient: tuple[AddressType, str] | None, *, asked: bool) -> Callable[[], Report]:
    """Return the judging of a seal that the guarantor's register knows a newer version of."""
    case = make_case(recipient=recipient)
    presented = Presented(text=case.text, recipient=recipient)
    evidence = case.evidence(presented, status=StatusEvidence(asked=asked))
    return lambda: judge_seal(case.parsed, replace(evidence, newer_version_at=NOW))


def _erased(recipient: tuple[AddressType, str] | None, *, asked: bool) -> Callable[[], Report]:
    """Return the judging of a seal of which the log holds the hash only, with a proof of it."""
    case = make_case(recipient=recipient)
    log, status = LogEvidence(case.receipt, erased=True), StatusEvidence(asked=asked)
    return lambda: case.judge(log=log, status=status)


def _with_second_proof_of(other: Case) -> Report:
    """Judge a seal whose receipt carries another message's second proof."""
    case = witnessed(_CASE, times={"W1": NOW, "W2": NOW})
    assert other.receipt is not None
    assert case.receipt is not None
    second = second_proof_of(other.receipt, MemoryLog(ROOT_ORIGIN, seed=8), {"W1": NOW, "W2": NOW})
    return case.judge(log=LogEvidence(join_proofs(case.receipt, second)))


_SINCE = {
    State.VERIFIED: Reason.GENUINE,
    State.SUSPENDED: Reason.GENUINE_OPERATOR_SUSPENDED_SINCE,
    State.REVOKED: Reason.GENUINE_OPERATOR_REVOKED_SINCE,
}
_STATUS_LIST = parse_status_list(
    sign_status_list(
        StatusList(uri=status_uri(ISSUER, 7), iat=NOW, exp=NOW + timedelta(minutes=5), packed=bytes(8)), signer=SIGNER
    )
)


def _listed(status: StatusEvidence, **list_key: Any) -> Report:
    """Judge a seal with a place in list 7, ten minutes after it was made."""
    case = make_case(change=lambda claims: replace(claims, status=StatusClaim(idx=3, uri=status_uri(ISSUER, 7))))
    key = SIGNER.published(typ=STATUS_TYP, **list_key)
    return replace(case, trust=make_trust(case.log, SIGNER.published(), key)).judge(status=status)


def _falsely_released() -> Report:
    """Judge a seal that says it was released, with evidence of nobody being verified."""
    made = released_case(prove=lambda statement: passkey_proof(Authenticator(), statement, flags=UP))
    usual = made.case.evidence(Presented(text=made.case.text, recipient=made.case.recipient))
    return judge_seal(made.seal, replace(usual, release=made.data))


_REAL: dict[str, tuple[Callable[[], Report], Answer, Reason]] = (
    {
        "everything as it should be": (_CASE.judge, Answer.GENUINE, Reason.GENUINE),
        "a release that does not hold": (_falsely_released, Answer.NOT_GENUINE, Reason.RELEASE_WRONG),
        "not bound to a recipient": (make_case(recipient=None).judge, Answer.GENUINE, Reason.GENUINE),
        "suspended since": (
            lambda: _CASE.judge(standing=Standing(State.VERIFIED, State.SUSPENDED)),
            Answer.GENUINE,
            Reason.GENUINE_OPERATOR_SUSPENDED_SINCE,
        ),
        "revoked since": (
            lambda: _CASE.judge(standing=Standing(State.VERIFIED, State.REVOKED)),
            Answer.GENUINE,
            Reason.GENUINE_OPERATOR_REVOKED_SINCE,
        ),
        "suspended since and not bound": (
            lambda: make_case(recipient=None).judge(standing=Standing(State.VERIFIED, State.SUSPENDED)),
            Answer.GENUINE,
            Reason.GENUINE_OPERATOR_SUSPENDED_SINCE,
        ),
        "revoked since and not bound": (
            lambda: make_case(recipient=None).judge(standing=Standing(State.VERIFIED, State.REVOKED)),
            Answer.GENUINE,
            Reason.GENUINE_OPERATOR_REVOKED_SINCE,
        ),
        "another head's second proof": (
            lambda: _with_second_proof_of(make_case("Another message", number=2)),
            Answer.NOT_GENUINE,
            Reason.NOT_IN_THE_ROOT_LOG,
        ),
        "no text": (lambda: _CASE.judge(text=None), Answer.INCOMPLETE, Reason.GIVE_CONTENT),
        "no recipient": (lambda: _CASE.judge(recipient=None), Answer.INCOMPLETE, Reason.GIVE_RECIPIENT),
        "neither": (
            lambda: _CASE.judge(text=None, recipient=None),
            Answer.INCOMPLETE,
            Reason.GIVE_CONTENT_AND_RECIPIENT,
        ),
        "a footer added": (
            lambda: _CASE.judge(text=f"{_CASE.text}\n\nRing 08-123 och uppge din kod!"),
            Answer.INCOMPLETE,
            Reason.PARTLY_COVERED,
        ),
        "a key nobody published": (
            lambda: _with_keys(_CASE, _OTHER_KEY).judge(),
            Answer.NOT_GENUINE,
            Reason.KEY_UNKNOWN,
        ),
        "a forged signature": (lambda: _forged().judge(), Answer.NOT_GENUINE, Reason.SIGNATURE_WRONG),
        "a key not yet in use": (
            lambda: _key_changed(valid_from=NOW + timedelta(seconds=1)).judge(),
            Answer.NOT_GENUINE,
            Reason.KEY_NOT_VALID_THEN,
        ),
        "a compromised key": (
            lambda: _key_changed(compromised_at=NOW + timedelta(days=9)).judge(),
            Answer.NOT_GENUINE,
            Reason.KEY_COMPROMISED,
        ),
        "not verified then": (
            lambda: _CASE.judge(standing=Standing(State.SUSPENDED, State.VERIFIED)),
            Answer.NOT_GENUINE,
            Reason.OPERATOR_NOT_IN_STANDING,
        ),
        "the receipt of another seal": (
            lambda: _CASE.judge(log=LogEvidence(make_case("Another text").receipt)),
            Answer.NOT_GENUINE,
            Reason.NOT_IN_THE_LOG,
        ),
        "absent from the log": (
            lambda: _CASE.judge(log=LogEvidence(None, absent=True)),
            Answer.NOT_GENUINE,
            Reason.NOT_IN_THE_LOG,
        ),
        "another text": (lambda: _CASE.judge(text="Hej Anna!"), Answer.NOT_GENUINE, Reason.TEXT_ALTERED),
        "another text under a copied code": (
            lambda: _CASE.judge(text="Betala 500 kr nu.", found_by_code=True),
            Answer.NOT_GENUINE,
            Reason.CODE_OF_ANOTHER_MESSAGE,
        ),
        "a foreign link": (lambda: _CASE.judge(foreign_link=True), Answer.NOT_GENUINE, Reason.LINK_NOT_OURS),
        "another recipient": (
            lambda: _CASE.judge(recipient=(AddressType.EMAIL, "bo@example.se")),
            Answer.NOT_GENUINE,
            Reason.OTHER_RECIPIENT,
        ),
        "another link": (lambda: _CASE.judge(links=(some_hash(4),)), Answer.NOT_GENUINE, Reason.LINKS_ALTERED),
        "another attachment": (lambda: _CASE.judge(files=(some_hash(4),)), Answer.NOT_GENUINE, Reason.FILES_ALTERED),
        "hidden characters": (
            lambda: _CASE.judge(text=_CASE.text.replace("kort", "ko\u200brt")),
            Answer.CANNOT_SAY,
            Reason.HIDDEN_CHARACTERS,
        ),
        "another guarantor": (
            lambda: make_case(change=_elsewhere).judge(),
            Answer.CANNOT_SAY,
            Reason.GUARANTOR_UNKNOWN,
        ),
        "a trust file older than the seal": (
            lambda: _with_keys(_CASE, _OTHER_KEY, as_of=NOW - timedelta(minutes=6)).judge(),
            Answer.CANNOT_SAY,
            Reason.KEY_LIST_TOO_OLD,
        ),
        "expired": (lambda: _CASE.judge(at=NOW + LIFETIME), Answer.CANNOT_SAY, Reason.EXPIRED),
        "from the future": (
            lambda: _CASE.judge(at=NOW - CLOCK_TOLERANCE - timedelta(seconds=1)),
            Answer.CANNOT_SAY,
            Reason.FROM_THE_FUTURE,
        ),
        "a test operator's": (make_case(test=True).judge, Answer.CANNOT_SAY, Reason.TEST_SEAL),
        "no receipt": (lambda: _CASE.judge(log=LogEvidence(None)), Answer.CANNOT_SAY, Reason.LOG_NOT_CHECKED),
        "the log away": (
            lambda: _CASE.judge(log=LogEvidence(None, reachable=False)),
            Answer.CANNOT_SAY,
            Reason.LOG_NOT_CHECKED,
        ),
        "a log nobody listed": (
            lambda: replace(_CASE, trust=replace(_CASE.trust, logs={})).judge(),
            Answer.CANNOT_SAY,
            Reason.LOG_NOT_CHECKED,
        ),
        "the text's disclosure left out": (
            lambda: _holding(_CASE, Name.MSG).judge(),
            Answer.CANNOT_SAY,
            Reason.CONTENT_NOT_OPENABLE,
        ),
        "the recipient's disclosure left out": (
            lambda: _holding(_CASE, Name.RCP_OPEN).judge(),
            Answer.CANNOT_SAY,
            Reason.RECIPIENT_NOT_OPENABLE,
        ),
        "withdrawn": (
            lambda: _CASE.judge(status=StatusEvidence(asked=True, withdrawn_at=NOW)),
            Answer.NOT_GENUINE,
            Reason.WITHDRAWN,
        ),
        "no status list": (lambda: _listed(StatusEvidence()), Answer.CANNOT_SAY, Reason.STATUS_NOT_CHECKED),
        "an old status list": (
            lambda: _listed(StatusEvidence((_STATUS_LIST,))),
            Answer.CANNOT_SAY,
            Reason.STATUS_NOT_CHECKED,
        ),
        "a status list not to be believed": (
            lambda: _listed(StatusEvidence((_STATUS_LIST,)), compromised_at=NOW),
            Answer.CANNOT_SAY,
            Reason.STATUS_NOT_CHECKED,
        ),
    }
    | {
        f"known to stand, {now} now, for {recipient}": (_known_to_stand(recipient, now), Answer.GENUINE, reason)
        for now, reason in _SINCE.items()
        for recipient in (EMAIL, None)
    }
    | {
        f"newer version of one for {recipient}, {'known to stand' if asked else 'no list'}": (
            _replaced(recipient, asked=asked),
            Answer.GENUINE,
            Reason.GENUINE_NEWER_VERSION,
        )
        for recipient in (EMAIL, None)
        for asked in (True, False)
    }
    | {
        f"one for {recipient}, erased since, {'known to stand' if asked else 'no list'}": (
            _erased(recipient, asked=asked),
            Answer.GENUINE,
            Reason.GENUINE_ERASED_SINCE,
        )
        for recipient in (EMAIL, None)
        for asked in (True, False)
    }
)


@pytest.mark.parametrize("name", _REAL)
def test_each_case_has_its_answer_and_reason(name: str) -> None:
    make, answer, reason = _REAL[name]
    report = make()
    assert (report.answer, report.reason) == (answer, reason)


def test_every_row_of_the_table_is_reached_by_a_real_case() -> None:
    reached = {id(_row_of(name, make())) for name, (make, _, _) in _REAL.items()}
    assert [row.reason for row in TABLE if id(row) not in reached] == []


def test_every_reason_a_seal_can_have_is_reached_by_a_real_case() -> None:
    without_seal = {Reason.UNSIGNED, Reason.SEAL_UNREADABLE, Reason.CODE_UNKNOWN}
    assert {reason for _, _, reason in _REAL.values()} == set(Reason) - without_seal


def _row_of(name: str, report: Report) -> Row:
    facts: set[Fact] = {check.detail for check in report.checks}
    if "copied code" in name:
        facts.add(Circumstance.FOUND_BY_CODE)
    if "foreign link" in name:
        facts.add(Circumstance.FOREIGN_LINK)
    if "newer version" in name:
        facts.add(Circumstance.NEWER_VERSION)
    if "erased" in name:
        facts.add(Circumstance.ERASED_SINCE)
    if "test operator" in name:
        facts.add(Circumstance.TEST_ENVIRONMENT)
    return next(row for row in TABLE if row.when <= facts)


def _outcomes(report: Report) -> dict[CheckName, Outcome]:
    return {check.check: check.outcome for check in report.checks}


def test_every_check_is_reported_once_and_in_order_whatever_the_answer() -> None:
    for make, _, _ in _REAL.values():
        assert [check.check for check in make().checks][: len(ALWAYS)] == list(ALWAYS)


def test_nothing_after_a_failed_signature_is_looked_at() -> None:
    outcomes = list(_outcomes(_forged().judge()).values())
    assert outcomes == [Outcome.PASSED, Outcome.FAILED, *[Outcome.NOT_CHECKED] * 10]


def test_the_sender_is_proven_only_when_issuer_and_signature_passed() -> None:
    unproven = {"a key nobody published", "a forged signature", "a key not yet in use", "a compromised key"}
    unproven |= {"another guarantor", "a trust file older than the seal"}
    for name, (make, _, _) in _REAL.items():
        assert (make().proven is None) == (name in unproven), name


def test_what_carries_no_seal_is_never_called_fake() -> None:
    for reason in (Reason.UNSIGNED, Reason.SEAL_UNREADABLE, Reason.CODE_UNKNOWN):
        report = report_without_seal(reason)
        assert report.answer is Answer.CANNOT_SAY
        assert report.proven is None
        assert report.checks == ()


# --- boundary instants ---


@pytest.mark.parametrize(
    ("at", "detail"),
    [
        (NOW - CLOCK_TOLERANCE - timedelta(microseconds=1), Detail.FROM_THE_FUTURE),
        (NOW - CLOCK_TOLERANCE, Detail.WITHIN_VALIDITY),
        (NOW + LIFETIME - timedelta(microseconds=1), Detail.WITHIN_VALIDITY),
        (NOW + LIFETIME, Detail.EXPIRED),
    ],
)
def test_a_seal_counts_from_its_time_until_just_before_its_end(at: datetime, detail: Detail) -> None:
    assert _CASE.judge(at=at).checks[2].detail is detail


@pytest.mark.parametrize(
    ("begin", "end", "detail"),
    [
        (NOW, NOW + timedelta(seconds=1), Detail.SIGNATURE_VERIFIES),
        (NOW - timedelta(seconds=1), NOW, Detail.KEY_NOT_VALID_THEN),
        (NOW + timedelta(seconds=1), NOW + timedelta(seconds=2), Detail.KEY_NOT_VALID_THEN),
    ],
)
def test_a_key_signs_from_its_beginning_until_just_before_its_end(
    begin: datetime, end: datetime, detail: Detail
) -> None:
    assert _key_changed(valid_from=begin, valid_until=end).judge().checks[1].detail is detail


@pytest.mark.parametrize(
    ("as_of", "reason"),
    [
        (NOW - CLOCK_TOLERANCE - timedelta(seconds=1), Reason.KEY_LIST_TOO_OLD),
        (NOW - CLOCK_TOLERANCE, Reason.KEY_UNKNOWN),
        (NOW, Reason.KEY_UNKNOWN),
    ],
)
def test_a_key_missing_from_a_list_as_old_as_the_seal_is_unknown(as_of: datetime, reason: Reason) -> None:
    assert _with_keys(_CASE, _OTHER_KEY, as_of=as_of).judge().reason is reason


def test_an_operator_in_standing_then_and_now_is_as_good_as_the_seal_s_word() -> None:
    assert _CASE.judge(standing=_VERIFIED).reason is Reason.GENUINE
    assert _CASE.judge(standing=Standing(State.VERIFIED, State.APPLIED)).reason is Reason.GENUINE


# --- the log ---


def test_a_receipt_signed_by_another_log_s_key_proves_nothing() -> None:
    stranger = MemoryLog(seed=8)
    index = stranger.append_seal(_CASE.parsed.jws.text)
    report = _CASE.judge(log=LogEvidence(stranger.receipt(index)))
    assert (report.answer, report.reason) == (Answer.CANNOT_SAY, Reason.LOG_NOT_CHECKED)
    assert Detail.LOG_KEY_UNKNOWN in {check.detail for check in report.checks}


def test_a_receipt_by_the_log_s_next_key_is_believed_by_who_knows_it_and_no_accusation_by_who_does_not() -> None:
    taken_over = MemoryLog(seed=8)
    receipt = taken_over.receipt(taken_over.append_seal(_CASE.parsed.jws.text))
    before = _CASE.trust.logs[OPERATOR_ID]
    after = replace(taken_over.trusted(), former=(before.vkey,))
    newer = replace(_CASE, trust=replace(_CASE.trust, logs={OPERATOR_ID: after}))
    for shown in (receipt, _CASE.receipt):
        assert newer.judge(log=LogEvidence(shown)).reason is Reason.GENUINE
    assert _CASE.judge(log=LogEvidence(receipt)).answer is Answer.CANNOT_SAY


def test_a_wrong_signature_in_the_name_of_a_known_key_of_the_log_is_not_in_the_log() -> None:
    head, mark, line = (_CASE.receipt or "").rpartition(" ")
    signature = bytearray(parse_base64(line.rstrip("\n")))
    signature[-1] ^= 1
    forged = f"{head}{mark}{format_base64(bytes(signature))}\n"
    assert _CASE.judge(log=LogEvidence(forged)).reason is Reason.NOT_IN_THE_LOG


def test_a_receipt_of_another_operator_s_log_proves_nothing() -> None:
    other = MemoryLog("guarantor.example/log/another")
    index = other.append_seal(_CASE.parsed.jws.text)
    logs = dict(_CASE.trust.logs) | {"another": other.trusted("another")}
    case = replace(_CASE, trust=replace(_CASE.trust, logs=logs))
    assert case.judge(log=LogEvidence(other.receipt(index))).reason is Reason.NOT_IN_THE_LOG


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.integers(0, len(_CASE.receipt or "")))
def test_a_receipt_with_anything_put_into_it_proves_nothing_or_the_same(put: str, place: int) -> None:
    receipt = _CASE.receipt or ""
    report = _CASE.judge(log=LogEvidence(receipt[:place] + put + receipt[place:]))
    assert report.reason in {Reason.NOT_IN_THE_LOG, Reason.LOG_NOT_CHECKED, Reason.GENUINE}
    if put == "":
        assert report.reason is Reason.GENUINE


# --- content ---


def test_the_embedded_text_is_the_sealed_text_to_the_byte() -> None:
    report = _CASE.judge(text=_CASE.embedded)
    assert report.reason is Reason.GENUINE
    assert report.content is not None
    assert report.content.exact is Detail.SAME_BYTES
    assert report.content.matched == _CASE.text


def test_other_spacing_is_genuine_and_said() -> None:
    report = _CASE.judge(text=_CASE.text.replace(" ", "\u00a0"))
    assert report.reason is Reason.GENUINE
    assert report.content is not None
    assert report.content.exact is Detail.OTHER_SPACING


def test_bytes_cannot_be_compared_without_their_disclosure() -> None:
    report = _holding(_CASE, Name.MSGX).judge()
    assert report.reason is Reason.GENUINE
    assert report.content is not None
    assert report.content.exact is Detail.BYTES_NOT_COMPARED


def test_only_the_covered_part_of_a_quoted_mail_is_shown_as_covered() -> None:
    quoted = "\n".join(f"> {line}" for line in _CASE.text.split("\n"))
    report = _CASE.judge(text=f"Är detta äkta?\n\n{quoted}\n\nHälsningar Anna")
    assert report.reason is Reason.PARTLY_COVERED
    assert report.content is not None
    assert report.content.matched == _CASE.text
    assert (report.content.before, report.content.after) == ("Är detta äkta?", "Hälsningar Anna")


def test_a_text_that_stayed_with_the_customer_is_compared_by_its_hash() -> None:
    whole = format_base64url(canonical_h(_CASE.text))
    assert _CASE.judge(text=None, hashes=(whole,)).reason is Reason.GENUINE
    assert _CASE.judge(text=None, hashes=(some_hash(1),)).reason is Reason.TEXT_ALTERED
    pasted = f"{_CASE.text}\n\nMer"
    hashes = tuple(format_base64url(canonical_h(piece)) for piece in windows(pasted))
    assert _CASE.judge(text=None, hashes=hashes).reason is Reason.PARTLY_COVERED


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
@example("")
@example("> \u200d")
@example("\ud800")
def test_any_text_gets_an_answer_and_never_genuine_unless_it_is_the_text(text: str) -> None:
    report = _CASE.judge(text=text)
    assert report.answer is not Answer.GENUINE
    assert report.answer in {Answer.NOT_GENUINE, Answer.CANNOT_SAY}


@pytest.mark.parametrize("text", ["a" * (MAX_TEXT_BYTES + 1), "å" * (MAX_TEXT_BYTES // 2 + 1), "\U0001d160" * 60_000])
def test_a_text_too_long_to_compare_is_refused_and_not_called_hidden_characters(text: str) -> None:
    with pytest.raises(NotCanonicalisable, match="at most") as caught:
        _CASE.judge(text=text)
    assert not isinstance(caught.value, HiddenCharacters)


# --- guessing ---

_PIN = "Din kod är 4711."
_LONG = "Hej Anna, ditt möte är på torsdag klockan tio."


@pytest.mark.parametrize(("text", "reason"), [(_PIN, Reason.CODE_OF_ANOTHER_MESSAGE), (_LONG, Reason.PARTLY_COVERED)])
def test_a_short_line_among_many_is_no_part_of_a_text_nobody_disclosed(text: str, reason: Reason) -> None:
    case = make_case(text)
    bare = replace(case, seal=case.parsed.jws.text + "~")
    guesses = "\n\n".join([*(f"Din kod är {number}." for number in range(4700, 4720)), _LONG])
    assert bare.judge(text=guesses, opener=_derived(bare), found_by_code=True).reason is reason
    assert bare.judge(text=text, opener=_derived(bare), found_by_code=True).reason is Reason.GENUINE
    assert case.judge(text=guesses).reason is Reason.PARTLY_COVERED  # the disclosure was brought: no guess needed


def test_a_seal_that_a_code_gave_is_no_better_to_guess_with_than_the_code() -> None:
    case = make_case(_PIN)
    bare = replace(case, seal=case.parsed.jws.text + "~")
    assert bare.judge(text=f"{_PIN}\n\nannat", opener=_derived(bare)).reason is Reason.TEXT_ALTERED


def test_of_hashes_only_the_first_twenty_are_tried_on_a_text_nobody_disclosed() -> None:
    bare = replace(_CASE, seal=_CASE.parsed.jws.text + "~")
    right = format_base64url(canonical_h(_CASE.text))
    for before, reason in ((19, Reason.PARTLY_COVERED), (20, Reason.TEXT_ALTERED)):
        hashes = (*[some_hash(1)] * before, right)
        assert bare.judge(text=None, hashes=hashes, opener=_derived(bare)).reason is reason
        assert _CASE.judge(text=None, hashes=hashes).reason is Reason.PARTLY_COVERED


@pytest.mark.parametrize("text", [None, "Another", "ko\u200brt"])
def test_links_and_files_say_nothing_and_open_nothing_before_the_words_match(text: str | None) -> None:
    right = _CASE.judge(text=text, opener=_derived(_CASE), links=_LINKS, files=(some_hash(3),))
    wrong = _CASE.judge(text=text, opener=_derived(_CASE), links=(some_hash(4),), files=())
    assert right == wrong
    details = {check.check: check.detail for check in right.checks}
    assert details[CheckName.LINKS] is details[CheckName.FILES] is Detail.CONTENT_FIRST
    assert right.shown == format_seal(_CASE.parsed.jws.text, [])


# --- links, files, recipient ---


def test_the_sealed_links_and_files_match() -> None:
    report = _CASE.judge(links=_LINKS, files=(some_hash(3),))
    outcomes = _outcomes(report)
    assert report.reason is Reason.GENUINE
    assert outcomes[CheckName.LINKS] is outcomes[CheckName.FILES] is Outcome.PASSED


def test_links_that_went_missing_fail_and_links_not_brought_are_not_checked() -> None:
    assert _CASE.judge(links=()).reason is Reason.LINKS_ALTERED
    assert _outcomes(_CASE.judge())[CheckName.LINKS] is Outcome.NOT_CHECKED


def test_links_without_their_disclosure_are_not_checked() -> None:
    report = _holding(_CASE, Name.LINKS).judge(links=_LINKS)
    assert report.reason is Reason.GENUINE
    assert _outcomes(report)[CheckName.LINKS] is Outcome.NOT_CHECKED


@pytest.mark.parametrize("kind", list(AddressType))
def test_the_right_address_of_another_type_is_another_recipient(kind: AddressType) -> None:
    report = _CASE.judge(recipient=(kind, "anna.berg@example.se"))
    assert (report.reason is Reason.GENUINE) == (kind is AddressType.EMAIL)


# --- the guarantor's own way of opening ---


def test_the_guarantor_opens_a_seal_that_brought_no_disclosure() -> None:
    bare = replace(_CASE, seal=_CASE.parsed.jws.text + "~")
    report = bare.judge(opener=_derived(bare), links=_LINKS, files=(some_hash(3),))
    assert report.reason is Reason.GENUINE
    assert report.shown is not None
    names = [item.name for item in parse_seal(report.shown).disclosures]
    assert names == [Name.MSG, Name.LINKS, Name.FILES]


@pytest.mark.parametrize(
    ("presented", "reason"),
    [
        ({"text": "Another"}, Reason.TEXT_ALTERED),
        ({"links": (some_hash(1),)}, Reason.LINKS_ALTERED),
        ({"files": ()}, Reason.FILES_ALTERED),
        ({"recipient": (AddressType.TEL, "+46701234567")}, Reason.OTHER_RECIPIENT),
    ],
)
def test_the_guarantor_tells_what_differs(presented: dict[str, Any], reason: Reason) -> None:
    report = _CASE.judge(opener=_derived(_CASE), **presented)
    assert report.reason is reason


def test_a_salt_key_that_is_not_the_seal_s_opens_nothing_by_itself() -> None:
    value = _CASE.disclosures[0].value
    bare = DerivingOpener(_holding(_CASE, *Name).parsed, salt_keys=[bytes(32)])
    assert bare.matches(Name.MSG, value) is None
    assert bare.shown(Name.MSG, value) is None
    assert bare.recipient_matches(AddressType.EMAIL, "anna.berg@example.se") is None
    assert bare.covers_text(value["h"]) is False


def test_beside_a_salt_key_that_is_not_the_seal_s_what_came_along_is_opened() -> None:
    report = _CASE.judge(opener=DerivingOpener(_CASE.parsed, salt_keys=[bytes(32)]), links=_LINKS)
    assert report.reason is Reason.GENUINE
    bare = replace(_CASE, seal=_CASE.parsed.jws.text + "~")
    report = bare.judge(opener=DerivingOpener(bare.parsed, salt_keys=[bytes(32)]))
    assert report.reason is Reason.CONTENT_NOT_OPENABLE


def test_both_ways_of_opening_agree() -> None:
    brought, derived = BroughtOpener(_CASE.parsed), _derived(_CASE)
    right = format_base64url(canonical_h(_CASE.text))
    assert brought.covers_text(right) is derived.covers_text(right) is True
    assert brought.covers_text(some_hash(1)) is derived.covers_text(some_hash(1)) is False
    assert BroughtOpener(_holding(_CASE, Name.MSG).parsed).covers_text(right) is False
    for item in _CASE.disclosures:
        assert brought.matches(item.name, item.value) is derived.matches(item.name, item.value) is True
        assert brought.shown(item.name, item.value) == derived.shown(item.name, item.value) == item
    assert brought.matches(Name.LINKS, []) is derived.matches(Name.LINKS, []) is False
    assert brought.shown(Name.LINKS, []) is None


# --- what is handed back ---


def test_only_the_disclosures_of_what_was_brought_and_matched_are_handed_back() -> None:
    report = _CASE.judge(links=_LINKS, files=(some_hash(8),))
    assert report.shown is not None
    assert [item.name for item in parse_seal(report.shown).disclosures] == [Name.MSG, Name.LINKS]


def test_nothing_is_handed_back_for_a_text_that_does_not_match() -> None:
    report = _CASE.judge(text="Another")
    assert report.shown == format_seal(_CASE.parsed.jws.text, [])


def test_a_trust_of_no_keys_at_all_knows_no_key() -> None:
    trust = Trust(_CASE.trust.issuer, datetime(2030, 1, 1, tzinfo=UTC), (), {})
    assert replace(_CASE, trust=trust).judge().reason is Reason.KEY_UNKNOWN
