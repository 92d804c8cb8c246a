"""/v1/staff: an operator's people, their passkeys, and links to enrol one."""

from typing import Any, Final

from flask import Response, jsonify

from api.auth import authorized, calling_operator
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.schemas.staff import EnrolmentSchema, NewPersonSchema, PersonListSchema, PersonSchema
from api.shapes import iso, iso_or_none
from registry.model import Scope
from registry.people.links import LASTS, make_link
from registry.people.model import Passkey, Person
from registry.people.staff import add_person, end_person_logged, find_colleague, revoke_passkey_logged
from registry.people.store import list_passkeys, list_people
from storage.engine import reading

blueprint = ApiBlueprint("staff", __name__, url_prefix="/v1/staff", description="An operator's people")
_person = PersonSchema()
_list = PersonListSchema()
_enrolment = EnrolmentSchema()
_BY: Final = "the operator"
_EXAMPLES: Final[dict[str, Any]] = {"agent": {"value": {"name": "Anna Andersson", "role": "signer"}}}


@blueprint.get("")
@authorized(Scope.STAFF_MANAGE)
@blueprint.response(200, PersonListSchema)
@problem_responses(401, 403, 503)
def get_staff() -> Response:
    """List your operator's people with their passkeys, the oldest first, those who left too."""
    with reading(world().people.engine) as connection:
        found = list_people(connection, operator_id=calling_operator().id)
        shapes = [person_shape(person, list_passkeys(connection, person.id)) for person in found]
    return _private(_list.dump({"people": shapes}))


@blueprint.post("")
@authorized(Scope.STAFF_MANAGE)
@blueprint.arguments(NewPersonSchema, examples=_EXAMPLES)
@blueprint.response(201, PersonSchema)
@problem_responses(400, 401, 403, 413, 415, 422, 503)
def post_person(body: dict[str, Any]) -> Response:
    """Add somebody to your operator's people. The log says that there is one more, and of which role; never the name.

    Nobody gets in by that alone: ask for a link next (`/v1/staff/{person_id}/enrolment`).
    """
    person = add_person(
        operator_id=calling_operator().id, name=body["name"], role=body["role"], by=_BY, world=world().people
    )
    return _private(_person.dump(person_shape(person, ())), 201)


@blueprint.delete("/<string:person_id>")
@authorized(Scope.STAFF_MANAGE)
@blueprint.response(200, PersonSchema)
@problem_responses(401, 403, 404, 503)
def delete_person(person_id: str) -> Response:
    """Note that somebody left. Sessions, passkeys and own API keys end at once, in every process."""
    end_person_logged(_colleague(person_id), by=_BY, world=world().people)
    return _shown(person_id)


@blueprint.post("/<string:person_id>/enrolment")
@authorized(Scope.STAFF_MANAGE)
@blueprint.response(201, EnrolmentSchema)
@problem_responses(401, 403, 404, 503)
def post_enrolment(person_id: str) -> Response:
    """Make a link with which this person enrols a passkey, once, within 24 hours; an older one ends."""
    made = {"url": make_link(_colleague(person_id), by=_BY, world=world().people)}
    return _private(_enrolment.dump(made | {"expires_at": iso(world().people.now() + LASTS)}), 201)


@blueprint.delete("/<string:person_id>/passkeys/<string:passkey_id>")
@authorized(Scope.STAFF_MANAGE)
@blueprint.response(200, PersonSchema)
@problem_responses(401, 403, 404, 503)
def delete_passkey(person_id: str, passkey_id: str) -> Response:
    """Revoke a passkey, for good; sessions that it was shown for end at once."""
    revoke_passkey_logged(_colleague(person_id), passkey_id, by=_BY, world=world().people)
    return _shown(person_id)


def person_shape(person: Person, held: tuple[Passkey, ...]) -> dict[str, Any]:
    """Return a person as the operator's administrators see them."""
    return {
        "id": person.id,
        "name": person.name,
        "role": person.role.value,
        "created_at": iso(person.created_at),
        "ended_at": iso_or_none(person.ended_at),
        "passkeys": [_passkey_shape(each) for each in held],
    }


def _passkey_shape(passkey: Passkey) -> dict[str, Any]:
    return {
        "id": passkey.id,
        "name": passkey.name,
        "attestation": passkey.attestation,
        "aaguid": passkey.aaguid,
        "device_bound": passkey.device_bound,
        "transports": list(passkey.transports),
        "created_at": iso(passkey.created_at),
        "used_at": iso_or_none(passkey.used_at),
        "revoked_at": iso_or_none(passkey.revoked_at),
    }


def _colleague(person_id: str) -> Person:
    return find_colleague(person_id, operator_id=calling_operator().id, world=world().people)


def _shown(person_id: str) -> Response:
    person = _colleague(person_id)
    with reading(world().people.engine) as connection:
        held = list_passkeys(connection, person.id)
    return _private(_person.dump(person_shape(person, held)))


def _private(shape: Any, status: int = 200) -> Response:  # noqa: ANN401 - what a schema dumped
    response = jsonify(shape)
    response.status_code = status
    response.headers["Cache-Control"] = "private, no-store"
    return response
