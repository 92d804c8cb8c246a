"""The one table: no hole in it, no dead row, and one narrow way to *genuine*."""

from contextlib import suppress
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigill.report.answers import TABLE, Answer, Circumstance, Fact, Reason, Row, answer_for
from sigill.report.checks import Check, CheckName, Detail, Outcome, checked, outcome_of

pytestmark = pytest.mark.slow

_STANDINGS = (
    Detail.STANDING_VOUCHED,
    Detail.NOT_IN_STANDING_THEN,
    Detail.SUSPENDED_SINCE,
    Detail.REVOKED_SINCE,
)
_STATUSES = (
    Detail.STATUS_VALID,
    Detail.WITHDRAWN,
    Detail.STATUS_NOT_CARRIED,
    Detail.STATUS_UNKNOWN,
    Detail.STATUS_LIST_TOO_OLD,
    Detail.STATUS_LIST_WRONG,
)
_STANDS = {Detail.STATUS_VALID, Detail.STATUS_NOT_CARRIED}
_AFTER_SIGNATURE = (
    (Detail.WITHIN_VALIDITY, Detail.EXPIRED, Detail.FROM_THE_FUTURE),
    _STANDINGS,
    _STATUSES,
    (Detail.IN_THE_LOG, Detail.NOT_IN_THE_LOG, Detail.NO_RECEIPT, Detail.LOG_UNREACHABLE, Detail.LOG_KEY_UNKNOWN),
    (
        Detail.CONTENT_MATCHES,
        Detail.CONTENT_PARTLY_MATCHES,
        Detail.CONTENT_DIFFERS,
        Detail.CONTENT_NOT_GIVEN,
        Detail.CONTENT_NOT_OPENABLE,
        Detail.CONTENT_HIDDEN_CHARACTERS,
    ),
    (Detail.LINKS_MATCH, Detail.LINKS_DIFFER, Detail.LINKS_NOT_GIVEN),
    (Detail.FILES_MATCH, Detail.FILES_DIFFER, Detail.FILES_NOT_GIVEN),
    (
        Detail.RECIPIENT_MATCHES,
        Detail.RECIPIENT_DIFFERS,
        Detail.RECIPIENT_NOT_BOUND,
        Detail.RECIPIENT_NOT_GIVEN,
        Detail.RECIPIENT_NOT_OPENABLE,
    ),
    (None, Circumstance.FOUND_BY_CODE),
    (None, Circumstance.TEST_ENVIRONMENT),
)
_ALWAYS = (Detail.KNOWN_GUARANTOR, Detail.SIGNATURE_VERIFIES, Detail.NOT_WITNESSED_YET, Detail.BYTES_NOT_COMPARED)
_ONLY_WORDS = {Circumstance.NEWER_VERSION, Circumstance.ERASED_SINCE}  # they change what is said of genuine
_NEEDED = frozenset([Detail.WITHIN_VALIDITY, Detail.IN_THE_LOG, Detail.CONTENT_MATCHES])
_HEADS = (
    (Detail.UNKNOWN_GUARANTOR, Detail.SIGNATURE_FIRST),
    (Detail.KNOWN_GUARANTOR, Detail.SIGNATURE_WRONG),
    (Detail.KNOWN_GUARANTOR, Detail.KEY_UNKNOWN),
    (Detail.KNOWN_GUARANTOR, Detail.KEY_LIST_OLDER_THAN_SEAL),
    (Detail.KNOWN_GUARANTOR, Detail.KEY_NOT_VALID_THEN),
    (Detail.KNOWN_GUARANTOR, Detail.KEY_COMPROMISED),
)


def _combinations() -> list[frozenset[Fact]]:
    """Return every combination of details that judging can produce once the signature verifies."""
    return [
        frozenset((*_ALWAYS, *(fact for fact in facts if fact is not None))) for facts in product(*_AFTER_SIGNATURE)
    ]


def _failed(facts: frozenset[Fact]) -> bool:
    return any(isinstance(fact, Detail) and outcome_of(fact) is Outcome.FAILED for fact in facts)


def test_a_row_fits_every_combination_that_judging_can_produce() -> None:
    for facts in _combinations():
        answer_for(facts)
    for head in _HEADS:
        assert answer_for(frozenset(head))[0] in {Answer.NOT_GENUINE, Answer.CANNOT_SAY}


def test_genuine_is_reached_only_with_everything_needed_passed() -> None:
    recipient = {Detail.RECIPIENT_MATCHES, Detail.RECIPIENT_NOT_BOUND}
    standing = set(_STANDINGS) - {Detail.NOT_IN_STANDING_THEN}
    for facts in _combinations():
        needed = (
            facts >= _NEEDED
            and bool(recipient & facts)
            and bool(standing & facts)
            and bool(_STANDS & facts)
            and not _failed(facts)
            and Circumstance.TEST_ENVIRONMENT not in facts
        )
        assert (answer_for(facts)[0] is Answer.GENUINE) == needed, sorted(facts)


def test_whatever_failed_makes_it_not_genuine_and_nothing_else_does() -> None:
    for facts in _combinations():
        assert (answer_for(facts)[0] is Answer.NOT_GENUINE) == _failed(facts), sorted(facts)


def test_a_release_changes_an_answer_only_where_it_does_not_hold() -> None:
    for facts in _combinations()[::7]:
        before = answer_for(facts)
        for detail in (Detail.RELEASED, Detail.RELEASE_NOT_BROUGHT, Detail.RELEASE_OF_ANOTHER):
            assert answer_for(facts | {detail}) == before
        assert answer_for(facts | {Detail.RELEASE_WRONG})[0] is Answer.NOT_GENUINE


def test_one_step_left_is_said_only_where_nothing_but_text_or_recipient_is_missing() -> None:
    steps = {Detail.CONTENT_PARTLY_MATCHES, Detail.CONTENT_NOT_GIVEN, Detail.RECIPIENT_NOT_GIVEN}
    for facts in _combinations():
        if answer_for(facts)[0] is Answer.INCOMPLETE:
            assert steps & facts
            assert {Detail.WITHIN_VALIDITY, Detail.IN_THE_LOG} <= facts
            assert _STANDS & facts
            assert not _failed(facts)


def _genuine() -> list[Row]:
    return [row for row in TABLE if row.answer is Answer.GENUINE]


def test_every_way_to_genuine_needs_the_same_and_the_recipient_settled() -> None:
    always = _NEEDED | {Detail.KNOWN_GUARANTOR, Detail.SIGNATURE_VERIFIES}
    for row in _genuine():
        assert row.when > always
        assert len(row.when & set(_STANDINGS)) == 1
        assert len(row.when & {Detail.RECIPIENT_MATCHES, Detail.RECIPIENT_NOT_BOUND}) == 1
        assert len(row.when & _STANDS) == 1
        assert len(row.when - _ONLY_WORDS) == len(always) + 3


@given(row=st.sampled_from(_genuine()), beside=st.frozensets(st.sampled_from([*Detail, *Circumstance])), pick=st.data())
def test_without_any_one_of_the_needed_details_it_is_never_genuine(
    row: Row, beside: frozenset[Fact], pick: st.DataObject
) -> None:
    missing = pick.draw(st.sampled_from(sorted(row.when - _ONLY_WORDS)))
    alternatives = {fact for other in _genuine() for fact in other.when - row.when}
    facts = (row.when | beside) - alternatives - {missing}
    with suppress(LookupError):
        assert answer_for(facts)[0] is not Answer.GENUINE


def test_a_detail_that_failed_or_that_no_row_needs_never_helps() -> None:
    for row, detail in product(_genuine(), Detail):
        if outcome_of(detail) is Outcome.FAILED:
            assert answer_for(row.when | {detail})[0] is Answer.NOT_GENUINE
        else:
            with suppress(LookupError):
                assert answer_for(frozenset({detail}))[0] is not Answer.GENUINE


def test_a_link_to_somebody_else_is_never_genuine() -> None:
    answers = {answer_for(facts | {Circumstance.FOREIGN_LINK})[0] for facts in _combinations()}
    assert answers == {Answer.NOT_GENUINE}


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (Circumstance.NEWER_VERSION, Reason.GENUINE_NEWER_VERSION),
        (Circumstance.ERASED_SINCE, Reason.GENUINE_ERASED_SINCE),
    ],
)
def test_what_happened_since_changes_the_words_of_genuine_and_no_answer(known: Circumstance, reason: Reason) -> None:
    changed = set()
    for facts in _combinations()[::7]:
        before, after = answer_for(facts), answer_for(facts | {known})
        assert after[0] is before[0]
        changed |= {(before[1], after[1])} if before != after else set()
    assert changed == {(Reason.GENUINE, reason)}


def test_no_row_is_dead() -> None:
    linked = frozenset([*_combinations()[0], Circumstance.FOREIGN_LINK])
    replaced = [row.when | {known} for row in _genuine() for known in _ONLY_WORDS]
    unrooted = _combinations()[0] - {Detail.NOT_WITNESSED_YET} | {Detail.NOT_IN_THE_ROOT_LOG}
    unreleased = _combinations()[0] | {Detail.RELEASE_WRONG}
    heads = (frozenset[Fact](head) for head in _HEADS)
    everything = [*_combinations(), *heads, linked, unrooted, unreleased, *replaced]
    reached = {next(number for number, row in enumerate(TABLE) if row.when <= facts) for facts in everything}
    assert reached == set(range(len(TABLE)))


def test_a_combination_no_row_fits_is_an_error_not_an_answer() -> None:
    with pytest.raises(LookupError):
        answer_for(frozenset())


# --- checks ---


def test_every_detail_has_exactly_one_outcome() -> None:
    outcomes = {detail: outcome_of(detail) for detail in Detail}
    assert set(outcomes.values()) == set(Outcome)
    assert outcomes[Detail.RECIPIENT_NOT_BOUND] is Outcome.NOT_CHECKED
    assert outcomes[Detail.OTHER_SPACING] is Outcome.NOT_CHECKED


def test_a_check_refuses_to_be_a_truth_value() -> None:
    check = checked(CheckName.LOG, Detail.IN_THE_LOG)
    assert check == Check(CheckName.LOG, Outcome.PASSED, Detail.IN_THE_LOG)
    with pytest.raises(TypeError, match="compare its outcome"):
        bool(check)
