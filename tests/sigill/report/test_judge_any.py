"""Judging whatever is put together at random: always an answer, only known details, and one narrow way to *genuine*."""

import json
import string
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from sigill.encoding.base64url import format_base64url
from sigill.errors import MalformedKey, MalformedSeal
from sigill.report.answers import Answer, Reason
from sigill.report.checks import ALWAYS, CheckName, Detail, Outcome
from sigill.report.content import Presented
from sigill.report.judge import Evidence, LogEvidence, Report, judge_seal
from sigill.report.openers import BroughtOpener, DerivingOpener
from sigill.report.standing import Standing, State
from sigill.report.trust import Trust, format_trust, parse_trust
from sigill.seal.disclosures import AddressType, Name
from sigill.seal.token import parse_seal
from sigill.text.links import link_hash
from sigill.text.nu1 import canonical_h
from tests.builders_seal import (
    LIFETIME,
    NOW,
    SALT_KEY,
    SIGNER,
    TEXT,
    Case,
    MemoryLog,
    MemorySigner,
    make_case,
    make_trust,
    some_hash,
)

_LINK = "https://exempelbanken.example/kort"
_LINKS = (format_base64url(link_hash(_LINK)),)
_FILES = (some_hash(3),)
_PARTS: dict[str, Any] = {"links": [_LINK], "files": list(_FILES)}
_LOG = MemoryLog()
_BOUND = make_case(log=_LOG, **_PARTS)
_UNBOUND = make_case(log=_LOG, number=2, recipient=None, **_PARTS)
_TEST = make_case(log=_LOG, number=3, test=True, **_PARTS)
_H = format_base64url(canonical_h(TEXT))
_FIRST = Detail.SIGNATURE_FIRST

_DETAILS: dict[CheckName, set[Detail]] = {
    CheckName.ISSUER: {Detail.KNOWN_GUARANTOR, Detail.UNKNOWN_GUARANTOR},
    CheckName.SIGNATURE: {
        Detail.SIGNATURE_VERIFIES,
        Detail.SIGNATURE_WRONG,
        Detail.KEY_UNKNOWN,
        Detail.KEY_LIST_OLDER_THAN_SEAL,
        Detail.KEY_NOT_VALID_THEN,
        Detail.KEY_COMPROMISED,
        _FIRST,
    },
    CheckName.VALIDITY: {Detail.WITHIN_VALIDITY, Detail.EXPIRED, Detail.FROM_THE_FUTURE, _FIRST},
    CheckName.STANDING: {
        Detail.STANDING_VOUCHED,
        Detail.SUSPENDED_SINCE,
        Detail.REVOKED_SINCE,
        Detail.NOT_IN_STANDING_THEN,
        _FIRST,
    },
    CheckName.STATUS: {Detail.STATUS_NOT_CARRIED, _FIRST},
    CheckName.LOG: {
        Detail.IN_THE_LOG,
        Detail.NOT_IN_THE_LOG,
        Detail.NO_RECEIPT,
        Detail.LOG_UNREACHABLE,
        Detail.LOG_KEY_UNKNOWN,
        _FIRST,
    },
    CheckName.WITNESSED: {Detail.NOT_WITNESSED_YET, _FIRST},
    CheckName.CONTENT: {
        Detail.CONTENT_MATCHES,
        Detail.CONTENT_PARTLY_MATCHES,
        Detail.CONTENT_DIFFERS,
        Detail.CONTENT_NOT_GIVEN,
        Detail.CONTENT_NOT_OPENABLE,
        Detail.CONTENT_HIDDEN_CHARACTERS,
        _FIRST,
    },
    CheckName.EXACT_BYTES: {Detail.SAME_BYTES, Detail.OTHER_SPACING, Detail.BYTES_NOT_COMPARED, _FIRST},
    CheckName.LINKS: {Detail.LINKS_MATCH, Detail.LINKS_DIFFER, Detail.LINKS_NOT_GIVEN, Detail.CONTENT_FIRST, _FIRST},
    CheckName.FILES: {Detail.FILES_MATCH, Detail.FILES_DIFFER, Detail.FILES_NOT_GIVEN, Detail.CONTENT_FIRST, _FIRST},
    CheckName.RECIPIENT: {
        Detail.RECIPIENT_MATCHES,
        Detail.RECIPIENT_DIFFERS,
        Detail.RECIPIENT_NOT_BOUND,
        Detail.RECIPIENT_NOT_GIVEN,
        Detail.RECIPIENT_NOT_OPENABLE,
        Detail.CONTENT_FIRST,
        _FIRST,
    },
}


def _trusts() -> dict[str, Trust]:
    stranger = MemorySigner(30).published()
    usual = make_trust(_LOG)
    return {
        "usual": usual,
        "another guarantor": replace(usual, issuer="https://other.example"),
        "another key": make_trust(_LOG, stranger),
        "an older list": make_trust(_LOG, stranger, as_of=NOW - timedelta(days=1)),
        "the kid with another key": make_trust(_LOG, SIGNER.published(public_key=stranger.public_key)),
        "not valid then": make_trust(_LOG, SIGNER.published(valid_until=NOW)),
        "compromised": make_trust(_LOG, SIGNER.published(compromised_at=NOW)),
        "no logs": replace(usual, logs={}),
    }


_TRUSTS = _trusts()
_TEXTS = {
    "none": None,
    "the text": TEXT,
    "as sent": _BOUND.embedded,
    "other spacing": TEXT.replace(" ", "\u00a0"),
    "with a footer": f"{TEXT}\n\nRing 08-123!",
    "another": "Betala 500 kr nu.",
    "hidden": TEXT.replace("kort", "ko\u200brt"),
    "nothing": "",
}
_HASHES: dict[str, tuple[str, ...]] = {
    "none": (),
    "whole": (_H,),
    "a part": (some_hash(1), _H),
    "another": (some_hash(1),),
}
_RECIPIENTS = {
    "none": None,
    "hers": (AddressType.EMAIL, "anna.berg@example.se"),
    "his": (AddressType.EMAIL, "bo@example.se"),
    "hers as a reference": (AddressType.REF, "anna.berg@example.se"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """One way of putting a seal and its evidence together; the first value of each choice is as it should be."""

    case: Case = _BOUND
    left_out: tuple[Name, ...] = ()
    trust: str = "usual"
    at: timedelta = timedelta(minutes=10)
    standing: Standing | None = None
    log: str = "receipt"
    text: str = "the text"
    hashes: str = "none"
    links: tuple[str, ...] | None = None
    files: tuple[str, ...] | None = None
    recipient: str = "hers"
    by_salt_key: bool = False
    found_by_code: bool = False

    def judge(self) -> Report:
        seal = parse_seal(self.case.without(*self.left_out))
        receipt = self.case.receipt
        logs = {
            "receipt": LogEvidence(receipt),
            "none": LogEvidence(None),
            "another's": LogEvidence(_UNBOUND.receipt if self.case is not _UNBOUND else _BOUND.receipt),
            "nonsense": LogEvidence("nonsense"),
            "away": LogEvidence(receipt, reachable=False),
            "absent": LogEvidence(None, absent=True),
        }
        presented = Presented(
            text=_TEXTS[self.text],
            hashes=_HASHES[self.hashes],
            links=self.links,
            files=self.files,
            recipient=_RECIPIENTS[self.recipient],
            found_by_code=self.found_by_code,
        )
        evidence = Evidence(
            presented=presented,
            trust=_TRUSTS[self.trust],
            opener=DerivingOpener(seal, salt_keys=[SALT_KEY]) if self.by_salt_key else BroughtOpener(seal),
            log=logs[self.log],
            at=NOW + self.at,
            standing=self.standing,
        )
        return judge_seal(seal, evidence)


_CHOICES: dict[str, list[Any]] = {
    "case": [_BOUND, _UNBOUND, _TEST],
    "left_out": [(), (Name.MSG,), (Name.RCP_OPEN,), (Name.MSGX, Name.LINKS), tuple(Name)],
    "trust": list(_TRUSTS),
    "at": [timedelta(minutes=10), timedelta(minutes=-6), LIFETIME],
    "standing": [None, *(Standing(then, now) for then in State for now in State)],
    "log": ["receipt", "none", "another's", "nonsense", "away", "absent"],
    "text": list(_TEXTS),
    "hashes": list(_HASHES),
    "links": [None, _LINKS, (), (some_hash(4),), _LINKS * 2],
    "files": [None, _FILES, (), (some_hash(4),)],
    "recipient": list(_RECIPIENTS),
    "by_salt_key": [False, True],
    "found_by_code": [False, True],
}


def _one_by_one() -> list[_Try]:
    """Return the usual case with one choice changed at a time, and content compared by its hashes alone."""
    changed = [replace(_Try(), **{name: value}) for name, values in _CHOICES.items() for value in values]
    unopened = _Try(text="another", links=_LINKS, files=_FILES)
    return [*changed, unopened, *(_Try(text="none", hashes=name) for name in _HASHES)]


def _details(report: Report) -> dict[CheckName, Detail]:
    return {check.check: check.detail for check in report.checks}


def test_every_choice_there_is_is_tried() -> None:
    assert set(_CHOICES) == {field.name for field in fields(_Try)}
    assert set(_DETAILS) == set(ALWAYS)


def test_each_check_ends_with_exactly_the_details_it_is_known_for() -> None:
    seen: dict[CheckName, set[Detail]] = {name: set() for name in ALWAYS}
    for tried in _one_by_one():
        for name, detail in _details(tried.judge()).items():
            seen[name].add(detail)
    assert seen == _DETAILS


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.builds(_Try, **{name: st.just(all_[0]) | st.sampled_from(all_) for name, all_ in _CHOICES.items()}))
def test_whatever_is_put_together_gets_one_answer_that_follows_from_the_checks(tried: _Try) -> None:
    report = tried.judge()
    outcomes = {check.check: check.outcome for check in report.checks}
    details = _details(report)
    assert list(outcomes) == list(ALWAYS)
    assert all(detail in _DETAILS[name] for name, detail in details.items())
    needed = (
        CheckName.ISSUER,
        CheckName.SIGNATURE,
        CheckName.VALIDITY,
        CheckName.STANDING,
        CheckName.LOG,
        CheckName.CONTENT,
    )
    recipient = details[CheckName.RECIPIENT] in {Detail.RECIPIENT_MATCHES, Detail.RECIPIENT_NOT_BOUND}
    genuine = (
        all(outcomes[name] is Outcome.PASSED for name in needed)
        and recipient
        and Outcome.FAILED not in outcomes.values()
        and tried.case is not _TEST
    )
    assert (report.answer is Answer.GENUINE) == genuine
    assert (report.answer is Answer.NOT_GENUINE) == (Outcome.FAILED in outcomes.values())


def test_each_kind_of_tampering_gives_its_own_reason() -> None:
    tampered = {
        "the key": _Try(trust="another key"),
        "the signature": _Try(trust="the kid with another key"),
        "the key's time": _Try(trust="not valid then"),
        "the key's secrecy": _Try(trust="compromised"),
        "the operator": _Try(standing=Standing(State.REVOKED, State.REVOKED)),
        "the log": _Try(log="another's"),
        "the text": _Try(text="another"),
        "the message under the code": _Try(text="another", found_by_code=True),
        "the recipient": _Try(recipient="his"),
        "the links": _Try(links=()),
        "the files": _Try(files=()),
    }
    reports = {name: tried.judge() for name, tried in tampered.items()}
    assert {report.answer for report in reports.values()} == {Answer.NOT_GENUINE}
    assert len({report.reason for report in reports.values()}) == len(tampered)


# --- a changed seal is never genuine ---


@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, len(_BOUND.seal) - 1), symbol=st.sampled_from(string.ascii_letters + string.digits + "-_"))
@example(place=0, symbol="f")
def test_a_seal_with_any_character_changed_is_never_genuine(place: int, symbol: str) -> None:
    changed = _BOUND.seal[:place] + symbol + _BOUND.seal[place + 1 :]
    assume(changed != _BOUND.seal)
    try:
        report = replace(_BOUND, seal=changed).judge()
    except MalformedSeal:
        return
    assert report.answer is Answer.NOT_GENUINE
    assert report.reason in {Reason.SIGNATURE_WRONG, Reason.KEY_UNKNOWN}
    assert report.proven is None


@pytest.mark.parametrize("kid", ["../../" + "A" * 37, "' OR kid IS NOT NULL --".ljust(43), "\u0660" * 43, "A" * 43])
def test_a_key_id_that_looks_like_a_path_or_a_query_is_an_unknown_key(kid: str) -> None:
    forger = MemorySigner(31)
    forger._kid = kid
    case = replace(make_case(signer=forger), trust=_TRUSTS["usual"])
    assert case.judge().reason is Reason.KEY_UNKNOWN


def test_a_receipt_beside_a_log_that_says_absent_does_not_help() -> None:
    report = _BOUND.judge(log=LogEvidence(_BOUND.receipt, absent=True))
    assert report.reason is Reason.NOT_IN_THE_LOG


def test_a_recipient_nobody_bound_changes_nothing() -> None:
    report = _UNBOUND.judge(recipient=_BOUND.recipient)
    assert report.reason is Reason.GENUINE


def test_one_seal_s_disclosures_never_open_another() -> None:
    twin = make_case(number=9)
    for item in twin.disclosures:
        assert DerivingOpener(_BOUND.parsed, salt_keys=[SALT_KEY]).shown(item.name, item.value) != item
        with pytest.raises(MalformedSeal, match="does not belong"):
            parse_seal(f"{_BOUND.parsed.jws.text}~{item.text}~")


# --- the trust file, whatever it holds ---

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_TRUST_VALUE = format_trust(_TRUSTS["usual"])


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_no_trust_file(data: bytes) -> None:
    with pytest.raises(MalformedKey):
        parse_trust(data)


@settings(max_examples=150, deadline=None)
@given(member=st.sampled_from(sorted(_TRUST_VALUE)), value=_JSON)
def test_a_trust_file_with_any_value_for_one_member_is_read_back_or_malformed(member: str, value: Any) -> None:
    _read_back_or_malformed(_TRUST_VALUE | {member: value})


@settings(max_examples=150, deadline=None)
@given(member=st.sampled_from(sorted(_TRUST_VALUE["logs"][0])), value=_JSON)
def test_a_log_with_any_value_for_one_member_is_read_back_or_malformed(member: str, value: Any) -> None:
    _read_back_or_malformed(_TRUST_VALUE | {"logs": [_TRUST_VALUE["logs"][0] | {member: value}]})


def _read_back_or_malformed(value: dict[str, Any]) -> None:
    try:
        trust = parse_trust(json.dumps(value).encode())
    except MalformedKey:
        return
    assert parse_trust(json.dumps(format_trust(trust)).encode()) == trust


@st.composite
def _any_trust(draw: st.DrawFn) -> Trust:
    signers = draw(st.lists(st.integers(1, 40), max_size=4, unique=True))
    operators = draw(st.lists(st.text("abcdefghij-", min_size=1, max_size=8), max_size=4, unique=True))
    compromised = st.none() | st.timedeltas(timedelta(0), timedelta(days=99)).map(
        lambda after: (NOW + after).replace(microsecond=0)
    )
    keys = tuple(MemorySigner(seed).published(compromised_at=draw(compromised)) for seed in signers)
    logs = {name: MemoryLog(f"guarantor.example/log/{name}").trusted(name) for name in operators}
    as_of = draw(st.timedeltas(timedelta(days=-9999), timedelta(days=9999)).map(lambda after: NOW + after))
    return Trust("https://guarantor.example", as_of.replace(microsecond=0), keys, logs)


@settings(max_examples=60, deadline=None)
@given(_any_trust())
def test_any_trust_reads_back_from_its_file(trust: Trust) -> None:
    assert parse_trust(json.dumps(format_trust(trust)).encode()) == trust
