"""GET /v1/messages/{id}/proof: that a message is in its operator's log, and that witnesses have seen that log."""

from flask import Response, jsonify

from api.auth import authorized, caller
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.schemas.proofs import ProofSchema
from registry.model import Scope
from sigill.report.trust import Trust
from sigill.tlog.cosignature import verify_cosignatures
from sigill.tlog.note import parse_note
from sigill.tlog.proof import parse_proof
from sigill.tlog.witnessed import second_proof
from signing.messages import load_message

blueprint = ApiBlueprint("proofs", __name__, url_prefix="/v1/messages", description="Proofs of messages")
_proof = ProofSchema()


@blueprint.get("/<string(minlength=6):message_id>/proof")
@authorized(Scope.MESSAGES_READ)
@blueprint.response(200, ProofSchema)
@problem_responses(401, 403, 404, 429, 503)
def get_proof(message_id: str) -> Response:
    """Return a message's receipt to keep: as soon as the root log holds it (within seconds), it is whole for good.

    `receipt` is a C2SP tlog-proof to the operator's log. Its `extra` line carries a second one, from that log's head
    to the root log's checkpoint with the witnesses' cosignatures. `root` is null until then: ask again later.
    """
    operator = caller().operator
    operator_id = None if operator is None else operator.id
    found = load_message(message_id, operator_id=operator_id, world=world().signing)
    receipt = world().signing.log.whole_receipt(found.log_id, found.index)
    shape = {
        "id": found.jti,
        "log": {"origin": found.origin, "index": found.index},
        "receipt": receipt.text,
        "root": None if receipt.root_size is None else _root(receipt.text, receipt.root_size, world().trust()),
    }
    response = jsonify(_proof.dump(shape))
    response.headers["Cache-Control"] = "no-store"
    return response


def _root(receipt: str, size: int, trust: Trust) -> dict[str, object]:
    note = parse_note(parse_proof(second_proof(receipt) or "").checkpoint)
    cosigned = verify_cosignatures(note, keys=trust.witnesses.witness_keys)
    return {
        "origin": note.text.partition("\n")[0],
        "size": size,
        "cosigned": [{"witness": each.key.name, "at": each.time_s} for each in cosigned],
    }
