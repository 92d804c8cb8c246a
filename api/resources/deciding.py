"""/v1/registry: what waits for a registrar, and the decisions about operators, by one person or two."""

from typing import Any, Final

from flask import Response, jsonify

from api.auth import authorized, caller
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.deciding_shapes import appeal_shape, likeness_shape, proposal_shape, queue_shape
from api.resources.registry import operator_shape
from api.schemas.deciding import (
    AppealAnswerSchema,
    AppealSchema,
    CaseSchema,
    LikenessSchema,
    NothingSchema,
    ProposalSchema,
    ProposeSchema,
    QueueSchema,
    ReasonSchema,
)
from registry.deciding.alike import list_likenesses
from registry.deciding.appealing import answer_appeal
from registry.deciding.appeals import list_appeals
from registry.deciding.decide import confirm, propose, reject, withdraw
from registry.deciding.looking import settle_likeness
from registry.deciding.model import Ask, Proposal
from registry.deciding.queue import load_queue
from registry.deciding.rules import persons_needed
from registry.deciding.store import list_proposals
from registry.model import Scope
from registry.operators import load_operator
from registry.steps import list_newest_steps
from storage.engine import reading

STEPS_SHOWN: Final = 200
blueprint = ApiBlueprint("deciding", __name__, url_prefix="/v1/registry", description="Deciding about operators")
_queue = QueueSchema()
_case = CaseSchema()
_proposal = ProposalSchema()
_likeness = LikenessSchema()
_appeal = AppealSchema()
_REASON: Final[dict[str, Any]] = {"seen": {"value": {"reason": "register extract and licence seen"}}}
_PROPOSAL: Final = "/operators/<string:operator_id>/proposals/<int:number>"
_LIKENESS: Final = "/operators/<string:operator_id>/likenesses/<int:number>"


@blueprint.get("/queue")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.response(200, QueueSchema)
@problem_responses(401, 403, 429, 503)
def get_queue() -> Response:
    """List what waits for a registrar: alarms, proposals, appeals, look-alikes, applications; the oldest first."""
    at = world().deciding.now()
    with reading(world().deciding.engine) as connection:
        queue = load_queue(connection, at=at)
    return _private(_queue.dump(queue_shape(queue, at=at)))


@blueprint.get("/operators/<string:operator_id>")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.response(200, CaseSchema)
@problem_responses(401, 403, 404, 429, 503)
def get_case(operator_id: str) -> Response:
    """Return everything needed to decide about an operator: state, evidence, what is missing, steps, proposals."""
    at = world().deciding.now()
    with reading(world().deciding.engine) as connection:
        operator = load_operator(connection, operator_id)
        steps = list_newest_steps(connection, operator_id, limit=STEPS_SHOWN)
        shape = {
            "operator": operator_shape(operator, steps),
            "missing": list(world().deciding.missing(operator)),
            "persons": persons_needed([operator.industry]),
            "proposals": [proposal_shape(each, at=at) for each in list_proposals(connection, operator_id)],
            "likenesses": [likeness_shape(each) for each in list_likenesses(connection, operator_id)],
            "appeals": [appeal_shape(each) for each in list_appeals(connection, operator_id)],
        }
    return _private(_case.dump(shape))


@blueprint.post("/operators/<string:operator_id>/proposals")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.arguments(
    ProposeSchema, examples={"verify": {"value": {"decision": "verify", "reason": "register and licence agree"}}}
)
@blueprint.response(201, ProposalSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
def post_proposal(body: dict[str, Any], operator_id: str) -> Response:
    """Propose a decision. Banks, insurers, public bodies and healthcare take a second person, who confirms it.

    Where it takes one, it takes effect at once; so does a suspension, which a second person confirms within 72 hours.
    """
    ask = Ask(decision=body["decision"], reason=body["reason"], name=body.get("name"), into=body.get("into"))
    return _answer(propose(operator_id, ask, by=_person(), world=world().deciding), 201)


@blueprint.post(f"{_PROPOSAL}/confirm")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.arguments(NothingSchema)
@blueprint.response(200, ProposalSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
def post_confirm(_body: dict[str, Any], operator_id: str, number: int) -> Response:
    """Confirm another registrar's proposal; every condition is checked again, now."""
    return _answer(confirm(operator_id, number, by=_person(), world=world().deciding))


@blueprint.post(f"{_PROPOSAL}/reject")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.arguments(ReasonSchema, examples=_REASON)
@blueprint.response(200, ProposalSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
def post_reject(body: dict[str, Any], operator_id: str, number: int) -> Response:
    """Reject another registrar's proposal. A suspension in force stays, contested, until it is lifted."""
    return _answer(reject(operator_id, number, reason=body["reason"], by=_person(), world=world().deciding))


@blueprint.post(f"{_PROPOSAL}/withdraw")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.arguments(NothingSchema)
@blueprint.response(200, ProposalSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
def post_withdraw(_body: dict[str, Any], operator_id: str, number: int) -> Response:
    """Take your own proposal back while it waits."""
    return _answer(withdraw(operator_id, number, by=_person(), world=world().deciding))


@blueprint.post(f"{_LIKENESS}/accept")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.arguments(ReasonSchema, examples=_REASON)
@blueprint.response(200, LikenessSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
def post_accept(body: dict[str, Any], operator_id: str, number: int) -> Response:
    """Accept that a name resembles others': it may be verified."""
    return _settle(operator_id, number, body["reason"], accepted=True)


@blueprint.post(f"{_LIKENESS}/refuse")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.arguments(ReasonSchema, examples=_REASON)
@blueprint.response(200, LikenessSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
def post_refuse(body: dict[str, Any], operator_id: str, number: int) -> Response:
    """Refuse a name that could be taken for another operator's, for good."""
    return _settle(operator_id, number, body["reason"], accepted=False)


@blueprint.post("/operators/<string:operator_id>/appeals/<int:number>/answer")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.arguments(
    AppealAnswerSchema, examples={"no": {"value": {"upheld": False, "answer": "the licence has ended"}}}
)
@blueprint.response(200, AppealSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
def post_answer(body: dict[str, Any], operator_id: str, number: int) -> Response:
    """Answer an appeal against a decision that you did not make. What follows from it is decided apart."""
    answered = answer_appeal(
        operator_id, number, upheld=body["upheld"], answer=body["answer"], by=_person(), world=world().deciding
    )
    return _private(_appeal.dump(appeal_shape(answered)))


def _settle(operator_id: str, number: int, reason: str, *, accepted: bool) -> Response:
    settled = settle_likeness(
        operator_id, number, accepted=accepted, reason=reason, by=_person(), world=world().deciding
    )
    return _private(_likeness.dump(likeness_shape(settled)))


def _person() -> str | None:
    return caller().credential.person


def _answer(proposal: Proposal, status: int = 200) -> Response:
    response = _private(_proposal.dump(proposal_shape(proposal, at=world().deciding.now())))
    response.status_code = status
    return response


def _private(shape: Any) -> Response:  # noqa: ANN401 - what a schema dumped
    response = jsonify(shape)
    response.headers["Cache-Control"] = "private, no-store"
    return response
