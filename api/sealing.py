"""Sealing at the edge: messages in, their answers out; a repeated key brings back what was answered."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.current import world
from api.sealed import sealed_answer, sealed_members
from registry.model import Operator
from registry.operators import load_operator
from signing.errors import Refused
from signing.issue import Wanted, issue_all
from signing.issued import IssuedSeal, SignedSeal
from signing.repeats import RepeatKey, find_claims, recall
from signing.request import SignRequest
from storage.engine import reading
from transparency.errors import KeyClaimed
from transparency.idempotency import Claim


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed message: its id, the members of its answer as JSON, and whether it was sealed by an earlier request."""

    jti: str
    members: str
    repeated: bool


def seal_messages(
    requests: Mapping[int, SignRequest],
    *,
    operator: Operator,
    key: RepeatKey | None,
    items: int | None = None,
    brief: bool = False,
) -> dict[int, Sealed | Exception]:
    """Seal messages; return each one's answer under its number.

    `items` is the number of messages of a batch, None for a message alone; `brief` answers are short ones. With a
    key, a message that fails for whatever reason is looked up first: it may have been sealed before the reason was
    there. Raises KeyReused.
    """
    signing = world().signing
    claims = [] if key is None else key.claims(at=signing.now(), world=signing, items=items)
    wanted = [Wanted(request, claims[number] if claims else None) for number, request in requests.items()]

    def shape(signed: SignedSeal, request: SignRequest) -> str:
        return sealed_members(signed, request, operator if signed.kind is None else signed.kind.operator, brief=brief)

    answers = issue_all(wanted, operator=operator, world=signing, shape=shape)
    found: dict[int, Sealed | Exception] = {}
    for number, answer in zip(requests, answers, strict=True):
        found[number] = answer if isinstance(answer, Exception) else _sealed(*answer)
    if key is not None:
        failed = [number for number, answer in found.items() if _may_be_repeated(answer)]
        if failed:
            claimed = find_claims(key, world=signing)
            for number in failed:
                if number in claimed:
                    found[number] = _recall(claimed[number], requests[number], operator, brief=brief)
    return found


def _may_be_repeated(answer: Sealed | Exception) -> bool:
    """Tell whether a failure is one that an earlier request's success would overrule: not a refusal just logged."""
    return isinstance(answer, KeyClaimed) or (isinstance(answer, Exception) and not isinstance(answer, Refused))


def _recall(claim: Claim, request: SignRequest, operator: Operator, *, brief: bool) -> Sealed | Exception:
    try:
        answer = recall(claim, request, world=world().signing)
        if isinstance(answer, Refused):
            return answer
        if request.declared.on_behalf_of is not None:
            with reading(world().signing.engine) as connection:
                operator = load_operator(connection, request.declared.on_behalf_of)
        return _sealed(answer, sealed_members(answer.signed, request, operator, brief=brief))
    except Exception as error:  # noqa: BLE001 - one message's failure is its own answer
        return error


def _sealed(issued: IssuedSeal, members: str) -> Sealed:
    return Sealed(issued.jti, sealed_answer(members, issued), issued.repeated)
