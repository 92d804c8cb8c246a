"""What an event does to the state of its conversation. Pure."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from conversations.chain import ChainState
from sigill.event.kinds import (
    DisclosureShown,
    Handoff,
    Happening,
    HumanJoined,
    HumanRequested,
    Preference,
    Speaker,
)


def after_event(before: ChainState, happening: Happening, *, jws_hash: str, at: datetime) -> ChainState:
    """Return the state after one more event that happened `at`; `jws_hash` is base64url.

    Asking again does not set the clock back. Where the word goes back to AI, the customer has to be told again.
    """
    return replace(before, seq=before.seq + 1, last_hash=jws_hash, **_changes(before, happening, at))


def _changes(before: ChainState, happening: Happening, at: datetime) -> dict[str, Any]:
    changes: dict[str, Any]
    match happening:
        case Handoff(taker=Speaker.AI):
            changes = {"announced": Speaker.AI, "human_joined": False, "disclosure_shown": False}
        case Handoff():
            changes = {"announced": Speaker.HUMAN}
        case HumanRequested():
            changes = {"human_requested_at": before.human_requested_at or at}
        case HumanJoined():
            changes = {"announced": Speaker.HUMAN, "human_joined": True}
        case DisclosureShown():
            changes = {"disclosure_shown": True}
        case Preference(speaker=wish):
            changes = {"preference": wish}
        case _:  # Ended
            changes = {"ended_at": at, "human_joined": False}
    return changes
