"""An event is read and written one way, and nothing but MalformedSeal escapes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.encoding.base64url import format_base64url
from sigill.encoding.ulid import format_ulid
from sigill.errors import MalformedSeal
from sigill.event.kinds import (
    DisclosureShown,
    Ended,
    EndedBy,
    Handoff,
    Happening,
    HumanJoined,
    HumanRequested,
    Preference,
    Speaker,
    Why,
    Wish,
    format_happening,
    parse_happening,
    speaker_of,
)
from sigill.event.token import (
    TYP,
    EventClaims,
    format_event_claims,
    parse_event,
    parse_event_claims,
    sign_event,
)
from sigill.seal.claims import ConversationClaim, audience_of, operator_url
from sigill.vocabulary import Authorship, DisclosureMode
from tests.builders_events import EVENT_SIGNER, make_event_claims
from tests.builders_seal import header_of, make_case, sign_raw

_SAMPLE = sign_event(make_event_claims(), signer=EVENT_SIGNER)
_keys = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=64)
_times = st.integers(0, 253_402_300_799).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
_hashes = st.binary(min_size=32, max_size=32).map(format_base64url)
_happenings: st.SearchStrategy[Happening] = st.one_of(
    st.builds(Handoff, st.just(Speaker.AI), st.just(Speaker.HUMAN), st.none() | st.sampled_from(Why)),
    st.builds(Handoff, st.just(Speaker.HUMAN), st.just(Speaker.AI), st.none() | st.sampled_from(Why)),
    st.just(HumanRequested()),
    st.just(HumanJoined()),
    st.builds(DisclosureShown, st.sampled_from(DisclosureMode), st.none() | _keys),
    st.builds(Preference, st.sampled_from(Wish)),
    st.builds(Ended, st.sampled_from(EndedBy)),
)
_ids = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
_places = st.builds(ConversationClaim, id=_ids, seq=st.just(1), prev=st.none()) | st.builds(
    ConversationClaim, id=_ids, seq=st.integers(2, 2**53 - 1), prev=_hashes
)


@st.composite
def _claims(draw: st.DrawFn) -> EventClaims:
    issuer = "https://" + draw(_keys)
    at = draw(st.none() | _times)
    return EventClaims(
        iss=issuer,
        aud=audience_of(issuer),
        sub=operator_url(issuer, draw(_keys)),
        iat=draw(_times),
        jti=format_ulid(at=draw(_times), randomness=draw(st.binary(min_size=10, max_size=10))),
        conv=draw(_places),
        ev=draw(_happenings),
        at=at,
        late=at is not None and draw(st.booleans()),
    )


@settings(max_examples=100)
@given(claims=_claims())
def test_any_event_is_read_back_as_it_was_written(claims: EventClaims) -> None:
    assert parse_event(sign_event(claims, signer=EVENT_SIGNER)).claims == claims


@settings(max_examples=100)
@given(claims=_claims(), pick=st.data())
def test_a_member_taken_out_put_in_or_changed_is_refused_or_said(claims: EventClaims, pick: st.DataObject) -> None:
    payload = format_event_claims(claims)
    name = pick.draw(st.sampled_from([*payload, "exp", "x"]))
    value: object = pick.draw(st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just({}))
    changed = payload | {name: value}
    try:
        read = parse_event_claims(changed)
    except MalformedSeal:
        return
    assert format_event_claims(read) == changed


@settings(max_examples=200)
@given(text=st.text(max_size=60) | st.binary(max_size=40).map(lambda data: f"{format_base64url(data)}.e30.AA"))
@example(_SAMPLE + "\n")
@example(" " + _SAMPLE)
@example(_SAMPLE + "~")
@example(make_case().seal)
@example(make_case().parsed.jws.text)
@example("٥.٥.٥")
def test_nothing_else_is_an_event(text: str) -> None:
    with pytest.raises(MalformedSeal):
        parse_event(text)


@settings(max_examples=100)
@given(place=st.integers(0, len(_SAMPLE) - 1), symbol=st.sampled_from("AZaz09-_.~ é"))
def test_one_changed_symbol_is_refused_or_changes_the_signed_bytes(place: int, symbol: str) -> None:
    changed = _SAMPLE[:place] + symbol + _SAMPLE[place + 1 :]
    try:
        read = parse_event(changed)
    except MalformedSeal:
        return
    before = parse_event(_SAMPLE).jws
    same = (read.jws.signing_input, read.jws.signature) == (before.signing_input, before.signature)
    assert same == (changed == _SAMPLE)


def _with(**changes: Any) -> dict[str, Any]:
    return format_event_claims(make_event_claims()) | changes


@pytest.mark.parametrize(
    "spelling",
    [
        json.dumps(_with()),
        json.dumps(_with(), separators=(",", ":"), sort_keys=True).replace("human", "h\\u0075man"),
        json.dumps(_with(), separators=(",", ":"), sort_keys=True) + "\n",
        json.dumps(_with(), separators=(",", ":"), sort_keys=True).replace('"iat":', '"iat":-0.0e0'),
    ],
)
def test_another_spelling_of_the_same_payload_is_refused(spelling: str) -> None:
    with pytest.raises(MalformedSeal):
        parse_event(sign_raw(header_of(EVENT_SIGNER, typ=TYP), spelling.encode(), signer=EVENT_SIGNER))


@pytest.mark.parametrize("value", [None, [], "handoff", {"kind": ["handoff"]}, {"kind": None}, {"kind": {}}])
def test_what_is_no_happening_is_malformed(value: object) -> None:
    with pytest.raises(MalformedSeal):
        parse_happening(value)


@given(happening=_happenings)
def test_a_happening_says_its_kind_and_never_more_than_three_other_words(happening: Happening) -> None:
    said = format_happening(happening)
    assert said["kind"] == happening.kind
    assert len(said) <= 4
    assert parse_happening(said) == happening


def test_an_assisted_message_is_a_persons() -> None:
    assert {by: speaker_of(by) for by in Authorship} == {
        Authorship.HUMAN: Speaker.HUMAN,
        Authorship.AI_ASSISTED: Speaker.HUMAN,
        Authorship.AI: Speaker.AI,
    }
