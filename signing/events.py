"""Recording what happens in a conversation: load, sign, log; lost races are run again.

An event is signed outside the log's lock on where the conversation stood, and let in only if it still stands there;
see `signing.issue`. It is returned only if it is durably in the log.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from conversations.chain import ChainStep
from conversations.errors import ConversationNotFound
from conversations.events import after_event
from conversations.listing import Conversation, load_conversation
from registry.model import Operator
from registry.operators import check_may_seal, load_sealing_operator
from registry.standing import Standing
from sigill.encoding.ulid import format_ulid
from sigill.event.kinds import DisclosureShown, Happening
from sigill.event.token import EventClaims, parse_event, sign_event
from sigill.report.judge import CLOCK_TOLERANCE
from sigill.seal.claim_values import ConversationClaim, audience_of, operator_url
from sigill.seal.token import previous_hash
from sigill.tlog.leaf import LeafKind, leaf_of
from signing.errors import ConversationBusy, MessageNotFound, RequestInvalid
from signing.statement import is_late
from signing.turns import MAX_TRIES, turn_of
from signing.world import SigningWorld
from storage.engine import reading
from transparency.append import Append, Part, Token
from transparency.errors import GuardFailed
from transparency.idempotency import Claim, KeyClaim

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ULID_RANDOM_BYTES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRequest:
    """One event; `at` (aware) is when it happened, where it is told afterwards."""

    conversation_id: str
    happening: Happening
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """An event that is durably in the log, with its place in the conversation; `repeated`: it was before."""

    jti: str
    jws: str
    conversation: ConversationClaim
    recorded_at: datetime
    origin: str
    index: int
    receipt: str
    repeated: bool = False


def record_event(
    request: EventRequest, *, operator: Operator, world: SigningWorld, key: KeyClaim | None = None
) -> RecordedEvent:
    """Record one event in a conversation of a verified operator; `key` claims an idempotency key with it.

    Raises ConversationNotFound, RequestInvalid, OperatorNotVerified, OperatorSuspended, ConversationBusy, KeyUnusable,
    KeyClaimed, Overloaded, StoreUnavailable.
    """
    check_may_seal(operator)
    _check_claimable(request, world)
    found = _load(request, operator, world)
    for attempt in range(MAX_TRIES):
        with turn_of(world.engine, found.reference_mac, has_lost=attempt > 0):
            if attempt:
                operator = load_sealing_operator(world.engine, operator.id)
                found = _load(request, operator, world)
            try:
                return _try_once(request, found, operator, world, key)
            except GuardFailed:
                continue
    raise ConversationBusy("the conversation went on during every try; nothing was recorded, try again")


def recall_event(claim: Claim, *, world: SigningWorld) -> RecordedEvent:
    """Return the event that a request with an idempotency key recorded, with the receipt it was answered with.

    Raises MessageNotFound where it was erased since, StoreUnavailable.
    """
    place = claim.place
    token, head = world.log.token_at(place.log_id, place.index), world.log.head(place.log_id)
    if token is None or head is None:
        raise MessageNotFound("what this key was used for has been erased since")
    return RecordedEvent(
        jti=token.jti,
        jws=token.jws,
        conversation=parse_event(token.jws).claims.conv,
        recorded_at=token.created_at,
        origin=head.origin,
        index=place.index,
        receipt=world.log.receipt_at(place.log_id, place.index, claim.tree_size, at=claim.claimed_at),
        repeated=True,
    )


def _check_claimable(request: EventRequest, world: SigningWorld) -> None:
    at, happening = request.at, request.happening
    if at is not None and at > world.now() + CLOCK_TOLERANCE:
        raise RequestInvalid("/at", "at is in the future")
    if at is not None and at < _EARLIEST:
        raise RequestInvalid("/at", "at is before 1970")
    if isinstance(happening, DisclosureShown) and happening.text is not None:
        known = world.policies.texts.keys
        if happening.text not in known:
            raise RequestInvalid("/text", "there is no such disclosure text", allowed=sorted(known))


def _load(request: EventRequest, operator: Operator, world: SigningWorld) -> Conversation:
    with reading(world.engine) as connection:
        found = load_conversation(connection, request.conversation_id, operator_id=operator.id)
    if found is None:
        raise ConversationNotFound("no conversation of yours has this id")
    return found


def _try_once(
    request: EventRequest, found: Conversation, operator: Operator, world: SigningWorld, key: KeyClaim | None
) -> RecordedEvent:
    at, before = world.now(), found.state
    signer = world.event_signer(at)
    claims = EventClaims(
        iss=world.issuer,
        aud=audience_of(world.issuer),
        sub=operator_url(world.issuer, operator.id),
        iat=at.replace(microsecond=0),
        jti=format_ulid(at=at, randomness=world.random(_ULID_RANDOM_BYTES)),
        conv=ConversationClaim(id=before.id, seq=before.seq + 1, prev=before.last_hash),
        ev=request.happening,
        at=None if request.at is None else request.at.replace(microsecond=0),
        late=is_late(request.at, at=at),
    )
    jws = sign_event(claims, signer=signer)
    after = after_event(before, request.happening, jws_hash=previous_hash(jws), at=request.at or at)
    step = ChainStep(
        operator_id=operator.id, reference_mac=found.reference_mac, before=before, after=after, jti=claims.jti, at=at
    )
    parts: tuple[Part, ...] = (Standing(operator.id, operator.revision), step)
    appended = world.log.append(
        Append(
            log_id=operator.id,
            leaf=leaf_of(LeafKind.EVENT, jws.encode("ascii")),
            token=Token(jti=claims.jti, operator_id=operator.id, code=None, jws=jws, created_at=at),
            parts=parts if key is None else (key, *parts),
        )
    )
    return RecordedEvent(
        jti=claims.jti,
        jws=jws,
        conversation=claims.conv,
        recorded_at=at,
        origin=appended.origin,
        index=appended.index,
        receipt=appended.receipt,
    )
