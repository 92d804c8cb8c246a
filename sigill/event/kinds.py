"""The six kinds of events and what each says; nothing personal in any of them.

| `kind`             | members                        | means |
|--------------------|--------------------------------|-------|
| `handoff`          | `from`, `to`, `why`?           | from here on a person speaks instead of AI, or AI instead |
| `human_requested`  | –                              | the customer asked for a person |
| `human_joined`     | –                              | a person is in the conversation |
| `disclosure_shown` | `mode`, `text`?                | the customer was told that AI takes part, in these words |
| `preference`       | `speaker`                      | the customer wants a person, or does not mind |
| `ended`            | `by`                           | nobody answers here any more |

`parse_happening` and `format_happening` are inverses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final, TypeAlias

from sigill.errors import MalformedSeal
from sigill.seal.members import Members, check_members, read_text, read_word
from sigill.vocabulary import Authorship, DisclosureMode

MAX_TEXT_KEY: Final = 64
_KEY_SYMBOLS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


class EventKind(StrEnum):
    """What an event is."""

    HANDOFF = "handoff"
    HUMAN_REQUESTED = "human_requested"
    HUMAN_JOINED = "human_joined"
    DISCLOSURE_SHOWN = "disclosure_shown"
    PREFERENCE = "preference"
    ENDED = "ended"


class Speaker(StrEnum):
    """Who speaks for the operator: a person (helped by AI or not), or AI."""

    HUMAN = "human"
    AI = "ai"


class Wish(StrEnum):
    """With whom the customer wants to speak."""

    HUMAN = "human"
    ANY = "any"


class Why(StrEnum):
    """Why one speaker hands over to the other."""

    ASKED = "asked"  # the customer asked for it
    POLICY = "policy"  # a rule says so
    UNABLE = "unable"  # the AI could not help
    SENSITIVE = "sensitive"  # it is about something a person should answer
    DONE = "done"  # the person has helped; the AI takes over again
    CLOSED = "closed"  # nobody is at work now


class EndedBy(StrEnum):
    """Who ended a conversation."""

    CUSTOMER = "customer"
    OPERATOR = "operator"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Handoff:
    """From `giver` to `taker`, who is the other of the two."""

    kind: ClassVar = EventKind.HANDOFF
    giver: Speaker
    taker: Speaker
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class HumanRequested:
    """The customer asked for a person."""

    kind: ClassVar = EventKind.HUMAN_REQUESTED


@dataclass(frozen=True, slots=True)
class HumanJoined:
    """A person is in the conversation; who it is, only the operator knows."""

    kind: ClassVar = EventKind.HUMAN_JOINED


@dataclass(frozen=True, slots=True)
class DisclosureShown:
    """The customer was told that AI takes part. `text` is the key of the words shown, such as `ai_chat`."""

    kind: ClassVar = EventKind.DISCLOSURE_SHOWN
    mode: DisclosureMode
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """With whom the customer wants to speak from now on."""

    kind: ClassVar = EventKind.PREFERENCE
    speaker: Wish


@dataclass(frozen=True, slots=True)
class Ended:
    """The conversation is over. A later message begins it again."""

    kind: ClassVar = EventKind.ENDED
    by: EndedBy


Happening: TypeAlias = Handoff | HumanRequested | HumanJoined | DisclosureShown | Preference | Ended


def speaker_of(by: Authorship) -> Speaker:
    """Return who speaks in a message: an assisted one is a person's, who read and released it."""
    return Speaker.AI if by is Authorship.AI else Speaker.HUMAN


def announced_by(happening: Happening | None) -> Speaker | None:
    """Return who speaks next according to an event, or None where it says nothing of that."""
    match happening:
        case Handoff(taker=taker):
            return taker
        case HumanJoined():
            return Speaker.HUMAN
        case _:
            return None


def parse_happening(value: object) -> Happening:
    """Read the `ev` of an event. Raises MalformedSeal naming the member."""
    if not isinstance(value, Mapping) or "kind" not in value:
        raise MalformedSeal("ev is an object with its kind")
    return _READERS[read_word(value, "kind", EventKind)](value)


def format_happening(happening: Happening) -> dict[str, Any]:
    """Return the `ev` of an event as a JSON-able value."""
    ev: dict[str, Any] = {"kind": happening.kind.value}
    match happening:
        case Handoff():
            ev |= {"from": happening.giver.value, "to": happening.taker.value}
            if happening.why is not None:
                ev["why"] = happening.why.value
        case DisclosureShown():
            ev["mode"] = happening.mode.value
            if happening.text is not None:
                ev["text"] = happening.text
        case Preference():
            ev["speaker"] = happening.speaker.value
        case Ended():
            ev["by"] = happening.by.value
        case _:  # the others say nothing but their kind
            pass
    return ev


def _read_handoff(value: object) -> Happening:
    members = _members(value, "from", "to", optional="why")
    handoff = Handoff(
        giver=read_word(members, "from", Speaker),
        taker=read_word(members, "to", Speaker),
        why=read_word(members, "why", Why) if "why" in members else None,
    )
    if handoff.giver is handoff.taker:
        raise MalformedSeal("a hand-off is from one kind of speaker to the other")
    return handoff


def _read_human_requested(value: object) -> Happening:
    _members(value)
    return HumanRequested()


def _read_human_joined(value: object) -> Happening:
    _members(value)
    return HumanJoined()


def _read_disclosure(value: object) -> Happening:
    members = _members(value, "mode", optional="text")
    text = read_text(members, "text", at_most=MAX_TEXT_KEY) if "text" in members else None
    if text is not None and not _KEY_SYMBOLS.issuperset(text):
        raise MalformedSeal("text is the key of a disclosure text, in lower-case letters, digits and _")
    return DisclosureShown(mode=read_word(members, "mode", DisclosureMode), text=text)


def _read_preference(value: object) -> Happening:
    return Preference(read_word(_members(value, "speaker"), "speaker", Wish))


def _read_ended(value: object) -> Happening:
    return Ended(read_word(_members(value, "by"), "by", EndedBy))


def _members(value: object, *required: str, optional: str | None = None) -> Members:
    allowed = frozenset[str]() if optional is None else frozenset({optional})
    return check_members(value, required={"kind", *required}, optional=allowed, where="ev")


_READERS: Final[Mapping[EventKind, Callable[[object], Happening]]] = {
    EventKind.HANDOFF: _read_handoff,
    EventKind.HUMAN_REQUESTED: _read_human_requested,
    EventKind.HUMAN_JOINED: _read_human_joined,
    EventKind.DISCLOSURE_SHOWN: _read_disclosure,
    EventKind.PREFERENCE: _read_preference,
    EventKind.ENDED: _read_ended,
}
