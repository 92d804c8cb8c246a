"""The state of a conversation, read before a decision and advanced inside the sealing commit.

A seal is decided and signed on the state it saw. The part `ChainStep` lets it in only if nobody else advanced the
conversation meanwhile: number and hash of its last token are the version compared. A refusal leaves the conversation
as it is, and is let in on the same condition. Several steps of one conversation may stand in one batch, each signed on
the one before.
"""

from collections import namedtuple
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Engine, bindparam, select

from conversations.tables import conversation_entries, conversations
from sigill.event.kinds import Speaker, Wish, speaker_of
from sigill.vocabulary import Authorship
from storage.bulk import insert_rows, save_rows
from storage.prepared import Asked, PreparedIn
from storage.times import from_ms, to_ms
from transparency.append import Place
from transparency.errors import GuardFailed

_COLUMNS: Final = conversations.c
_FIND: Final = PreparedIn(
    _COLUMNS.reference_mac,
    lambda one_of: select(*_COLUMNS).where(_COLUMNS.operator_id == bindparam("operator"), one_of),
)
_Row = namedtuple("_Row", _COLUMNS.keys())  # type: ignore[misc]  # noqa: PYI024 - its fields are the columns
_Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ChainState:
    """Where a conversation stands. `seq` is 0 and `last_*` are None before its first message.

    `announced` is who was to speak next and has not yet; `human_joined`, that a person is in it;
    `human_requested_at`, since when the customer waits for one.
    """

    id: str
    seq: int = 0
    last_hash: str | None = None
    last_by: Authorship | None = None
    ai_has_spoken: bool = False
    disclosure_shown: bool = False
    announced: Speaker | None = None
    human_joined: bool = False
    human_requested_at: datetime | None = None
    preference: Wish | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """What one message adds to its conversation; `jws_hash` is base64url."""

    jws_hash: str
    by: Authorship
    discloses: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainStep:
    """The part that takes a conversation from `before` to `after` with the token `jti`, or leaves it (`after` None).

    `before` is None for a conversation that has not begun.
    """

    operator_id: str
    reference_mac: str
    before: ChainState | None
    after: ChainState | None
    jti: str
    at: datetime

    @classmethod
    def open(cls, connection: Connection, parts: "Sequence[ChainStep]") -> "_Chains":
        """Load the conversations as they stand."""
        return _Chains(_ask_chains(connection, [(part.operator_id, part.reference_mac) for part in parts]))


class _Chains:
    """Conversations as they stand in this batch: advanced in memory, written once."""

    def __init__(self, asked: Sequence[Asked]) -> None:
        self._asked = asked
        self._moved_at: dict[_Key, datetime] = {}
        self._entries: list[tuple[str, int, str]] = []

    @cached_property
    def _now(self) -> dict[_Key, ChainState]:
        """As they are stored, and from then on as they stand in this batch."""
        return _states(row for asked in self._asked for row in asked.rows())

    def check(self, part: ChainStep) -> None:
        """Raise GuardFailed unless the conversation stands where `part` was decided."""
        now = self._now.get((part.operator_id, part.reference_mac))
        if _version(now) != _version(part.before):
            raise GuardFailed("the conversation went on meanwhile")

    def take(self, part: ChainStep, _place: Place) -> None:
        """Advance the conversation."""
        if part.after is None:
            return
        key = (part.operator_id, part.reference_mac)
        self._now[key] = part.after
        self._moved_at[key] = part.at
        self._entries.append((part.after.id, part.after.seq, part.jti))

    def save(self, connection: Connection, _tree_sizes: Mapping[str, int]) -> None:
        """Write each conversation that moved, and its new entries."""
        moved = [
            {"id": self._now[key].id, "operator_id": key[0], "reference_mac": key[1], "updated_at_ms": to_ms(at)}
            | _columns(self._now[key])
            for key, at in self._moved_at.items()
        ]
        save_rows(connection, conversations, moved)
        insert_rows(
            connection,
            conversation_entries,
            [{"conversation_id": entry[0], "seq": entry[1], "jti": entry[2]} for entry in self._entries],
        )


def load_chain(connection: Connection, *, operator_id: str, reference_mac: str) -> ChainState | None:
    """Return the state of the operator's conversation, or None where it has not begun."""
    return load_chains(connection, [(operator_id, reference_mac)]).get((operator_id, reference_mac))


def load_chains(bind: Connection | Engine, keys: Sequence[_Key]) -> dict[_Key, ChainState]:
    """Return the states of those conversations that have begun, by operator and reference.

    Of a connection's transaction, or of an engine as of now.
    """
    if isinstance(bind, Connection):
        return _states(row for asked in _ask_chains(bind, keys) for row in asked.rows())
    return _states(row for macs, given in _by_operator(keys) for row in _FIND.glance(bind, macs, given))


def _ask_chains(connection: Connection, keys: Sequence[_Key]) -> list[Asked]:
    return [asked for macs, given in _by_operator(keys) for asked in _FIND.ask(connection, macs, given)]


def _by_operator(keys: Sequence[_Key]) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Yield the references of one operator after the other, and what names the operator to the query."""
    for operator_id in {key[0] for key in keys}:
        yield list({key[1] for key in keys if key[0] == operator_id}), {"operator": operator_id}


def _states(rows: Iterable[tuple[Any, ...]]) -> dict[_Key, ChainState]:
    named: Iterable[Any] = (_Row(*values) for values in rows)
    return {(row.operator_id, row.reference_mac): state_of(row) for row in named}


def after_message(before: ChainState, link: Link) -> ChainState:
    """Return the state after one more message. Pure. A person's message is what the customer waited for."""
    speaker = speaker_of(link.by)
    human = speaker is Speaker.HUMAN
    return replace(
        before,
        seq=before.seq + 1,
        last_hash=link.jws_hash,
        last_by=link.by,
        ai_has_spoken=before.ai_has_spoken or link.by is Authorship.AI,
        disclosure_shown=before.disclosure_shown or link.discloses,
        announced=None if before.announced is speaker else before.announced,
        human_joined=before.human_joined or human,
        human_requested_at=None if human else before.human_requested_at,
        ended_at=None,
    )


def state_of(row: Any) -> ChainState:  # noqa: ANN401 - SQLAlchemy's rows and our own have no common type
    """Return the state in a row of `conversations`: its columns as attributes."""
    return ChainState(
        id=row.id,
        seq=row.seq,
        last_hash=row.last_hash,
        last_by=Authorship(row.last_by),
        ai_has_spoken=bool(row.ai_has_spoken),
        disclosure_shown=bool(row.disclosure_shown),
        announced=None if row.announced is None else Speaker(row.announced),
        human_joined=bool(row.human_joined),
        human_requested_at=None if row.human_requested_at_ms is None else from_ms(row.human_requested_at_ms),
        preference=None if row.preference is None else Wish(row.preference),
        ended_at=None if row.ended_at_ms is None else from_ms(row.ended_at_ms),
    )


def _columns(state: ChainState) -> dict[str, Any]:
    """Return what the table holds of a state that has begun, but for its id; inverse of `state_of`."""
    return {
        "seq": state.seq,
        "last_hash": state.last_hash,
        "last_by": None if state.last_by is None else state.last_by.value,
        "ai_has_spoken": state.ai_has_spoken,
        "disclosure_shown": state.disclosure_shown,
        "announced": None if state.announced is None else state.announced.value,
        "human_joined": state.human_joined,
        "human_requested_at_ms": None if state.human_requested_at is None else to_ms(state.human_requested_at),
        "preference": None if state.preference is None else state.preference.value,
        "ended_at_ms": None if state.ended_at is None else to_ms(state.ended_at),
    }


def _version(state: ChainState | None) -> tuple[str, int, str | None] | None:
    """Return what tells one state of a conversation from another; None where it has not begun.

    The hash too: in a batch, a message is signed on the one before it, which may lose its place to another of its
    number.
    """
    return None if state is None or state.seq == 0 else (state.id, state.seq, state.last_hash)
