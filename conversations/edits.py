"""Which message replaces which: each has at most one newer version, so the newest is found by going on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from sqlalchemy import Connection, select, update

from conversations.chain import ChainState
from conversations.errors import EditRefused
from conversations.tables import edits
from sigill.errors import MalformedSeal
from sigill.seal.claim_values import mandatary_of
from sigill.seal.token import parse_seal
from storage.bulk import insert_rows
from storage.prepared import Asked, PreparedIn
from storage.times import from_ms, to_ms
from transparency.append import Place
from transparency.erasures import forgotten_name
from transparency.tables import tokens

_MANY: Final = 500  # ids in one statement
_ID_LENGTH: Final = 26
_FORGOTTEN: Final = "~"  # what no id begins with
_FIND_EDITED: Final = PreparedIn(tokens.c.jti, select(tokens.c.jti, tokens.c.operator_id, tokens.c.jws).where)
_FIND_NEWER: Final = PreparedIn(edits.c.edited_jti, select(edits.c.edited_jti, edits.c.jti).where)


@dataclass(frozen=True, slots=True)
class NewerVersion:
    """The message that replaced another one (None: erased since), and when it was sealed."""

    jti: str | None
    sealed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The part that notes, with the seal `jti`, that it replaces the message `edited`.

    Let in only if that is a message of the same operator in the same conversation (None: in none), with no newer
    version yet; who seals under a mandate (`mandatary_id`) replaces only what it sealed itself. Else the append is
    answered with EditRefused.
    """

    operator_id: str
    conversation_id: str | None
    edited: str
    jti: str
    at: datetime
    mandatary_id: str | None = None

    @classmethod
    def open(cls, connection: Connection, parts: "Sequence[Edit]") -> "_Edits":
        """Load the messages to be replaced, and the versions there are of them."""
        jtis = list({part.edited for part in parts})
        return _Edits(_FIND_EDITED.ask(connection, jtis), _FIND_NEWER.ask(connection, jtis))


class _Edits:
    """The messages to be replaced, and what replaced them, in this batch too."""

    def __init__(self, edited: Sequence[Asked], newer: Sequence[Asked]) -> None:
        self._asked_edited = edited
        self._asked_newer = newer
        self._taken: list[Edit] = []

    @cached_property
    def _jwss(self) -> dict[tuple[str, str], str]:
        rows = (row for asked in self._asked_edited for row in asked.rows())
        return {(operator_id, jti): jws for jti, operator_id, jws in rows}

    @cached_property
    def _newer(self) -> dict[str, str]:
        return {edited: jti for asked in self._asked_newer for edited, jti in asked.rows()}

    def check(self, part: Edit) -> None:
        """Raise EditRefused if the message is not there, is elsewhere, or was replaced before."""
        jws = self._jwss.get((part.operator_id, part.edited))
        try:
            claims = None if jws is None else parse_seal(jws + "~").claims
        except MalformedSeal:  # an event: nobody wrote it
            claims = None
        if claims is None:
            raise EditRefused("no message of yours has the id under edits")
        if part.mandatary_id is not None and part.mandatary_id != mandatary_of(claims):
            raise EditRefused("under a mandate, only a message sealed by yourself is replaced")
        if (None if claims.conv is None else claims.conv.id) != part.conversation_id:
            raise EditRefused("a message is replaced in its own conversation only")
        newer = self._newer.get(part.edited)
        if newer is not None:
            replaced = "one that was erased since" if newer[0] == _FORGOTTEN else f"{newer}: name the newest version"
            raise EditRefused(f"the message was replaced by {replaced}")

    def take(self, part: Edit, _place: Place) -> None:
        """Note the newer version."""
        self._newer[part.edited] = part.jti
        self._taken.append(part)

    def save(self, connection: Connection, _tree_sizes: Mapping[str, int]) -> None:
        """Write which message replaces which."""
        rows = [{"edited_jti": each.edited, "jti": each.jti, "sealed_at_ms": to_ms(each.at)} for each in self._taken]
        insert_rows(connection, edits, rows)


def edit_parts(
    edited: str | None,
    *,
    operator_id: str,
    mandatary_id: str | None,
    chain: ChainState | None,
    jti: str,
    at: datetime,
) -> tuple[Edit, ...]:
    """Return the part to be committed with a seal that replaces another message; none for one that does not."""
    if edited is None:
        return ()
    conversation_id = None if chain is None else chain.id
    edit = Edit(
        operator_id=operator_id,
        conversation_id=conversation_id,
        edited=edited,
        jti=jti,
        at=at,
        mandatary_id=mandatary_id,
    )
    return (edit,)


def load_newer(connection: Connection, jtis: Sequence[str]) -> dict[str, NewerVersion]:
    """Return the next version of each of these messages that has one; what was erased since counts too."""
    query = select(edits)
    named = {name: jti for jti in jtis for name in (jti, _forgotten(jti))}
    rows = (
        row for some in _parts(list(named)) for row in connection.execute(query.where(edits.c.edited_jti.in_(some)))
    )
    return {
        named[row.edited_jti]: NewerVersion(None if row.jti[0] == _FORGOTTEN else row.jti, from_ms(row.sealed_at_ms))
        for row in rows
    }


def forget_edits(connection: Connection, jtis: Sequence[str]) -> None:
    """Let stand that a message was replaced, and when, without the ids of those that are erased."""
    for column in (edits.c.edited_jti, edits.c.jti):
        for jti in connection.execute(select(column).where(column.in_(jtis))).scalars().all():
            connection.execute(update(edits).where(column == jti).values({column.name: _forgotten(jti)}))


def _forgotten(jti: str) -> str:
    """Return what stands for an erased message here: as long as an id, and no id."""
    return _FORGOTTEN + forgotten_name(jti)[: _ID_LENGTH - 1]


def _parts(jtis: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(jtis), _MANY):
        yield jtis[begin : begin + _MANY]
