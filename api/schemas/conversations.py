"""Shapes of conversations: an event in, a conversation with its entries out."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from api.fields import Fault, StrictSchema, Word
from api.schemas.places import LogPlaceSchema, PlaceInConversationSchema
from sigill.event.kinds import MAX_TEXT_KEY, EndedBy, EventKind, Speaker, Why, Wish
from sigill.vocabulary import DisclosureMode

MAX_PAGE: Final = 200
_SHORT: Final = validate.Length(1, 128)
_REQUIRED: Final[Mapping[EventKind, frozenset[str]]] = {
    EventKind.HANDOFF: frozenset({"from", "to"}),
    EventKind.HUMAN_REQUESTED: frozenset(),
    EventKind.HUMAN_JOINED: frozenset(),
    EventKind.DISCLOSURE_SHOWN: frozenset({"mode"}),
    EventKind.PREFERENCE: frozenset({"speaker"}),
    EventKind.ENDED: frozenset({"by"}),
}
_OPTIONAL: Final[Mapping[EventKind, frozenset[str]]] = {
    EventKind.HANDOFF: frozenset({"why"}),
    EventKind.DISCLOSURE_SHOWN: frozenset({"text"}),
}


class EventSchema(StrictSchema):
    """What happened: its kind, and the fields that kind has."""

    kind = Word(EventKind, required=True)
    giver = Word(Speaker, data_key="from", metadata={"description": "handoff: who spoke until now"})
    taker = Word(Speaker, data_key="to", metadata={"description": "handoff: who speaks from now on"})
    why = Word(Why, metadata={"description": "handoff (optional): why"})
    mode = Word(DisclosureMode, metadata={"description": "disclosure_shown: how"})
    text = fields.String(
        validate=validate.Length(1, MAX_TEXT_KEY),
        metadata={"description": "disclosure_shown (optional): the key of the text shown, such as ai_chat"},
    )
    speaker = Word(Wish, metadata={"description": "preference: with whom the customer wants to speak"})
    by = Word(EndedBy, metadata={"description": "ended: by whom"})
    at = fields.AwareDateTime(
        format="iso",
        error_messages={"invalid": "a time with its zone, such as 2026-11-22T14:02:00Z"},
        metadata={"description": "When it happened, where it is told afterwards"},
    )

    @validates_schema(pass_original=True)
    def check_members(self, data: Mapping[str, Any], original: Mapping[str, Any], **_kwargs: Any) -> None:  # noqa: ANN401
        """Demand of each kind its own fields, and no others."""
        kind: EventKind = data["kind"]  # the fields themselves are right, or this is not asked
        required, optional = _REQUIRED[kind], _OPTIONAL.get(kind, frozenset[str]())
        faults: dict[str, list[str]] = {name: [self._missing(name, kind)] for name in required - set(original)}
        allowed = ("kind", *sorted(required | optional), "at")
        for name in set(original) - required - optional - {"kind", "at"}:
            faults[name] = [Fault(f"an event of the kind {kind} has no such field", allowed)]
        if "giver" in data and data.get("giver") is data.get("taker"):
            faults["to"] = ["a hand-off is from one kind of speaker to the other"]
        if faults:
            raise ValidationError(faults)

    def _missing(self, name: str, kind: EventKind) -> str:
        field = next(each for each in self.fields.values() if name in {each.name, each.data_key})
        said = f"an event of the kind {kind} needs it"
        return Fault(said, tuple(word.value for word in field.words)) if isinstance(field, Word) else said


class PageSchema(StrictSchema):
    """Which page of a list."""

    cursor = fields.String(validate=_SHORT, metadata={"description": "`next` of the page before"})
    limit = fields.String(
        validate=validate.Regexp(r"^([1-9][0-9]?|1[0-9][0-9]|200)\Z", error=f"a whole number from 1 to {MAX_PAGE}"),
        load_default="50",
        metadata={"description": f"How many at most: 1 to {MAX_PAGE}"},
    )


class ListSchema(PageSchema):
    """Which conversations."""

    reference = fields.String(validate=_SHORT, metadata={"description": "Your own reference: at most one is found"})
    operator = fields.String(
        validate=validate.Regexp(r"^[a-z0-9-]{2,63}\Z", error="an operator's id"),
        metadata={"description": "Whose; for auditors of all operators"},
    )


class RecordedSchema(Schema):
    """An event that is durably in the log."""

    id = fields.String(required=True)
    event = fields.String(required=True, metadata={"description": "The signed event, a JWS"})
    conversation = fields.Nested(PlaceInConversationSchema, required=True)
    recorded_at = fields.String(required=True)
    log = fields.Nested(LogPlaceSchema, required=True)
    receipt = fields.String(required=True)


class EditedBySchema(Schema):
    """The message that replaced this one; its id is null where it was erased since."""

    id = fields.String(required=True, allow_none=True)
    sealed_at = fields.String(required=True)


class EntrySchema(Schema):
    """A message or an event of a conversation, or what is left of one that was erased; what others have is null."""

    seq = fields.Integer(required=True)
    kind = fields.String(required=True, metadata={"enum": ["message", "event", "erased"]})
    id = fields.String(required=True, allow_none=True)
    at = fields.String(required=True, allow_none=True)
    recorded_at = fields.String(required=True, allow_none=True)
    authorship = fields.String(required=True, allow_none=True)
    channel = fields.String(required=True, allow_none=True)
    edits = fields.String(required=True, allow_none=True)
    edited_by = fields.Nested(EditedBySchema, required=True, allow_none=True)
    event = fields.Dict(required=True, allow_none=True)
    jws = fields.String(required=True, allow_none=True)
    jws_hash = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Of what was erased: what `prev` of the next one holds"},
    )
    erased_at = fields.String(required=True, allow_none=True)


class ConversationSchema(Schema):
    """Where a conversation stands."""

    id = fields.String(required=True)
    operator = fields.String(required=True)
    length = fields.Integer(required=True, metadata={"description": "How many messages and events it has"})
    updated_at = fields.String(required=True)
    last_authorship = fields.String(required=True)
    ai_has_spoken = fields.Boolean(required=True)
    disclosure_shown = fields.Boolean(required=True)
    announced = fields.String(required=True, allow_none=True)
    human_joined = fields.Boolean(required=True)
    human_requested_at = fields.String(required=True, allow_none=True)
    preference = fields.String(required=True, allow_none=True)
    ended_at = fields.String(required=True, allow_none=True)


class WholeConversationSchema(ConversationSchema):
    """A conversation with a page of its entries, in order."""

    entries = fields.List(fields.Nested(EntrySchema), required=True)
    next = fields.String(required=True, allow_none=True)


class ConversationsSchema(Schema):
    """A page of conversations, the last begun first."""

    conversations = fields.List(fields.Nested(ConversationSchema), required=True)
    next = fields.String(required=True, allow_none=True)
