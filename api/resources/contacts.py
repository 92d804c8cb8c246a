"""/v1/operator/contacts: what an operator sends from; /v1/registry/contacts: what a registrar decides about it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from flask import Response, jsonify

from api.auth import authorized, calling_operator
from api.blueprint import ApiBlueprint, problem_responses
from api.current import world
from api.registrars import deciding_registrar
from api.schemas.sending import (
    CodeSentSchema,
    ConfirmSchema,
    ContactListSchema,
    ContactSchema,
    DecideContactSchema,
    NewContactSchema,
    SendCodeSchema,
)
from limiting.guessing import Leniency
from registry.model import Scope
from registry.sending.codes import confirm_code, send_code
from registry.sending.contacts import list_contacts, list_contested, load_contact
from registry.sending.declaring import (
    declare_contact,
    drop_contact,
    refuse_contact,
    verify_by_domain,
    verify_by_registrar,
)
from registry.sending.errors import CodesExhausted, CodeWrong
from registry.sending.model import Contact
from storage.engine import reading

blueprint = ApiBlueprint("contacts", __name__, url_prefix="/v1", description="What operators send from")
NUMBERS: Final = Leniency(free=2, first_s=600, longest_s=86_400, memory_s=86_400)
"""After the third wrong code for a number nobody tries it for ten minutes, then for twice as long each time."""

_KIND: Final = "phone_code"
_QUEUE: Final = 200
_contact = ContactSchema()
_list = ContactListSchema()
_sent = CodeSentSchema()


@blueprint.get("/operator/contacts")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.response(200, ContactListSchema)
@problem_responses(401, 403, 503)
def get_contacts() -> Response:
    """List your operator's contact points, the oldest first, those that ended too."""
    with reading(world().sending.engine) as connection:
        found = list_contacts(connection, calling_operator().id)
    return private(_list.dump({"contacts": [contact_shape(contact) for contact in found]}))


@blueprint.post("/operator/contacts")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.arguments(NewContactSchema)
@blueprint.response(201, ContactSchema)
@problem_responses(400, 401, 403, 409, 413, 415, 422, 503)
def post_contact(body: dict[str, Any]) -> Response:
    """Declare what your operator sends from. Nobody is shown it before it is verified.

    One that another operator holds, or that looks like another's name, is `contested`: a registrar decides.
    """
    contact = declare_contact(calling_operator().id, body["kind"], body["value"], world=world().sending)
    return private(_contact.dump(contact_shape(contact)), 201)


@blueprint.post("/operator/contacts/<string:contact_id>/code")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.arguments(SendCodeSchema)
@blueprint.response(200, CodeSentSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
def post_code(body: dict[str, Any], contact_id: str) -> Response:
    """Have six digits spoken or texted to a declared number: good for ten minutes and three tries, thrice an hour."""
    whose = calling_operator().id
    _check_pause(_load(whose, contact_id))
    sent = send_code(whose, contact_id, way=body["way"], language=body["language"], world=world().sending)
    return private(_sent.dump({"id": sent.contact.id, "expires_at": iso(sent.expires_at)}))


@blueprint.post("/operator/contacts/<string:contact_id>/confirm")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.arguments(ConfirmSchema)
@blueprint.response(200, ContactSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
def post_confirm(body: dict[str, Any], contact_id: str) -> Response:
    """Verify a number by the code that came, or a mail domain (without a code) by the domain you have proven."""
    whose = calling_operator().id
    if "code" not in body:
        return private(_contact.dump(contact_shape(verify_by_domain(whose, contact_id, world=world().sending))))
    contact = _load(whose, contact_id)
    _check_pause(contact)
    try:
        contact = confirm_code(whose, contact_id, body["code"], world=world().sending)
    except CodeWrong:
        guessing = world().limits.guessing
        if guessing is not None:
            guessing.note_wrong(_KIND, contact.key, leniency=NUMBERS)
        raise
    return private(_contact.dump(contact_shape(contact)))


@blueprint.delete("/operator/contacts/<string:contact_id>")
@authorized(Scope.OPERATOR_MANAGE)
@blueprint.response(200, ContactSchema)
@problem_responses(401, 403, 404, 409, 503)
def delete_contact(contact_id: str) -> Response:
    """End a contact point: from now on it is nobody's, and your history says that it was yours."""
    contact = drop_contact(calling_operator().id, contact_id, world=world().sending)
    return private(_contact.dump(contact_shape(contact)))


@blueprint.get("/registry/contacts")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.response(200, ContactListSchema)
@problem_responses(401, 403, 503)
def get_contested() -> Response:
    """List the contact points that wait for a registrar, the oldest first: another's, or like another's name."""
    with reading(world().sending.engine) as connection:
        found = list_contested(connection, limit=_QUEUE)
    return private(_list.dump({"contacts": [contact_shape(contact) for contact in found]}))


@blueprint.post("/registry/contacts/<string:contact_id>/verify")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.arguments(DecideContactSchema)
@blueprint.response(200, ContactSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 503)
def post_verify(body: dict[str, Any], contact_id: str) -> Response:
    """Verify a contact point by your own look; `note` says what you looked at. Who held it before, loses it."""
    return _decide(verify_by_registrar, contact_id, body)


@blueprint.post("/registry/contacts/<string:contact_id>/refuse")
@authorized(Scope.REGISTRY_DECIDE)
@blueprint.arguments(DecideContactSchema)
@blueprint.response(200, ContactSchema)
@problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 503)
def post_refuse(body: dict[str, Any], contact_id: str) -> Response:
    """Refuse a contact point, or take a verified one away; `note` says why."""
    return _decide(refuse_contact, contact_id, body)


def contact_shape(contact: Contact) -> dict[str, Any]:
    """Return a contact point as its operator and registrars see it."""
    return {
        "id": contact.id,
        "operator": contact.operator_id,
        "kind": contact.kind.value,
        "value": contact.value,
        "state": contact.state.value,
        "note": contact.note,
        "method": None if contact.method is None else contact.method.value,
        "declared_at": iso(contact.declared_at),
        "verified_at": _maybe(contact.verified_at),
        "valid_until": _maybe(contact.valid_until),
        "ended_at": _maybe(contact.ended_at),
    }


def iso(at: datetime) -> str:
    """Return an aware time in whole seconds."""
    return at.isoformat(timespec="seconds")


def private(shape: Any, status: int = 200) -> Response:  # noqa: ANN401 - what a schema dumped
    """Return an answer that nobody keeps for others."""
    response = jsonify(shape)
    response.status_code = status
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _decide(decision: Callable[..., Contact], contact_id: str, body: dict[str, Any]) -> Response:
    contact = decision(contact_id, note=body["note"], by=deciding_registrar(), world=world().sending)
    return private(_contact.dump(contact_shape(contact)))


def _load(operator_id: str, contact_id: str) -> Contact:
    with reading(world().sending.engine) as connection:
        return load_contact(connection, contact_id, operator_id=operator_id)


def _check_pause(contact: Contact) -> None:
    guessing = world().limits.guessing
    wait_s = 0 if guessing is None else guessing.wait_s(_KIND, contact.key)
    if wait_s:
        raise CodesExhausted("too many wrong codes were given for this number", after_s=wait_s)


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else iso(at)
