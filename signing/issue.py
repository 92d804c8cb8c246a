"""Issuing seals: gather, decide, sign, log; in that order, each once.

Everything is prepared outside the log's lock, the answer to the operator included: what can fail fails before the
commit. The commit lets a seal or a refusal in only if the operator and the conversation stand as when it was decided; a
loser is gathered, decided and signed again. A seal is returned only if it is durably in the log.

One message is a batch of one, and what is asked for at the same time is sealed together (`signing.together`). Each
message stands for itself; those of one conversation follow each other in the order given, each signed on the one
before it.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from conversations.chain import load_chains
from registry.errors import RegistryError
from registry.model import Operator
from registry.operators import check_may_seal, load_operator, load_sealing_operator
from sigill.encoding.base64url import format_base64url
from sigill.policy.decision import Decision
from sigill.policy.facts import Facts
from signing.attested import attest
from signing.errors import ConversationBusy, RequestInvalid
from signing.issued import IssuedSeal
from signing.request import SignRequest
from signing.sealing import prepare
from signing.together import LOST, Answer, Item, Shaper, seal_together
from signing.turns import MAX_TRIES
from signing.world import SigningWorld
from storage.engine import reading
from transparency.idempotency import KeyClaim

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One message to seal, and the claim of its idempotency key, if it has one."""

    request: SignRequest
    key: KeyClaim | None = None


def issue_seal(request: SignRequest, *, operator: Operator, world: SigningWorld) -> IssuedSeal:
    """Seal one message of a verified operator.

    Raises Refused (which is logged too), RequestInvalid, NotCanonicalisable, MalformedHtml, MalformedAddress,
    AiSystemUnknown, FactNotAllowed, OperatorNotVerified, OperatorSuspended, ConversationBusy, KeyUnusable,
    Overloaded, StoreUnavailable.
    """
    (answer,) = issue_all([Wanted(request)], operator=operator, world=world, shape=lambda _signed, _wanted: None)
    if isinstance(answer, Exception):
        raise answer
    return answer[0]


def issue_all(
    wanted: Sequence[Wanted], *, operator: Operator, world: SigningWorld, shape: Shaper[Shape]
) -> list[tuple[IssuedSeal, Shape] | Exception]:
    """Seal messages of one operator; each answer is what `issue_seal` would return or raise, or KeyClaimed.

    With each seal comes what `shape` made of it before it was logged. What `shape` raises is that message's answer,
    and it is not sealed; it runs anew with every try. It must not seal anything itself.
    """
    answers: list[Any] = _issue(wanted, operator, world, shape)
    stopped = [number for number, answer in enumerate(answers) if _is_stopped_by_registry(answer)]
    if stopped:
        fresh = _load(operator, world)
        if fresh is not None and fresh.revision != operator.revision:  # `operator` was not the newest
            again = _issue([wanted[number] for number in stopped], fresh, world, shape)
            for number, answer in zip(stopped, again, strict=True):
                answers[number] = answer
    return answers


def _issue(wanted: Sequence[Wanted], operator: Operator, world: SigningWorld, shape: Shaper[Any]) -> list[Answer]:
    """Try until every message has its answer."""
    try:
        check_may_seal(operator)
    except RegistryError as error:
        return [error] * len(wanted)
    answers: list[Answer] = [LOST] * len(wanted)
    items = _prepare(wanted, operator, world, shape, answers)
    work = partial(seal_together, world=world)
    for _ in range(MAX_TRIES):
        if not items:
            break
        try:
            found = world.line.submit(list(items.values()), work=work, lane=operator.id)
        except Exception as error:  # noqa: BLE001 - the answer to every message that is left: others are sealed
            found = [error] * len(items)
        for number, answer in zip(items, found, strict=True):
            answers[number] = answer
        items = {number: item for number, item in items.items() if answers[number] is LOST}
        if items and (trouble := _look_again(items.values(), operator.id, world)):
            return [trouble if answer is LOST else answer for answer in answers]
    busy = ConversationBusy("the conversation went on during every try; nothing was sealed, try again")
    return [busy if answer is LOST else answer for answer in answers]


def _prepare(
    wanted: Sequence[Wanted], operator: Operator, world: SigningWorld, shape: Shaper[Any], answers: list[Answer]
) -> dict[int, Item]:
    """Return by number what can be sealed; what cannot has its answer."""
    at = world.now()
    items = {}
    for number, each in enumerate(wanted):
        mac = reference_mac(each.request.conversation, operator_id=operator.id, world=world)
        try:
            request, attested = attest(each.request, operator=operator, world=world, at=at)
            prepared = prepare(request, reference_mac=mac, key=each.key, at=at, attested=attested)
            items[number] = Item(prepared, operator, shape)
        except Exception as error:  # noqa: BLE001 - one message's failure is its own answer
            answers[number] = error
    return items


def _look_again(items: Iterable[Item], operator_id: str, world: SigningWorld) -> Exception | None:
    """Load the operator anew for who lost a race: it may have been what changed. If it may not seal now, say so."""
    try:
        operator = load_sealing_operator(world.engine, operator_id)
    except Exception as error:  # noqa: BLE001 - the answer to every message that is left
        return error
    for item in items:
        item.operator, item.has_lost = operator, True
    return None


def _is_stopped_by_registry(answer: object) -> bool:
    """Tell whether a message might be sealed for a newer state of its operator."""
    return isinstance(answer, RegistryError) or (
        isinstance(answer, RequestInvalid) and answer.pointer.startswith("/ai")
    )


def _load(operator: Operator, world: SigningWorld) -> Operator | None:
    try:
        with reading(world.engine) as connection:
            return load_operator(connection, operator.id)
    except (RegistryError, SQLAlchemyError):  # what stopped it stays the answer
        return None


def decide(request: SignRequest, *, operator: Operator, world: SigningWorld) -> tuple[Facts, Decision]:
    """Say what the policy would answer, signing and logging nothing. Raises as `issue_seal`, but not Refused."""
    check_may_seal(operator)
    mac = reference_mac(request.conversation, operator_id=operator.id, world=world)
    chain = None
    if mac is not None:
        with reading(world.engine) as connection:
            chain = load_chains(connection, [(operator.id, mac)]).get((operator.id, mac))
    kind = world.kinds.kind_of(request.declared, operator=operator, chain=chain, at=world.now())
    return kind.facts, kind.decision


def reference_mac(reference: str | None, *, operator_id: str, world: SigningWorld) -> str | None:
    """Return what stands for an operator's own reference of a conversation."""
    if reference is None:
        return None
    message = f"conv1\n{operator_id}\n{reference}".encode()
    return format_base64url(hmac.digest(world.reference_key, message, "sha256"))
