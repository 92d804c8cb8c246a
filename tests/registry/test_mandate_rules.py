"""What a mandate may say, and what it covers: the rules, for any terms and any moment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import ApplicationInvalid, MandateExceeded, MandateMissing, MandateRevoked
from registry.mandates.model import LONGEST, MAX_DAILY, Mandate, MandateId, MandateParty, MandateState, Terms
from registry.mandates.rules import changes_after, check_parties, choose_mandate, read_terms
from registry.mandates.store import make_mandate_id
from registry.model import Environment, OperatorId
from sigill.vocabulary import Channel, Enquiry, Purpose
from tests.builders_deployment import operator
from tests.builders_mandates import centre

AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
times = st.integers(-400, 400).map(lambda days: AT + timedelta(days=days))
all_terms = st.builds(
    Terms,
    channels=st.lists(st.sampled_from(Channel), max_size=4).map(tuple),
    enquiries=st.none() | st.lists(st.sampled_from(Enquiry), max_size=3).map(tuple),
    purposes=st.lists(st.sampled_from(Purpose), max_size=3).map(tuple),
    valid_from=times,
    valid_until=times,
    daily_messages=st.none() | st.integers(-1, MAX_DAILY + 1),
)
mandates = st.builds(
    Mandate,
    id=st.integers(0, 9).map(lambda number: MandateId(f"ma-{number}")),
    principal_id=st.just(OperatorId("p")),
    mandatary_id=st.just(OperatorId("d")),
    terms=all_terms,
    given_at=times,
    accepted_at=st.none() | times,
    revoked_at=st.none() | times,
    revoked_by=st.none() | st.sampled_from(MandateParty),
)


@settings(max_examples=200, deadline=None)
@given(all_terms)
def test_terms_that_are_taken_are_bounded_and_reading_them_again_changes_nothing(terms: Terms) -> None:
    try:
        read = read_terms(terms, at=AT)
    except ApplicationInvalid:
        return
    assert AT <= read.valid_from < read.valid_until <= read.valid_from + LONGEST
    assert read.valid_from <= AT + LONGEST
    assert set(read.channels) == set(terms.channels)
    assert len(read.channels) == len(set(read.channels)) > 0
    assert read.purposes
    assert read.enquiries is None or read.enquiries
    assert read.daily_messages is None or 1 <= read.daily_messages <= MAX_DAILY
    assert read_terms(read, at=AT) == read


GOOD = Terms(
    channels=(Channel.CHAT,),
    enquiries=None,
    purposes=(Purpose.SERVICE,),
    valid_from=AT,
    valid_until=AT + timedelta(days=30),
)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"channels": ()}, "at least one channel"),
        ({"purposes": ()}, "at least one channel"),
        ({"enquiries": ()}, "at least one channel"),
        ({"daily_messages": 0}, "messages a day"),
        ({"valid_until": AT}, "ends after it begins"),
        ({"valid_until": AT - timedelta(days=1), "valid_from": AT - timedelta(days=2)}, "ends after it begins"),
        ({"valid_until": AT + LONGEST + timedelta(seconds=1)}, "at most a year"),
        ({"valid_from": AT + timedelta(days=367), "valid_until": AT + timedelta(days=368)}, "within a year"),
    ],
)
def test_terms_no_mandate_may_have_are_refused_for_their_reason(change: dict[str, object], says: str) -> None:
    with pytest.raises(ApplicationInvalid, match=says):
        read_terms(replace(GOOD, **change), at=AT)  # type: ignore[arg-type]


def test_a_mandate_of_exactly_a_year_is_taken_and_none_reaches_back() -> None:
    read = read_terms(replace(GOOD, valid_from=AT - timedelta(days=9), valid_until=AT + LONGEST), at=AT)
    assert read.valid_from == AT


def test_a_mandate_never_crosses_environments_and_is_never_one_s_own() -> None:
    live, trying = operator(), centre(environment=Environment.TEST)
    check_parties(live, centre())
    for one, other in ((live, trying), (trying, live)):
        with pytest.raises(ApplicationInvalid, match="never crosses"):
            check_parties(one, other)
    with pytest.raises(ApplicationInvalid, match="of its own"):
        check_parties(live, live)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(mandates, max_size=4), st.sampled_from(Channel), st.sampled_from(Enquiry), st.sampled_from(Purpose), times
)
def test_a_message_is_let_in_exactly_where_a_mandate_in_force_covers_it(
    found: list[Mandate], channel: Channel, enquiry: Enquiry, purpose: Purpose, at: datetime
) -> None:
    def covers(mandate: Mandate) -> bool:
        terms = mandate.terms
        return (
            mandate.accepted_at is not None
            and mandate.revoked_at is None
            and max(mandate.accepted_at, terms.valid_from) <= at < terms.valid_until
            and channel in terms.channels
            and purpose in terms.purposes
            and (terms.enquiries is None or enquiry in terms.enquiries)
        )

    try:
        chosen = choose_mandate(found, channel=channel, enquiry=enquiry, purpose=purpose, at=at)
    except MandateExceeded:
        assert any(mandate.state_at(at) is MandateState.IN_FORCE for mandate in found)
    except MandateRevoked:
        assert any(mandate.state_at(at) is MandateState.REVOKED for mandate in found)
    except MandateMissing:
        assert all(mandate.state_at(at) is not MandateState.IN_FORCE for mandate in found)
    else:
        assert covers(chosen)
        return
    assert not any(covers(mandate) for mandate in found)


@settings(max_examples=200, deadline=None)
@given(mandates, times, times)
def test_between_its_changes_a_mandate_stands_as_it_stood(mandate: Mandate, at: datetime, later: datetime) -> None:
    changes = changes_after([mandate], at)
    if at <= later < min(changes, default=datetime.max.replace(tzinfo=UTC)):
        assert mandate.state_at(at) is mandate.state_at(later)


def test_a_mandate_is_in_force_from_its_first_instant_to_the_one_before_its_end() -> None:
    accepted = Mandate(
        id=MandateId("ma-1"),
        principal_id=OperatorId("p"),
        mandatary_id=OperatorId("d"),
        terms=GOOD,
        given_at=AT,
        accepted_at=AT + timedelta(hours=1),
    )
    tick = timedelta(microseconds=1)
    states = [
        (AT + timedelta(hours=1) - tick, MandateState.TO_COME),
        (AT + timedelta(hours=1), MandateState.IN_FORCE),
        (GOOD.valid_until - tick, MandateState.IN_FORCE),
        (GOOD.valid_until, MandateState.EXPIRED),
    ]
    assert [accepted.state_at(at) for at, _ in states] == [state for _, state in states]
    offered = replace(accepted, accepted_at=None)
    assert (offered.state_at(AT), offered.state_at(GOOD.valid_until)) == (MandateState.OFFERED, MandateState.EXPIRED)


def test_an_id_takes_twenty_random_bytes() -> None:
    assert make_mandate_id(bytes(range(20))) == "ma-0123456789abcdefghjk"
    with pytest.raises(ValueError, match="20 random bytes"):
        make_mandate_id(b"short")
