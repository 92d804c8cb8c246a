"""Conversations: their events, their entries, and finding them by one's own reference."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, make_response, request
from marshmallow import RAISE

from api.auth import authorized, caller, calling_operator
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.cursors import format_cursor, parse_cursor
from api.repeating import repeat_key
from api.responses import REPLAYED
from api.schemas.conversations import (
    ConversationSchema,
    ConversationsSchema,
    EntrySchema,
    EventSchema,
    ListSchema,
    PageSchema,
    RecordedSchema,
    WholeConversationSchema,
)
from api.shapes import iso
from conversations.edits import NewerVersion, load_newer
from conversations.errors import ConversationNotFound
from conversations.listing import (
    Conversation,
    Entry,
    ErasedEntry,
    find_conversation,
    list_conversations,
    load_conversation,
    load_entries,
)
from registry.model import Operator, Scope
from sigill.encoding.base64url import format_base64url
from sigill.errors import MalformedSeal, SigillError
from sigill.event.kinds import (
    DisclosureShown,
    Ended,
    EventKind,
    Handoff,
    Happening,
    HumanJoined,
    HumanRequested,
    Preference,
    format_happening,
)
from sigill.event.token import parse_event
from sigill.seal.token import parse_seal
from signing.errors import RequestInvalid
from signing.events import EventRequest, RecordedEvent, recall_event, record_event
from signing.issue import reference_mac
from signing.repeats import RepeatKey, find_claims
from storage.engine import reading

blueprint = ApiBlueprint(
    "conversations", __name__, url_prefix="/v1/conversations", description="Conversations and what happens in them"
)
_recorded = RecordedSchema()
_conversation = ConversationSchema()
_whole = WholeConversationSchema()
_ENTRY_FIELDS = tuple(EntrySchema().fields)
_KEY: dict[str, Any] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "Any string; the same one again within 24 hours, with the same body, never records twice",
            "schema": {"type": "string", "minLength": 1, "maxLength": 257},
        }
    ]
}
_EXAMPLES = {
    "handoff": {"value": {"kind": "handoff", "from": "ai", "to": "human", "why": "asked"}},
    "human_requested": {"value": {"kind": "human_requested", "at": "2026-11-22T14:02:00Z"}},
    "disclosure_shown": {"value": {"kind": "disclosure_shown", "mode": "shown_before", "text": "ai_chat"}},
}


@blueprint.post("/<string:conversation_id>/events")
@authorized(Scope.MESSAGES_SIGN)
@blueprint.doc(**_KEY)
@blueprint.arguments(EventSchema, examples=_EXAMPLES)
@blueprint.response(201, RecordedSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
def post_event(body: dict[str, Any], conversation_id: str) -> Response:
    """Record what happened in a conversation besides its messages: a hand-off, a wish, a disclosure, its end.

    The event is signed, stands in the conversation's chain like a message, and is durably in the operator's log before
    it is returned. It changes what later messages owe the customer. With an `Idempotency-Key`, the same request again
    within 24 hours gets the same answer and records nothing.
    """
    asked = EventRequest(conversation_id=conversation_id, happening=happening_of(body), at=body.get("at"))
    operator = calling_operator()
    with repeat_key("events", operator.id) as key:
        recorded = _record(asked, operator, key)
    response = make_response(jsonify(_recorded.dump(recorded_shape(recorded))), 201)
    response.headers["Cache-Control"] = "no-store"
    if recorded.repeated:
        response.headers[REPLAYED] = "true"
    return response


def _record(asked: EventRequest, operator: Operator, key: RepeatKey | None) -> RecordedEvent:
    """Record an event once: what fails with a key is looked up, for it may have been recorded before."""
    signing = world().signing
    if key is None:
        return record_event(asked, operator=operator, world=signing)
    key = replace(key, body=f"{asked.conversation_id}\n".encode() + key.body)  # the route alone does not say where
    (claim,) = key.claims(at=signing.now(), world=signing)
    try:
        return record_event(asked, operator=operator, world=signing, key=claim)
    except SigillError:
        earlier = find_claims(key, world=signing).get(0)
        if earlier is None:
            raise
        return recall_event(earlier, world=signing)


@blueprint.get("/<string:conversation_id>")
@authorized(Scope.MESSAGES_READ)
@blueprint.arguments(PageSchema, location="query", unknown=RAISE)
@blueprint.response(200, WholeConversationSchema)
@problem_responses(401, 403, 404, 422, 429, 503)
def get_conversation(query: dict[str, Any], conversation_id: str) -> Response:
    """Return where a conversation stands, and a page of its messages and events in their order."""
    operator = caller().operator
    after, limit = _after_seq(query), int(query["limit"])
    with reading(world().signing.engine) as connection:
        operator_id = None if operator is None else operator.id
        found = load_conversation(connection, conversation_id, operator_id=operator_id)
        if found is None:
            raise ConversationNotFound("no conversation of yours has this id")
        entries, last = load_entries(connection, conversation_id, after=after, limit=limit)
        newer = load_newer(connection, [entry.jti for entry in entries if isinstance(entry, Entry)])
    shape = conversation_shape(found) | {
        "entries": [entry_shape(entry, newer) for entry in entries],
        "next": None if last is None else format_cursor(last),
    }
    return _page(_whole.dump(shape))


@blueprint.get("")
@authorized(Scope.MESSAGES_READ)
@blueprint.arguments(ListSchema, location="query", unknown=RAISE)
@blueprint.response(200, ConversationsSchema)
@problem_responses(401, 403, 404, 422, 429, 503)
def get_conversations(query: dict[str, Any]) -> Response:
    """List an operator's conversations, the last begun first, or find the one of your own reference."""
    operator_id, limit = _whose(query), int(query["limit"])
    after = _after_conversation(query)
    signing = world().signing
    found: tuple[Conversation, ...]
    with reading(signing.engine) as connection:
        if "reference" in query:
            mac = reference_mac(query["reference"], operator_id=operator_id, world=signing)
            one = None if mac is None else find_conversation(connection, operator_id=operator_id, reference_mac=mac)
            if one is None:
                raise ConversationNotFound("no conversation of yours has this reference")
            found, last = (one,), None
        else:
            found, last = list_conversations(connection, operator_id=operator_id, after=after, limit=limit)
    shapes = [_conversation.dump(conversation_shape(each)) for each in found]
    after_last = None if last is None else format_cursor(last)
    return _page({"conversations": shapes, "next": after_last})


def happening_of(body: Mapping[str, Any]) -> Happening:
    """Return what a loaded body says happened."""
    match body["kind"]:
        case EventKind.HANDOFF:
            return Handoff(body["giver"], body["taker"], body.get("why"))
        case EventKind.HUMAN_REQUESTED:
            return HumanRequested()
        case EventKind.HUMAN_JOINED:
            return HumanJoined()
        case EventKind.DISCLOSURE_SHOWN:
            return DisclosureShown(body["mode"], body.get("text"))
        case EventKind.PREFERENCE:
            return Preference(body["speaker"])
        case _:
            return Ended(body["by"])


def recorded_shape(recorded: RecordedEvent) -> dict[str, Any]:
    """Return an event's answer."""
    return {
        "id": recorded.jti,
        "event": recorded.jws,
        "conversation": {"id": recorded.conversation.id, "seq": recorded.conversation.seq},
        "recorded_at": iso(recorded.recorded_at),
        "log": {"origin": recorded.origin, "index": recorded.index},
        "receipt": recorded.receipt,
    }


def conversation_shape(found: Conversation) -> dict[str, Any]:
    """Return where a conversation stands."""
    state = found.state
    return {
        "id": state.id,
        "operator": found.operator_id,
        "length": state.seq,
        "updated_at": iso(found.updated_at),
        "last_authorship": state.last_by,
        "ai_has_spoken": state.ai_has_spoken,
        "disclosure_shown": state.disclosure_shown,
        "announced": state.announced,
        "human_joined": state.human_joined,
        "human_requested_at": None if state.human_requested_at is None else iso(state.human_requested_at),
        "preference": state.preference,
        "ended_at": None if state.ended_at is None else iso(state.ended_at),
    }


def entry_shape(entry: Entry | ErasedEntry, newer: Mapping[str, NewerVersion]) -> dict[str, Any]:
    """Return a message or an event, or what is left of one, as an entry of its conversation."""
    if isinstance(entry, ErasedEntry):
        gone = {"jws_hash": format_base64url(entry.jws_hash), "erased_at": iso(entry.erased_at)}
        return dict.fromkeys(_ENTRY_FIELDS) | gone | {"seq": entry.seq, "kind": "erased"}
    edited = newer.get(entry.jti)
    shape: dict[str, Any] = {
        "seq": entry.seq,
        "id": entry.jti,
        "recorded_at": iso(entry.recorded_at),
        "edited_by": None if edited is None else {"id": edited.jti, "sealed_at": iso(edited.sealed_at)},
        "jws": entry.jws,
        "jws_hash": None,
        "erased_at": None,
    }
    try:
        claims = parse_seal(entry.jws + "~").claims
    except MalformedSeal:
        told = parse_event(entry.jws).claims
        nothing = dict.fromkeys(("authorship", "channel", "edits"))
        return shape | nothing | {"kind": "event", "at": iso(told.at or told.iat), "event": format_happening(told.ev)}
    return shape | {
        "kind": "message",
        "at": iso(claims.sent or claims.iat),
        "authorship": claims.auth.by,
        "channel": claims.ch,
        "edits": claims.edits,
        "event": None,
    }


def _whose(query: Mapping[str, Any]) -> str:
    """Return whose conversations are asked for: the caller's own, or, for auditors of all, those they name."""
    operator = caller().operator
    named: str | None = query.get("operator")
    if operator is None:
        if named is None:
            raise RequestInvalid("/operator", "say whose conversations; your key belongs to no operator")
        return named
    if named not in {None, operator.id}:
        raise RequestInvalid("/operator", "your key is of another operator", allowed=[operator.id])
    return operator.id


def _after_seq(query: Mapping[str, Any]) -> int:
    if "cursor" not in query:
        return 0
    (seq,) = parse_cursor(query["cursor"], int)
    return int(seq)


def _after_conversation(query: Mapping[str, Any]) -> str | None:
    if "cursor" not in query:
        return None
    if "reference" in query:
        raise RequestInvalid("/cursor", "a reference finds one conversation at most, on one page")
    (conversation_id,) = parse_cursor(query["cursor"], str)
    return str(conversation_id)


def _page(shape: Any) -> Response:  # noqa: ANN401 - what a schema dumped
    """Return a page with a Link to the next one (RFC 8288)."""
    response = jsonify(shape)
    if shape["next"] is not None:
        query = {**request.args.to_dict(), "cursor": shape["next"]}
        response.headers["Link"] = f'<{world().base_url}{request.path}?{urlencode(query)}>; rel="next"'
    response.headers["Cache-Control"] = "no-store"
    return response
