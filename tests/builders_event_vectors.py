"""Writes `tests/vectors/events.json`: events with their claims, what is no event, and chains with their faults.

    python -m tests.builders_event_vectors > tests/vectors/events.json

The file is committed and frozen: another implementation is judged by it, and so is this one. Write it anew only
together with a change of the format that is meant.
"""

import json
import sys
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any, Final

from sigill.encoding.base64url import format_base64url
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
)
from sigill.event.token import TYP, format_event_claims, sign_event
from sigill.report.chain import check_chain
from sigill.report.trust import format_trust
from sigill.seal.claims import ConversationClaim
from sigill.seal.token import previous_hash
from sigill.vocabulary import Authorship, DisclosureMode
from tests.builders_events import CONVERSATION, EVENT_SIGNER, Talk, event_trust, make_event_claims
from tests.builders_seal import NOW, SIGNER, MemorySigner, header_of, sign_raw, some_hash

PROVENANCE: Final = (
    "Own vectors for the events of Sigill, written by tests/builders_event_vectors.py from the rules in sigill/event "
    "and sigill/report/chain.py. Every name, number and key is invented; the private keys are derived from small "
    "numbers and are good for nothing else. That PyJWT, joserfc and jwcrypto read the same events is shown by "
    "tests/sigill/event/test_event_vectors.py."
)
READING: Final = (
    "Each of `events` is well-formed, signed by the key of its `typ` in `trust`, and has the payload `claims`. What "
    "is in `malformed` must be refused by the parser, before any signature is looked at; the words in `says` are part "
    "of this implementation's message. Each of `chains` holds seals and events as somebody may hold them; checked "
    "with `trust` they have exactly the `faults` given: the name, the position in the conversation (`last`: the last "
    "one of a gap), the jti, and the place in `links` counted from 0."
)
EVERY_KIND: Final[tuple[Happening, ...]] = (
    Handoff(Speaker.AI, Speaker.HUMAN, Why.ASKED),
    Handoff(Speaker.HUMAN, Speaker.AI),
    HumanRequested(),
    HumanJoined(),
    DisclosureShown(DisclosureMode.SHOWN_BEFORE, "ai_chat"),
    DisclosureShown(DisclosureMode.INLINE),
    Preference(Wish.HUMAN),
    Preference(Wish.ANY),
    Ended(EndedBy.TIMEOUT),
)
_TOLD_LATER: Final = NOW - timedelta(hours=2)


def event_vectors() -> dict[str, Any]:
    """Return the whole content of `tests/vectors/events.json`."""
    events = [make_event_claims(happening) for happening in EVERY_KIND]
    events.append(make_event_claims(conv=ConversationClaim(id=CONVERSATION, seq=2, prev=some_hash(5))))
    told = make_event_claims(conv=ConversationClaim(id=CONVERSATION, seq=3, prev=some_hash(6)))
    events += [replace(told, at=_TOLD_LATER), replace(told, at=_TOLD_LATER, late=True)]
    return {
        "format": "event test vectors, version 1",
        "provenance": PROVENANCE,
        "reading": READING,
        "keys": {"events": _private_jwk(EVENT_SIGNER), "sealing": _private_jwk(SIGNER)},
        "trust": format_trust(event_trust()),
        "events": [
            {"jws": sign_event(each, signer=EVENT_SIGNER), "claims": format_event_claims(each)} for each in events
        ],
        "malformed": _malformed(),
        "chains": [{"name": name, "links": talk, "faults": _faults(talk)} for name, talk in _chains()],
    }


def whole_talk() -> Talk:
    """Return a conversation from an AI's greeting over a person to its end, with nothing wrong in it."""
    talk = Talk().happen(DisclosureShown(DisclosureMode.SHOWN_BEFORE, "ai_chat")).say(Authorship.AI)
    talk.happen(HumanRequested()).happen(Preference(Wish.HUMAN)).happen(Handoff(Speaker.AI, Speaker.HUMAN, Why.ASKED))
    talk.happen(HumanJoined()).say(Authorship.HUMAN).say(Authorship.AI_ASSISTED)
    return talk.happen(Handoff(Speaker.HUMAN, Speaker.AI, Why.DONE)).say(Authorship.AI).happen(Ended(EndedBy.CUSTOMER))


def _chains() -> list[tuple[str, list[str]]]:
    whole = whole_talk().links
    fork = Talk(links=whole[:3]).say(Authorship.AI).links[3]
    other = Talk(id="01JD8Z6Q2V4T7M9K3C5B1A0XYY").say(Authorship.AI).links[0]
    swapped = Talk().say(Authorship.AI)
    first = swapped.links[0]
    swapped.say(Authorship.AI)
    swapped.say(Authorship.AI, conv=ConversationClaim(id=CONVERSATION, seq=3, prev=previous_hash(first)))
    stolen = Talk().say(Authorship.AI).happen(HumanRequested(), signer=MemorySigner(61)).say(Authorship.AI)
    return [
        ("whole", whole),
        ("whole, in the reverse order", whole[::-1]),
        ("two taken out of the middle", whole[:2] + whole[4:]),
        ("without its beginning", whole[3:]),
        ("the hand-off taken out", [link for link in whole if link not in (whole[4], whole[5])]),
        ("two at one position", [*whole, fork]),
        ("one of another conversation among them", [*whole[:2], other, *whole[2:]]),
        ("one that says another stood before it", swapped.links),
        ("one made after another than the one before it", [*whole[:3], fork, *whole[4:]]),
        ("one signed by a key nobody published", stolen.links),
        ("from AI to a person without a word", Talk().say(Authorship.AI).say(Authorship.AI_ASSISTED).links),
        ("from a person to AI without a word", Talk().say(Authorship.HUMAN).say(Authorship.AI).links),
        ("not one of them readable", ["", "a.b.c"]),
    ]


def _faults(links: list[str]) -> list[dict[str, Any]]:
    faults = (asdict(fault) for fault in check_chain(links, trust=event_trust()))
    return [{name: value for name, value in fault.items() if value is not None} for fault in faults]


def _malformed() -> list[dict[str, str]]:
    good = format_event_claims(make_event_claims())
    handoff = {"kind": "handoff", "from": "ai", "to": "ai"}
    blanks = json.dumps(good).encode()
    invented: list[tuple[str, str, str]] = [
        ("a seal's type", _signed(good, typ="ai-disclosure+sd-jwt"), "typ"),
        ("algorithm none", _signed(good, alg="none"), "ES256"),
        ("crit", _signed(good, crit=["exp"]), "exactly alg, kid and typ"),
        ("a tilde at its end", sign_event(make_event_claims(), signer=EVENT_SIGNER) + "~", "base64url"),
        ("a duplicate member", _signed(blanks.replace(b'"iat"', b'"iat": 1, "iat"', 1)), "duplicate member"),
        ("blanks between its members", _signed(blanks), "canonical"),
        ("an unknown claim", _signed(good | {"exp": 1}), "unknown members"),
        ("no conversation", _signed({name: good[name] for name in good if name != "conv"}), "lacks conv"),
        ("a boolean position", _signed(good | {"conv": {"id": "c", "seq": True}}), "seq"),
        ("an unknown kind", _signed(good | {"ev": {"kind": "typing"}}), "kind is one of"),
        ("no kind", _signed(good | {"ev": {}}), "with its kind"),
        ("a name", _signed(good | {"ev": {"kind": "human_joined", "agent": "Anna"}}), "unknown members: agent"),
        ("a hand-off to oneself", _signed(good | {"ev": handoff}), "from one kind of speaker to the other"),
        ("a hand-off to nobody", _signed(good | {"ev": {"kind": "handoff", "from": "ai"}}), "ev lacks to"),
        ("free words", _signed(good | {"ev": {"kind": "disclosure_shown", "mode": "inline", "text": "Hi!"}}), "key"),
        ("late without at", _signed(good | {"late": True}), "late is true beside at"),
        ("late is false", _signed(good | {"at": 1, "late": False}), "late is true beside at"),
        ("another audience", _signed(good | {"aud": "https://guarantor.example"}), "aud"),
        ("no ULID", _signed(good | {"jti": "1"}), "jti"),
        ("too long", "a" * 4097, "at most 4096"),
    ]
    return [{"name": name, "jws": jws, "says": says} for name, jws, says in invented]


def _signed(payload: object, **changes: Any) -> str:
    return sign_raw(header_of(EVENT_SIGNER, **{"typ": TYP} | changes), payload, signer=EVENT_SIGNER)


def _private_jwk(signer: MemorySigner) -> dict[str, str]:
    numbers = signer.private_key.private_numbers()
    values: dict[str, int] = {"x": numbers.public_numbers.x, "y": numbers.public_numbers.y, "d": numbers.private_value}
    encoded = {name: format_base64url(number.to_bytes(32, "big")) for name, number in values.items()}
    return {"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": signer.kid} | encoded


if __name__ == "__main__":
    sys.stdout.write(json.dumps(event_vectors(), indent=1) + "\n")
