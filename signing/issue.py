"""Issuing one seal: gather, decide, sign, log; in that order, each once.

Everything is prepared outside the log's lock, the answer to the operator included: what can fail fails before the
commit. The commit lets a seal or a refusal in only if the operator and the conversation stand as when it was decided; a
loser is gathered, decided and signed again. Losers of one process take turns, so that many answers at once in one
conversation all get through. A seal is returned only if it is durably in the log.
"""

import hmac
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Final, TypeVar

from conversations.chain import ChainState, Link, advance, load_chain, unchanged
from policies.records import DecisionRecord, disclosed_decision, keep_decision
from registry.model import Operator
from registry.operators import check_may_seal, load_operator
from registry.standing import still_verified
from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import format_canonical_json
from sigill.encoding.ulid import format_ulid
from sigill.policy.decision import Decision, decision_to_json
from sigill.policy.facts import Facts, facts_to_json
from sigill.policy.words import Verdict
from sigill.report.judge import CLOCK_TOLERANCE
from sigill.seal.token import format_seal, previous_hash, sign_seal
from sigill.text.addresses import Address, parse_address
from sigill.text.codes import make_code
from sigill.tlog.leaf import LeafKind, leaf_of
from sigill.vocabulary import Authorship
from signing.content import SealedContent, hash_content
from signing.errors import ConversationBusy, Refused, RequestInvalid
from signing.facts import gather_facts, system_of
from signing.issued import IssuedSeal, SignedSeal, logged
from signing.request import SignRequest
from signing.statement import Statement, claims_of, disclosures_of
from signing.world import SigningWorld
from storage.engine import reading
from transparency.append import Append, Appended, Guard, Token
from transparency.errors import CodeTaken, GuardFailed

MAX_TRIES: Final = 20
_TURNS: Final = tuple(Lock() for _ in range(64))  # a conversation has one of them
_EARLIEST_SENT: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FACTS_SALT_BYTES: Final = 16
_ULID_RANDOM_BYTES: Final = 10
_CODE_RANDOM_BYTES: Final = 8
Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A request read once: what does not change however often the conversation makes us try again."""

    request: SignRequest
    operator: Operator
    content: SealedContent
    recipient: Address | None
    system: str | None
    reference_mac: str | None


def issue_seal(request: SignRequest, *, operator: Operator, world: SigningWorld) -> IssuedSeal:
    """Seal one message of a verified operator.

    Raises Refused (which is logged too), RequestInvalid, NotCanonicalisable, MalformedHtml, MalformedAddress,
    AiSystemUnknown, FactNotAllowed, OperatorNotVerified, OperatorSuspended, ConversationBusy, KeyUnusable,
    StoreUnavailable.
    """
    issued, _ = issue_shaped(request, operator=operator, world=world, shape=lambda _: None)
    return issued


def issue_shaped(
    request: SignRequest, *, operator: Operator, world: SigningWorld, shape: Callable[[SignedSeal], Shape]
) -> tuple[IssuedSeal, Shape]:
    """Seal one message, and return with it what `shape` made of the signed seal before it was logged.

    What `shape` raises is raised here, and nothing is sealed; it runs anew with every try. Raises as `issue_seal`.
    """
    check_may_seal(operator)
    prepared = _prepare(request, operator, world)
    for attempt in range(MAX_TRIES):
        try:
            with _turn(prepared) if attempt else nullcontext():
                return _try_once(_look_again(prepared, world) if attempt else prepared, world, shape)
        except (GuardFailed, CodeTaken):
            continue
    raise ConversationBusy("the conversation went on during every try; nothing was sealed, try again")


def decide(request: SignRequest, *, operator: Operator, world: SigningWorld) -> tuple[Facts, Decision]:
    """Say what the policy would answer, signing and logging nothing. Raises as `issue_seal`, but not Refused."""
    check_may_seal(operator)
    system = system_of(request, operator)
    chain = _load(_reference_mac(request, operator, world), operator, world)
    facts = gather_facts(request, operator=operator, chain=chain, system=system, at=world.now())
    return facts, world.policies.decide(facts)


def _turn(prepared: _Prepared) -> Lock:
    return _TURNS[hash(prepared.reference_mac) % len(_TURNS)]


def _prepare(request: SignRequest, operator: Operator, world: SigningWorld) -> _Prepared:
    _check_claimable(request, at=world.now())
    return _Prepared(
        request=request,
        operator=operator,
        content=hash_content(request),
        recipient=None if request.recipient is None else parse_address(request.recipient),
        system=system_of(request, operator),
        reference_mac=_reference_mac(request, operator, world),
    )


def _look_again(prepared: _Prepared, world: SigningWorld) -> _Prepared:
    """Load the operator anew: it may have been what changed. Raises OperatorSuspended and what else stops it now."""
    with reading(world.engine) as connection:
        operator = load_operator(connection, prepared.operator.id)
    check_may_seal(operator)
    return replace(prepared, operator=operator, system=system_of(prepared.request, operator))


def _check_claimable(request: SignRequest, *, at: datetime) -> None:
    """Refuse what no reader of seals would accept, before it is signed and logged."""
    if request.sent_at is not None and request.sent_at > at + CLOCK_TOLERANCE:
        raise RequestInvalid("/sent_at", "sent_at is in the future")
    if request.sent_at is not None and request.sent_at < _EARLIEST_SENT:
        raise RequestInvalid("/sent_at", f"sent_at is before {_EARLIEST_SENT:%Y}")
    if request.agent is not None and not request.agent.isprintable():
        raise RequestInvalid("/agent", "agent is one line of printable characters")


def _try_once(
    prepared: _Prepared, world: SigningWorld, shape: Callable[[SignedSeal], Shape]
) -> tuple[IssuedSeal, Shape]:
    at = world.now()
    chain = _load(prepared.reference_mac, prepared.operator, world)
    facts = gather_facts(prepared.request, operator=prepared.operator, chain=chain, system=prepared.system, at=at)
    decision = world.policies.decide(facts)
    jti = format_ulid(at=at, randomness=world.random(_ULID_RANDOM_BYTES))
    facts_salt = world.random(_FACTS_SALT_BYTES)
    record = _record(jti, prepared.operator, facts, facts_salt, decision, at)
    if decision.verdict is Verdict.DENY:
        raise _refuse(record, decision, guards=_guards(prepared, chain), world=world)
    if prepared.reference_mac is not None and chain is None:
        chain = ChainState(id=format_ulid(at=at, randomness=world.random(_ULID_RANDOM_BYTES)))
    statement = Statement(
        issuer=world.issuer,
        jti=jti,
        at=at,
        lifetime=world.seal_lifetime,
        operator=prepared.operator,
        request=prepared.request,
        content=prepared.content,
        recipient=prepared.recipient,
        chain=chain,
        system=prepared.system,
        facts=facts,
        facts_salt=facts_salt,
        decision=decision,
        disclosed_decision=disclosed_decision(record),
        salt_key=world.salt_key(prepared.operator.id, at),
    )
    return _sign_and_log(statement, record, prepared, world, shape)


def _sign_and_log(
    statement: Statement,
    record: DecisionRecord,
    prepared: _Prepared,
    world: SigningWorld,
    shape: Callable[[SignedSeal], Shape],
) -> tuple[IssuedSeal, Shape]:
    disclosures = disclosures_of(statement)
    world.check_seal_key(statement.at)
    claims = claims_of(statement, disclosures)
    jws = sign_seal(claims, signer=world.signer)
    signed = SignedSeal(
        jti=statement.jti,
        seal=format_seal(jws, disclosures),
        code=make_code(world.random(_CODE_RANDOM_BYTES)),
        conversation=claims.conv,
        issued_at=statement.at,
        facts=statement.facts,
        decision=statement.decision,
    )
    shaped = shape(signed)
    appended = world.log.append(
        Append(
            log_id=statement.operator.id,
            leaf=leaf_of(LeafKind.SEAL, jws.encode("ascii")),
            token=Token(
                jti=signed.jti, operator_id=statement.operator.id, code=signed.code, jws=jws, created_at=statement.at
            ),
            guards=_guards(prepared, statement.chain, link=_link(statement, jws)),
            writes=(keep_decision(record),),
        )
    )
    return logged(signed, appended), shaped


def _link(statement: Statement, jws: str) -> Link:
    request = statement.request
    return Link(
        jws_hash=previous_hash(jws),
        by=request.authorship,
        discloses=request.disclosure is not None and request.authorship is not Authorship.HUMAN,
        at=statement.at,
    )


def _guards(prepared: _Prepared, chain: ChainState | None, *, link: Link | None = None) -> tuple[Guard, ...]:
    """Return what the commit checks: the operator's standing, and the conversation, which `link` advances."""
    operator, mac = prepared.operator, prepared.reference_mac
    standing = still_verified(operator, system=prepared.system)
    if mac is None:
        return (standing,)
    if link is None or chain is None:
        return (standing, unchanged(chain, operator_id=operator.id, reference_mac=mac))
    return (standing, advance(chain, link, operator_id=operator.id, reference_mac=mac))


def _refuse(record: DecisionRecord, decision: Decision, *, guards: tuple[Guard, ...], world: SigningWorld) -> Refused:
    logged: dict[str, Any] = {
        "v": 1,
        "t": "deny",
        "id": record.id,
        "salt": format_base64url(world.random(_FACTS_SALT_BYTES)),
        "facts": record.facts,
        "decision": record.decision,
    }
    body = format_canonical_json(logged)
    appended: Appended = world.log.append(
        Append(
            log_id=record.operator_id,
            leaf=leaf_of(LeafKind.DENY, body),
            record=body,
            guards=guards,
            writes=(keep_decision(record),),
        )
    )
    return Refused(refusal_id=record.id, decision=decision, origin=appended.origin, index=appended.index)


def _record(
    jti: str, operator: Operator, facts: Facts, facts_salt: bytes, decision: Decision, at: datetime
) -> DecisionRecord:
    return DecisionRecord(
        id=jti,
        operator_id=operator.id,
        verdict=decision.verdict.value,
        facts=facts_to_json(facts),
        facts_salt=facts_salt,
        decision=decision_to_json(decision),
        decided_at=at,
    )


def _reference_mac(request: SignRequest, operator: Operator, world: SigningWorld) -> str | None:
    if request.conversation is None:
        return None
    message = f"conv1\n{operator.id}\n{request.conversation}".encode()
    return format_base64url(hmac.digest(world.reference_key, message, "sha256"))


def _load(reference_mac: str | None, operator: Operator, world: SigningWorld) -> ChainState | None:
    if reference_mac is None:
        return None
    with reading(world.engine) as connection:
        return load_chain(connection, operator_id=operator.id, reference_mac=reference_mac)
