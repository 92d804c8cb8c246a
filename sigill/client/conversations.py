"""Conversations at the service: events recorded, chains read, messages withdrawn; checked as far as can be.

Of a withdrawal the log holds the hash of a record that only the service and auditors see: checked is that the
operator's log has signed for a tree that reaches there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from sigill.client.answers import entries_of, object_of, text_of, whole_number_of
from sigill.client.errors import AnswerNotTrusted
from sigill.client.exchange import Call, Exchange
from sigill.client.proof import TrustTooOld
from sigill.errors import SigillError, SignatureInvalid
from sigill.event.kinds import format_happening
from sigill.event.token import TYP, ParsedEvent, parse_event
from sigill.keys.p256 import check_signature
from sigill.report.chain import ChainFault, ChainFaultName, check_chain
from sigill.report.trust import Trust, TrustedLog
from sigill.seal.claims import operator_url
from sigill.tlog.checkpoint import verify_checkpoint
from sigill.tlog.leaf import LeafKind, format_leaf, leaf_of
from sigill.tlog.note import parse_vkey
from sigill.tlog.proof import parse_proof, verify_proof
from sigill.tlog.tree import hash_leaf

_PATH: Final = "/v1/conversations"
_PAGE: Final = 200
_NEXT: Final = "Report it to whoever runs the service."


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event, proven: signed, at `seq` of its conversation, and in the log. `event` is the JWS."""

    id: str
    event: str
    conversation: str
    seq: int
    origin: str
    index: int
    receipt: str
    members: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A withdrawal. `reason` is that of the first withdrawal, if there was one before."""

    id: str
    reason: str
    withdrawn_at: str
    origin: str
    index: int
    receipt: str
    members: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A whole conversation: where it stands, and its messages and events in order, as the service lists them.

    The chain of their signed texts (`jws`) was checked; of an entry of kind `erased` only the hash is left, and the
    next one points at it. `silent_changes` are those of speaker that nothing announced.
    """

    id: str
    state: Mapping[str, Any]
    entries: tuple[Mapping[str, Any], ...]
    silent_changes: tuple[ChainFault, ...]


def event_path(conversation: str) -> str:
    """Return where the events of a conversation go."""
    return f"{_PATH}/{quote(conversation, safe='')}/events"


def read_conversation(conversation: str, *, exchange: Exchange) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Return the state of a conversation and all its entries, page by page."""
    entries: list[Mapping[str, Any]] = []
    query: dict[str, str | int] = {"limit": _PAGE}
    while True:
        members = exchange.send(Call(method="GET", path=f"{_PATH}/{quote(conversation, safe='')}?{urlencode(query)}"))
        page = entries_of(members, "entries")
        entries += page
        if members.get("next") is None or not page:
            return {name: value for name, value in members.items() if name not in {"entries", "next"}}, entries
        query["cursor"] = text_of(members, "next")


def find_conversation(reference: str, *, exchange: Exchange) -> str:
    """Return the id of the conversation of an operator's own reference."""
    members = exchange.send(Call(method="GET", path=f"{_PATH}?{urlencode({'reference': reference})}"))
    (found, *_) = entries_of(members, "conversations") or ({},)
    return text_of(found, "id")


def check_conversation(
    conversation: str, state: Mapping[str, Any], entries: list[Mapping[str, Any]], *, trust: Trust
) -> Conversation:
    """Return a conversation whose entries are a whole chain. Raises AnswerNotTrusted saying what is wrong."""
    erased = {whole_number_of(entry, "seq"): text_of(entry, "jws_hash") for entry in entries if _is_erased(entry)}
    links = [text_of(entry, "jws") for entry in entries if not _is_erased(entry)]
    faults = check_chain(links, trust=trust, erased=erased)
    silent = tuple(fault for fault in faults if fault.name is ChainFaultName.SILENT_CHANGE)
    broken = [fault for fault in faults if fault.name is not ChainFaultName.SILENT_CHANGE]
    if broken:
        kind = TrustTooOld if any(fault.name is ChainFaultName.SIGNATURE for fault in broken) else AnswerNotTrusted
        what = ", ".join(sorted({f"{fault.name} at {fault.seq}" for fault in broken}))
        raise kind(f"The conversation's chain does not hold: {what}. {_NEXT}")
    if len(entries) < whole_number_of(state, "length"):
        raise AnswerNotTrusted(f"The conversation's end is missing. {_NEXT}")
    return Conversation(conversation, state, tuple(entries), silent)


def _is_erased(entry: Mapping[str, Any]) -> bool:
    return entry.get("kind") == "erased"


def check_recorded(
    members: Mapping[str, Any], *, conversation: str, asked: Mapping[str, Any], trust: Trust
) -> Recorded:
    """Return an event that proves to be what was asked for. Raises AnswerNotTrusted."""
    log, place = object_of(members, "log"), object_of(members, "conversation")
    recorded = Recorded(
        id=text_of(members, "id"),
        event=text_of(members, "event"),
        conversation=conversation,
        seq=whole_number_of(place, "seq"),
        origin=text_of(log, "origin"),
        index=whole_number_of(log, "index"),
        receipt=text_of(members, "receipt"),
        members=members,
    )
    try:
        event = parse_event(recorded.event)
        _check_signed(event, trust)
        trusted = _log_of(recorded.origin, trust)
        proven = verify_proof(
            recorded.receipt,
            leaf_hash=hash_leaf(format_leaf(leaf_of(LeafKind.EVENT, recorded.event.encode()))),
            origin=trusted.origin,
            keys=[parse_vkey(trusted.vkey)],
        )
    except SigillError as error:
        raise AnswerNotTrusted(f"The event that came back does not hold: {error}. {_NEXT}") from error
    claims = event.claims
    says = (claims.iss, claims.sub, claims.conv.id, claims.conv.seq, claims.jti, proven.index)
    should = (
        trust.issuer,
        operator_url(trust.issuer, trusted.operator),
        conversation,
        recorded.seq,
        recorded.id,
        recorded.index,
    )
    told = {name: value for name, value in asked.items() if name != "at"}
    if says != should or format_happening(claims.ev) != told:
        raise AnswerNotTrusted(f"The event that came back is not the one asked for. {_NEXT}")
    return recorded


def check_withdrawn(members: Mapping[str, Any], *, message: str, trust: Trust) -> Withdrawn:
    """Return a withdrawal of `message` that the operator's log reaches. Raises AnswerNotTrusted."""
    log = object_of(members, "log")
    withdrawn = Withdrawn(
        id=text_of(members, "id"),
        reason=text_of(members, "reason"),
        withdrawn_at=text_of(members, "withdrawn_at"),
        origin=text_of(log, "origin"),
        index=whole_number_of(log, "index"),
        receipt=text_of(members, "receipt"),
        members=members,
    )
    try:
        trusted = _log_of(withdrawn.origin, trust)
        proof = parse_proof(withdrawn.receipt)
        verify_checkpoint(proof.checkpoint, origin=trusted.origin, keys=[parse_vkey(trusted.vkey)])
    except SigillError as error:
        raise AnswerNotTrusted(f"The withdrawal that came back does not hold: {error}. {_NEXT}") from error
    if (withdrawn.id, proof.index) != (message, withdrawn.index):
        raise AnswerNotTrusted(f"The withdrawal that came back is of another message. {_NEXT}")
    return withdrawn


def _check_signed(event: ParsedEvent, trust: Trust) -> None:
    """Raise SignatureInvalid, or TrustTooOld where the key is not known."""
    key = trust.key(event.jws.kid, typ=TYP)
    if key is None:
        raise TrustTooOld(f"The event is signed with a key that is not known. {_NEXT}")
    if key.compromised_at is not None or not key.valid_from <= event.claims.iat < key.valid_until:
        raise SignatureInvalid("its key was not good then")
    check_signature(key.public_key, signature=event.jws.signature, message=event.jws.signing_input)


def _log_of(origin: str, trust: Trust) -> TrustedLog:
    found = next((log for log in trust.logs.values() if log.origin == origin), None)
    if found is None:
        raise TrustTooOld(f"The log {origin[:80]} is not known. {_NEXT}")
    return found
