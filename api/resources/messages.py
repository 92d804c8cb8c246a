"""POST /v1/messages and GET /v1/messages/{id}."""

from datetime import UTC
from typing import Any

from flask import Response, jsonify, make_response

from api.auth import authorized, caller, calling_operator
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.schemas.messages import DecisionSchema, MessageSchema, QuestionSchema, SealedSchema, StoredSchema
from api.shapes import decision_parts
from registry.model import Operator, Scope
from sigill.policy.decision import Decision
from sigill.policy.facts import Facts
from sigill.policy.texts import OperatorNames, render_texts
from sigill.text.carrier import embed
from sigill.text.codes import Code, format_code
from signing.issue import decide, issue_shaped
from signing.issued import SignedSeal
from signing.messages import load_message
from signing.request import Digest, SignRequest

blueprint = ApiBlueprint("messages", __name__, url_prefix="/v1", description="Sign messages, ask for decisions")
_sealed = SealedSchema()
_stored = StoredSchema()
_decision = DecisionSchema()


@blueprint.post("/messages")
@authorized(Scope.MESSAGES_SIGN)
@blueprint.arguments(
    MessageSchema,
    examples={
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
    },
)
@blueprint.response(201, SealedSchema)
@problem_responses(400, 401, 403, 409, 413, 415, 422, 503)
def post_message(body: dict[str, Any]) -> Response:
    """Seal one message: who sends it, and whether a human or an AI wrote it.

    The seal is durably in the operator's log before it is returned, and `receipt` proves it. A message the policy
    denies is answered 403 with the rule, its basis and sources, and what would be allowed instead.
    """
    operator = calling_operator()
    request = sign_request(body)
    issued, shape = issue_shaped(
        request,
        operator=operator,
        world=world().signing,
        shape=lambda signed: _sealed_shape(signed, request, operator),
    )
    place = {"origin": issued.origin, "index": issued.index}
    response = make_response(jsonify(shape | {"log": place, "receipt": issued.receipt}), 201)
    response.headers["Location"] = f"{world().base_url}/v1/messages/{issued.jti}"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/messages/<string:message_id>")
@authorized(Scope.MESSAGES_READ)
@blueprint.response(200, StoredSchema)
@problem_responses(401, 403, 404, 503)
def get_message(message_id: str) -> Response:
    """Return a message sealed earlier, without its disclosures, and a receipt against the newest checkpoint."""
    operator = caller().operator
    operator_id = None if operator is None else operator.id
    found = load_message(message_id, operator_id=operator_id, world=world().signing)
    shape = {
        "id": found.jti,
        "seal": found.jws + "~",
        "code": format_code(found.code),
        "link": _link(found.code),
        "sealed_at": found.sealed_at.astimezone(UTC).isoformat(timespec="seconds"),
        "log": {"origin": found.origin, "index": found.index},
        "receipt": found.receipt,
    }
    return jsonify(_stored.dump(shape))


@blueprint.post("/decisions")
@authorized(Scope.DECISIONS_ASK)
@blueprint.arguments(QuestionSchema)
@blueprint.response(200, DecisionSchema)
@problem_responses(400, 401, 403, 413, 415, 422, 503)
def post_decision(body: dict[str, Any]) -> Response:
    """Ask what may be sent and what is owed. Nothing is signed or logged; a deny is an answer here, not an error.

    An operator that may not seal is answered 403, as when it signs.
    """
    operator = calling_operator()
    facts, decision = decide(sign_request(body), operator=operator, world=world().signing)
    return jsonify(_decision.dump(decision_shape(facts, decision, operator)))


def sign_request(body: dict[str, Any]) -> SignRequest:
    """Return the frozen request of a loaded body."""
    digest = body.get("digest")
    ai = body.get("ai")
    return SignRequest(
        authorship=body["authorship"],
        channel=body["channel"],
        enquiry=body["enquiry"],
        purpose=body["purpose"],
        direction=body.get("direction"),
        language=body.get("language"),
        text=body.get("text"),
        html=body.get("html"),
        digest=None
        if digest is None
        else Digest(h=digest["h"], hx=digest["hx"], n=digest["n"], links=tuple(digest["links"])),
        files=tuple(item["h"] for item in body.get("attachments", [])),
        conversation=body.get("conversation"),
        recipient=body.get("recipient"),
        jurisdiction=body["customer"].get("jurisdiction"),
        vulnerable=body["customer"].get("vulnerable", False),
        scope=tuple(word.value for word in body["scope"]),
        disclosure=body.get("disclosure"),
        ai_system=None if ai is None else ai["system"],
        draft=body.get("draft"),
        agent=body.get("agent"),
        role=body["role"],
        sent_at=body.get("sent_at"),
    )


def decision_shape(facts: Facts, decision: Decision, operator: Operator) -> dict[str, Any]:
    """Return a decision as the API shows it: sources described, texts rendered in the customer's language."""
    library = world().signing.policies
    parts = decision_parts(decision, sources=library.policies.vocabulary.sources)
    names = OperatorNames(display_name=operator.name, phone=operator.phone, wait_minutes=operator.wait_minutes)
    parts["texts"] = render_texts(library.texts, decision.text_keys, language=facts.language, operator=names)
    return parts


def _sealed_shape(signed: SignedSeal, request: SignRequest, operator: Operator) -> dict[str, Any]:
    """Return the whole answer but for the place in the log: what can fail fails before anything is sealed."""
    shape: dict[str, Any] = {
        "id": signed.jti,
        "seal": signed.seal,
        "code": format_code(signed.code),
        "link": _link(signed.code),
        "decision": decision_shape(signed.facts, signed.decision, operator),
    }
    if signed.conversation is not None:
        shape["conversation"] = {"id": signed.conversation.id, "seq": signed.conversation.seq}
    if request.text is not None:
        shape["embedded_text"] = embed(request.text, signed.code, channel=request.channel)
    dumped: dict[str, Any] = _sealed.dump(shape)
    return dumped


def _link(code: Code) -> str:
    return f"{world().base_url}/s/{code}"
