"""POST /v1/messages/{id}/erasure: erase a message; GET /log/{operator}/erasures: what was erased, for auditors."""

from datetime import UTC
from typing import Any, Final

from flask import Response, jsonify
from marshmallow import RAISE

from api.auth import authorized, caller, calling_operator
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.cursors import format_cursor, parse_cursor
from api.schemas.erasures import AfterSchema, ErasedSchema, EraseSchema, ErasuresSchema
from privacy.erase import erase
from registry.errors import ScopeMissing
from registry.model import Scope
from sigill.encoding.base64url import format_base64url
from sigill.tlog.erasure import Ground
from transparency.erasures import list_erasures
from transparency.errors import LogUnknown

blueprint = ApiBlueprint("erasures", __name__, description="Erase messages, and see what was erased")
_erased = ErasedSchema()
_erasures = ErasuresSchema()
_LEAVES_A_PAGE: Final = 10  # each with at most 500 tombstones


@blueprint.post("/v1/messages/<string(minlength=6):message_id>/erasure")
@authorized(Scope.MESSAGES_ERASE)
@blueprint.arguments(
    EraseSchema, examples={"asked": {"value": {"ground": "data_subject_request", "requester": "DPO-2026-117"}}}
)
@blueprint.response(200, ErasedSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
def post_erasure(body: dict[str, Any], message_id: str) -> Response:
    """Erase what is kept of a message, an event of a conversation, or a refusal (by its `decision_id`).

    What is left is its hash in the operator's log, where a new leaf says when, on what ground and at whose request it
    was erased; every proof still holds. Whoever keeps the sealed message can still have it verified; its code is
    unknown from now on. Within the minimum retention, and under a legal hold, it is refused (409). It cannot be taken
    back, and asking again gets the same answer.
    """
    done = erase(
        message_id,
        operator_id=calling_operator().id,
        ground=Ground(body["ground"].value),
        requester=body["requester"],
        world=world().privacy,
    )
    shape = {
        "id": done.id,
        "erased_at": done.at.astimezone(UTC).isoformat(timespec="seconds"),
        "ground": done.ground,
        "requester": done.requester,
        "erased_index": done.erased,
        "log": {"origin": done.origin, "index": done.index},
        "receipt": done.receipt,
    }
    return _private(_erased.dump(shape))


@blueprint.get("/log/<string:operator_id>/erasures")
@blueprint.doc(security=[{"apiKey": []}])
@authorized(Scope.LOG_READ_ENTRIES)
@blueprint.arguments(AfterSchema, location="query", unknown=RAISE)
@blueprint.response(200, ErasuresSchema)
@problem_responses(401, 403, 404, 422, 429, 503)
def get_erasures(query: dict[str, Any], operator_id: str) -> Response:
    """Return what was erased from an operator's log: tombstones, and the records that say why, for an auditor.

    Every `erase` leaf comes once, with everything it erased. The records' form: `sigill/tlog/erasure.py`.
    """
    operator = caller().operator
    if operator is not None and operator.id != operator_id:
        raise ScopeMissing(f"this key reads the erasures of {operator.id} only")
    (after,) = parse_cursor(query["after"], int) if "after" in query else (-1,)
    log = world().privacy.log
    if log.head(operator_id) is None:
        raise LogUnknown(f"there is no log called {operator_id[:63]!r}")
    page = list_erasures(world().privacy.engine, operator_id, after=int(after), limit=_LEAVES_A_PAGE)
    stones = [{"index": each.index, "kind": each.kind, "erased_by": each.erased_by} for each in page.tombstones]
    records = [{"index": index, "record": format_base64url(body)} for index, body in sorted(page.records.items())]
    following = None if page.last is None else format_cursor(page.last)
    return _private(_erasures.dump({"tombstones": stones, "records": records, "next": following}))


def _private(shape: Any) -> Response:  # noqa: ANN401 - what a schema dumped
    response = jsonify(shape)
    response.headers["Cache-Control"] = "private, no-store"
    return response
