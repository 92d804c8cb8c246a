"""/v1/operator/mandates: whom an operator lets seal for it, and for whom it may; a registrar can end any of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import Response, jsonify
from sqlalchemy import Connection

from api.auth import authorized, calling_operator
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.registrars import deciding_registrar
from api.schemas.mandates import MandateListSchema, NewMandateSchema, OwnMandateSchema
from api.shapes import iso
from registry.mandates.model import Mandate, MandateParty, Terms
from registry.mandates.steps import accept_mandate, give_mandate, revoke_mandate, side_of
from registry.mandates.store import count_sealed, list_mandates, load_mandate, names_of
from registry.model import Scope
from signing.errors import RequestInvalid
from storage.engine import reading

blueprint = ApiBlueprint("mandates", __name__, url_prefix="/v1", description="Letting another operator seal for you")
_mandate = OwnMandateSchema()
_list = MandateListSchema()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_EXAMPLES: Final[dict[str, Any]] = {
    "contact centre": {
        "value": {
            "to": "kundsvar",
            "channels": ["chat", "email"],
            "enquiries": ["informational", "complaint"],
            "purposes": ["service"],
            "valid_until": "2027-10-31T23:00:00Z",
            "daily_messages": 5000,
        }
    }
}


@blueprint.get("/operator/mandates")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.response(200, MandateListSchema)
@problem_responses(401, 403, 429, 503)
def get_mandates() -> Response:
    """List the mandates your operator has given and got, the newest first, offers and those that ended too."""
    whose = calling_operator().id
    with reading(world().mandates.engine) as connection:
        found = list_mandates(connection, operator_id=whose)
        shapes = _own_shapes(connection, found)
    return _private(_list.dump({"mandates": shapes}))


@blueprint.post("/operator/mandates")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.arguments(NewMandateSchema, examples=_EXAMPLES)
@blueprint.response(201, OwnMandateSchema)
@problem_responses(400, 401, 403, 404, 413, 415, 422, 429, 503)
def post_mandate(body: dict[str, Any]) -> Response:
    """Let another operator seal for yours, within limits; it is in force once that one's administrator accepts it.

    Messages under it are decided by your policy pack, stand in your log, and name both of you. The step is a leaf of
    your log. A mandate never crosses from the test environment to the live one.
    """
    mandates = world().mandates
    terms = Terms(
        channels=tuple(body["channels"]),
        enquiries=tuple(body["enquiries"]) if "enquiries" in body else None,
        purposes=tuple(body["purposes"]),
        valid_from=_utc(body, "valid_from") if "valid_from" in body else mandates.now(),
        valid_until=_utc(body, "valid_until"),
        daily_messages=body.get("daily_messages"),
    )
    given = give_mandate(calling_operator(), body["to"], terms, world=mandates)
    return _answer(given, status=201)


@blueprint.post("/operator/mandates/<string:mandate_id>/accept")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.response(200, OwnMandateSchema)
@problem_responses(401, 403, 404, 409, 422, 429, 503)
def post_acceptance(mandate_id: str) -> Response:
    """Accept a mandate that was offered to your operator: from then on (and its beginning) you can seal under it.

    The step is a leaf of both operators' logs. What was accepted before stays as it is.
    """
    return _answer(accept_mandate(mandate_id, mandatary_id=calling_operator().id, world=world().mandates))


@blueprint.delete("/operator/mandates/<string:mandate_id>")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.response(200, OwnMandateSchema)
@problem_responses(401, 403, 404, 429, 503)
def delete_mandate(mandate_id: str) -> Response:
    """End a mandate you gave or got, or decline an offer: at once, for good. Seals made before it stay what they are.

    Nothing is sealed under it from the moment this is answered. What was ended before stays as it is.
    """
    mandates, whose = world().mandates, calling_operator().id
    with reading(mandates.engine) as connection:
        side = side_of(load_mandate(connection, mandate_id), whose)
    return _answer(revoke_mandate(mandate_id, by=side, who=whose, world=mandates))


@blueprint.delete("/registry/mandates/<string:mandate_id>")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.response(200, OwnMandateSchema)
@problem_responses(401, 403, 404, 429, 503)
def delete_any_mandate(mandate_id: str) -> Response:
    """End any mandate, as a registrar with a key of her own: at once, for good."""
    return _answer(
        revoke_mandate(mandate_id, by=MandateParty.REGISTRAR, who=deciding_registrar(), world=world().mandates)
    )


def mandate_shape(mandate: Mandate, names: dict[str, str], *, at: datetime) -> dict[str, Any]:
    """Return a mandate as the API shows it; `names` are operators' trading names by id."""
    terms = mandate.terms
    return {
        "id": mandate.id,
        "principal": {"id": mandate.principal_id, "name": names[mandate.principal_id]},
        "mandatary": {"id": mandate.mandatary_id, "name": names[mandate.mandatary_id]},
        "state": mandate.state_at(at).value,
        "channels": [word.value for word in terms.channels],
        "enquiries": None if terms.enquiries is None else [word.value for word in terms.enquiries],
        "purposes": [word.value for word in terms.purposes],
        "valid_from": iso(terms.valid_from),
        "valid_until": iso(terms.valid_until),
        "daily_messages": terms.daily_messages,
        "given_at": iso(mandate.given_at),
        "accepted_at": None if mandate.accepted_at is None else iso(mandate.accepted_at),
        "revoked_at": None if mandate.revoked_at is None else iso(mandate.revoked_at),
        "revoked_by": None if mandate.revoked_by is None else mandate.revoked_by.value,
    }


def _utc(body: dict[str, Any], name: str) -> datetime:
    """Return a time of the body in UTC. Raises RequestInvalid for one at the end of the calendar, beyond it in UTC."""
    at: datetime = body[name]
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise RequestInvalid(f"/{name}", "no calendar has this time in UTC") from None


def _own_shapes(connection: Connection, found: Sequence[Mandate]) -> list[dict[str, Any]]:
    at = world().mandates.now()
    names, day = names_of(connection, found), (at - _EPOCH) // _DAY
    return [
        mandate_shape(each, names, at=at) | {"sealed_today": count_sealed(connection, each.id, day=day)}
        for each in found
    ]


def _answer(mandate: Mandate, *, status: int = 200) -> Response:
    with reading(world().mandates.engine) as connection:
        (shape,) = _own_shapes(connection, [mandate])
    return _private(_mandate.dump(shape), status)


def _private(shape: Any, status: int = 200) -> Response:  # noqa: ANN401 - what a schema dumped
    response = jsonify(shape)
    response.status_code = status
    response.headers["Cache-Control"] = "private, no-store"
    return response
