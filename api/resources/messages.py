"""POST /v1/messages and /v1/messages/batch, GET /v1/messages/{id}, POST /v1/decisions."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC
from typing import Any, Final

from flask import Response, jsonify, stream_with_context
from marshmallow import ValidationError

from api.auth import authorized, caller, calling_operator
from api.blueprint import ApiBlueprint, documented, problem_responses, read_body
from api.bound import bound
from api.current import world
from api.limits import take_by_scope
from api.preferences import PARAMETER, mark_minimal, wants_minimal
from api.repeating import repeat_key
from api.resources.withdrawals import withdrawn_shape
from api.responses import REPLAYED, PlainResponse, describe_error, problem_value
from api.schemas.messages import (
    BatchSchema,
    DecisionSchema,
    MessageSchema,
    QuestionSchema,
    ResultsSchema,
    SealedSchema,
    StoredSchema,
)
from api.sealed import decision_value, dump_json, link_of
from api.sealing import Sealed, seal_messages
from registry.errors import CredentialBound
from registry.model import Operator, Scope
from registry.operators import check_may_seal
from sigill.policy.decision import decision_to_json
from sigill.text.codes import format_code
from signing.issue import decide
from signing.messages import load_message
from signing.repeats import RepeatKey, find_claims
from signing.request import SignRequest
from signing.senders import find_sender
from transparency.errors import Overloaded
from transparency.withdrawals import find_withdrawal

blueprint = ApiBlueprint("messages", __name__, url_prefix="/v1", description="Sign messages, ask for decisions")
_stored = StoredSchema()
_message = MessageSchema()
_batch = BatchSchema()
_EXAMPLES: Final[dict[str, Any]] = {
    "chat": {
        "value": {
            "authorship": "ai",
            "channel": "chat",
            "enquiry": "informational",
            "language": "sv",
            "text": "Hej! Kontoret har öppet 9–17.",
            "conversation": "chat-81",
            "customer": {"jurisdiction": "SE"},
            "disclosure": "separate",
        }
    }
}
_HEADERS: Final[dict[str, Any]] = {
    "parameters": [
        PARAMETER,
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "Any string; the same one again within 24 hours, with the same body, never seals twice",
            "schema": {"type": "string", "minLength": 1, "maxLength": 257},
        },
    ]
}
_PATIENCE_S: Final = 5.0
_AT_ONCE: Final = 125  # messages of a batch that are sealed, and answered, together


@blueprint.post("/messages")
@documented(
    blueprint.doc(**_HEADERS),
    blueprint.arguments(MessageSchema, examples=_EXAMPLES),
    blueprint.response(201, SealedSchema),
    problem_responses(400, 401, 403, 409, 413, 415, 422, 429, 503),
)
@authorized(Scope.MESSAGES_SIGN)
def post_message() -> Response:
    """Seal one message: who sends it, and whether a human or an AI wrote it.

    The seal is durably in the operator's log before it is returned, and `receipt` proves it. A message the policy
    denies is answered 403 with the rule, its basis and sources, and what would be allowed instead. With an
    `Idempotency-Key`, the same request again within 24 hours gets the same answer and seals nothing.
    """
    operator = calling_operator()
    asked, brief = bound(read_body(_message)), wants_minimal()
    with repeat_key("messages", operator.id) as key:
        answer = seal_messages({0: asked}, operator=operator, key=key, brief=brief)[0]
    if isinstance(answer, Exception):
        raise answer
    response = PlainResponse(f"{{{answer.members}}}\n", 201, content_type="application/json")
    response.headers["Location"] = f"{world().base_url}/v1/messages/{answer.jti}"
    response.headers["Cache-Control"] = "no-store"
    if brief:
        mark_minimal(response)
    if answer.repeated:
        response.headers[REPLAYED] = "true"
    return response


@blueprint.post("/messages/batch")
@documented(
    blueprint.doc(**_HEADERS),
    blueprint.arguments(BatchSchema),
    blueprint.response(200, ResultsSchema),
    problem_responses(400, 401, 403, 409, 413, 415, 422, 429, 503),
)
@authorized(Scope.MESSAGES_SIGN)
def post_batch() -> Response:
    """Seal up to 1,000 messages; each has its own result, in the order asked, and one bad message fails alone.

    Results are sent as they are made. An `Idempotency-Key` covers each message of the batch: sent again, what was
    sealed is answered again and the rest is sealed now.
    """
    operator = calling_operator()
    held = ExitStack()
    try:
        held.enter_context(_place_for_batch())
        messages: list[Any] = read_body(_batch)
        take_by_scope(Scope.MESSAGES_SIGN, caller().credential.prefix, cost=len(messages) - 1)  # one is taken already
        key = held.enter_context(repeat_key("messages/batch", operator.id))
        # another batch's key is refused as a whole
        earlier = {} if key is None else find_claims(key, world=world().signing)
        if not earlier:  # who may not seal any more still gets the answers of then
            check_may_seal(operator)
        brief = wants_minimal()
        results = _results(messages, operator, key, brief=brief)
        first = next(results)
    except BaseException:
        held.close()
        raise

    def parts() -> Iterator[str]:
        try:
            yield '{"results":['
            yield first
            for part in results:
                yield "," + part
            yield "]}\n"
        finally:
            held.close()

    response = Response(stream_with_context(parts()), 200, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    if brief:
        mark_minimal(response)
    if earlier:
        response.headers[REPLAYED] = "true"
    return response


@contextmanager
def _place_for_batch() -> Iterator[None]:
    """Let a few batches at a time be in memory. Raises Overloaded when no place is free for a while."""
    places = world().batches
    if not places.acquire(timeout=_PATIENCE_S):
        raise Overloaded("several batches are being sealed already")
    try:
        yield
    finally:
        places.release()


def _results(messages: list[Any], operator: Operator, key: RepeatKey | None, *, brief: bool) -> Iterator[str]:
    """Yield the results of some messages at a time, joined by commas; sealed when they are asked for."""
    for begin in range(0, len(messages), _AT_ONCE):
        answers: dict[int, Sealed | Exception] = {}
        requests: dict[int, SignRequest] = {}
        numbers = range(begin, min(begin + _AT_ONCE, len(messages)))
        for number in numbers:
            try:
                requests[number] = bound(_message.load(messages[number]))
            except (ValidationError, CredentialBound) as error:
                answers[number] = error
        try:
            answers |= seal_messages(requests, operator=operator, key=key, items=len(messages), brief=brief)
        except Exception as error:  # noqa: BLE001 - the answer to each of these messages
            answers |= dict.fromkeys(requests, error)
        yield ",".join([_result(answers[number]) for number in numbers])


def _result(answer: Sealed | Exception) -> str:
    if isinstance(answer, Sealed):
        return f'{{"status":201,{answer.members}}}'
    problem, body = describe_error(answer)
    return dump_json({"status": problem.status, "problem": problem_value(problem, body)})


@blueprint.get("/messages/<string(minlength=6):message_id>")  # not batch
@authorized(Scope.MESSAGES_READ)
@blueprint.response(200, StoredSchema)
@problem_responses(401, 403, 404, 429, 503)
def get_message(message_id: str) -> Response:
    """Return a message sealed earlier, without its disclosures, and a receipt against the newest checkpoint."""
    operator = caller().operator
    operator_id = None if operator is None else operator.id
    found = load_message(message_id, operator_id=operator_id, world=world().signing)
    shape = {
        "id": found.jti,
        "seal": found.jws + "~",
        "code": format_code(found.code),
        "link": link_of(found.code),
        "sealed_at": found.sealed_at.astimezone(UTC).isoformat(timespec="seconds"),
        "log": {"origin": found.origin, "index": found.index},
        "receipt": found.receipt,
        "withdrawn": withdrawn_shape(find_withdrawal(world().signing.engine, found.jti)),
    }
    return jsonify(_stored.dump(shape))


@blueprint.post("/decisions")
@authorized(Scope.DECISIONS_ASK)
@blueprint.arguments(QuestionSchema)
@blueprint.response(200, DecisionSchema)
@problem_responses(400, 401, 403, 413, 415, 422, 429, 503)
def post_decision(asked: SignRequest) -> Response:
    """Ask what may be sent and what is owed. Nothing is signed or logged; a deny is an answer here, not an error.

    An operator that may not seal is answered 403, as when it signs.
    """
    operator, signing = calling_operator(), world().signing
    facts, decision = decide(bound(asked), operator=operator, world=signing)
    sender = find_sender(operator, asked.declared.on_behalf_of, world=signing)
    return jsonify(decision_value(facts, decision_to_json(decision), sender.operator))
