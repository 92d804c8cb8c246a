"""What erasing messages does to their conversations: each place stays, and with the last one the conversation goes."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, update

from conversations.tables import conversation_entries, conversations
from transparency.tables import tombstones


def forget_entries(connection: Connection, places: Sequence[tuple[str, int]]) -> None:
    """Take messages and events, by conversation and position, out of their conversations.

    Their tombstones, already there, keep the places. Of a conversation without any other entry nothing is kept, not
    even which of the erased belonged together; a message with its reference begins a new one.
    """
    for conversation_id, seq in places:
        entry = conversation_entries.c
        connection.execute(
            delete(conversation_entries).where(entry.conversation_id == conversation_id, entry.seq == seq)
        )
    touched = {conversation_id for conversation_id, _ in places}
    entry = conversation_entries.c
    left = select(entry.conversation_id).where(entry.conversation_id.in_(touched)).distinct()
    gone = touched - set(connection.execute(left).scalars())
    if gone:
        connection.execute(delete(conversations).where(conversations.c.id.in_(gone)))
        nowhere = {"conversation_id": None, "seq": None}
        connection.execute(update(tombstones).where(tombstones.c.conversation_id.in_(gone)).values(nowhere))
