"""Sealing together what many requests ask for at the same time: one look at the conversations, one commit.

Step by step, each step for all of them: this costs a message half of what going all the way alone costs. Whoever has
lost a race before is sealed with nobody else of this machine writing meanwhile, so it does not lose again to those who
are merely faster.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from conversations.chain import ChainState, load_chains
from signing.issued import IssuedSeal, SignedSeal
from signing.refusals import refused_by
from signing.request import SignRequest
from signing.sealing import Candidate, Moment, Prepared, make_candidate, moment_of
from signing.senders import Sender
from signing.turns import turn_after
from signing.world import SigningWorld
from transparency.append import Appended
from transparency.errors import CodeTaken, GuardFailed

Shape_co = TypeVar("Shape_co", covariant=True)
Shaper: TypeAlias = Callable[[SignedSeal, SignRequest], Shape_co]


class Outcome(Enum):
    """What is neither a seal nor an error."""

    LOST = "the operator or the conversation went on meanwhile: try again"


LOST: Final = Outcome.LOST
Answer: TypeAlias = tuple[IssuedSeal, Any] | Exception | Outcome


@dataclass(slots=True, eq=False)
class Item:
    """A message on its way. `shape` makes what its submitter wants of the signed seal before it is logged."""

    prepared: Prepared
    sender: Sender
    shape: Shaper[Any]
    has_lost: bool = False


class _Signed(NamedTuple):
    candidate: Candidate
    shaped: Any


def seal_together(items: Sequence[Item], *, world: SigningWorld) -> list[Answer]:
    """Try once to seal these messages; return each one's answer, LOST where it has to be tried again.

    What it raises (KeyUnusable, StoreUnavailable, a database's error) is the answer to all of them.
    """
    with turn_after(world.engine, has_lost=any(item.has_lost for item in items)):
        signed = _sign(items, _load_chains(items, world), world)
        candidates = [each.candidate for each in signed if isinstance(each, _Signed)]
        places = iter(world.log.append_all([candidate.append for candidate in candidates]))
    return [_answer(each, next(places)) if isinstance(each, _Signed) else each for each in signed]


def _load_chains(items: Sequence[Item], world: SigningWorld) -> dict[tuple[str, str], ChainState]:
    """Return where the conversations stand, by operator and reference."""
    keys = {(item.sender.operator.id, mac) for item in items if (mac := item.prepared.reference_mac) is not None}
    return load_chains(world.engine, list(keys)) if keys else {}


def _sign(
    items: Sequence[Item], chains: dict[tuple[str, str], ChainState], world: SigningWorld
) -> list[_Signed | Exception]:
    """Decide and sign each message on where its conversation stands after those before it."""
    at = world.now()
    signer = world.seal_signer(at)
    moments: dict[str, Moment] = {}
    signed: list[_Signed | Exception] = []
    for item in items:
        prepared, operator, acting = item.prepared, item.sender.operator, item.sender.acting
        mac = prepared.reference_mac
        key = None if mac is None else (operator.id, mac)
        chain = None if key is None else chains.get(key)
        try:
            moment = moments.get(operator.id)
            if moment is None:
                moment = moments[operator.id] = moment_of(at, operator_id=operator.id, signer=signer, world=world)
            kind = world.kinds.kind_of(prepared.request.declared, operator=operator, chain=chain, at=at, acting=acting)
            candidate = make_candidate(prepared, kind, chain=chain, moment=moment, world=world)
            shaped = None if candidate.signed is None else item.shape(candidate.signed, prepared.request)
        except Exception as error:  # noqa: BLE001 - one message's failure is its own answer
            signed.append(error)
            continue
        signed.append(_Signed(candidate, shaped))
        if key is not None and candidate.after is not None:
            chains[key] = candidate.after
    return signed


def _answer(signed: _Signed, place: Appended | Exception) -> Answer:
    """Return the seal with what was made of it, the refusal, or why there is neither."""
    if isinstance(place, GuardFailed | CodeTaken):
        return LOST
    if isinstance(place, Exception):
        return place
    candidate = signed.candidate
    if candidate.signed is None:
        return refused_by(candidate.append.record or b"", origin=place.origin, index=place.index)
    issued = IssuedSeal(signed=candidate.signed, origin=place.origin, index=place.index, receipt=place.receipt)
    return issued, signed.shaped
