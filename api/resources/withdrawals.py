"""DELETE /v1/messages/{id}: the sender withdraws a message."""

from datetime import UTC
from typing import Any

from flask import Response, jsonify

from api.auth import authorized, calling_operator
from api.blueprint import ApiBlueprint, problem_responses
from api.bound import check_unbound
from api.current import world
from api.schemas.withdrawals import WithdrawnSchema, WithdrawSchema
from registry.model import Scope
from signing.withdraw import withdraw
from transparency.withdrawals import Withdrawal

blueprint = ApiBlueprint("withdrawals", __name__, url_prefix="/v1/messages", description="Withdraw messages")
_withdrawn = WithdrawnSchema()


@blueprint.delete("/<string(minlength=6):message_id>")  # not batch
@authorized(Scope.MESSAGES_SIGN)
@blueprint.arguments(WithdrawSchema, examples={"wrong": {"value": {"reason": "wrong_content"}}})
@blueprint.response(200, WithdrawnSchema)
@problem_responses(400, 401, 403, 404, 413, 415, 422, 429, 503)
def delete_message(body: dict[str, Any], message_id: str) -> Response:
    """Withdraw a message: whoever checks it learns at once that its sender no longer stands by it.

    The withdrawal is durably in the operator's log before this is answered, and in the message's status list within
    two seconds. It cannot be taken back. A message that was withdrawn before gets the answer it got then.
    """
    check_unbound()
    withdrawn = withdraw(
        message_id,
        operator_id=calling_operator().id,
        reason=body["reason"],
        note=body.get("note"),
        world=world().signing,
    )
    shape = {
        "id": withdrawn.jti,
        "withdrawn_at": withdrawn.at.astimezone(UTC).isoformat(timespec="seconds"),
        "reason": withdrawn.reason.value,
        "log": {"origin": withdrawn.origin, "index": withdrawn.index},
        "receipt": withdrawn.receipt,
    }
    response = jsonify(_withdrawn.dump(shape))
    response.headers["Cache-Control"] = "no-store"
    return response


def withdrawn_shape(withdrawal: Withdrawal | None) -> dict[str, Any] | None:
    """Return what a message's own description says of its withdrawal."""
    if withdrawal is None:
        return None
    return {
        "at": withdrawal.at.astimezone(UTC).isoformat(timespec="seconds"),
        "reason": withdrawal.reason,
        "log_index": withdrawal.index,
    }
