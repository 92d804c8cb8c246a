"""What an operator's programs get in with: its API keys, and clients with public keys, made, rotated and revoked."""

from typing import Any, Final

from flask import Response

from registry.api_key_registration import HandedOut, hand_out_key, revoke_own_api_key
from registry.api_keys import list_api_keys
from registry.clients.registration import (
    AskedKey,
    register_client,
    register_key,
    revoke_own_client,
    revoke_own_key,
)
from registry.clients.store import list_clients
from registry.credential_steps import RegistrationWorld
from registry.errors import ApplicationInvalid, ClientKeyRefused
from registry.model import Role
from sigill.encoding.strict_json import parse_json
from sigill.errors import MalformedEncoding
from sigill.report.trust import GUARANTOR
from storage.engine import reading
from web.desk.parts import Desk
from web.desk.request import DeskRequest

pages: Final = Desk("programs")
_ADMINS: Final = frozenset({Role.ADMIN})
_ROLES: Final = (Role.SIGNER, Role.ADMIN, Role.AUDITOR)
_MAX_KEY_BYTES: Final = 16_384
_MEMBERS: Final = frozenset({"jwk", "proof"})


@pages.page("/programs", roles=_ADMINS, navigation="programs.title")
def programs(request: DeskRequest) -> Response:
    """List API keys and clients, those that are over last, with forms to make more."""
    return _shown(request)


@pages.action("/programs/api-keys", roles=_ADMINS, shows=programs, recent=True)
def make_key(request: DeskRequest) -> Response:
    """Make an API key, and show it this once."""
    made = hand_out_key(
        operator_id=request.own_operator().id,
        name=request.form["name"],
        role=_role(request.form["role"]),
        valid_until=None,
        world=_world(request),
    )
    return _shown(request, made=made)


@pages.action("/programs/api-keys/revocation", roles=_ADMINS, shows=programs, recent=True)
def revoke_api_key(request: DeskRequest) -> Response:
    """Revoke an API key, for good."""
    revoke_own_api_key(request.form["key"], operator_id=request.own_operator().id, world=_world(request))
    return request.go("/programs", said="programs.key_is_revoked")


@pages.action("/programs/clients", roles=_ADMINS, shows=programs, recent=True)
def add_client(request: DeskRequest) -> Response:
    """Register a client with its first public key."""
    form = request.form
    register_client(
        operator_id=request.own_operator().id,
        name=form["client_name"],
        role=_role(form["client_role"]),
        ai_system=form["client_ai"] or None,
        key=_asked(form["client_key"]),
        world=_world(request),
    )
    return request.go("/programs", said="programs.client_added")


@pages.action("/programs/clients/keys", roles=_ADMINS, shows=programs, recent=True)
def add_key(request: DeskRequest) -> Response:
    """Register the next key of a client, beside those it has."""
    key, whose = _asked(request.form["next_key"]), request.own_operator().id
    register_key(request.form["client"], key, operator_id=whose, world=_world(request))
    return request.go("/programs", said="programs.key_added")


@pages.action("/programs/clients/keys/revocation", roles=_ADMINS, shows=programs, recent=True)
def revoke_key(request: DeskRequest) -> Response:
    """Revoke one key of a client, for good."""
    form, whose = request.form, request.own_operator().id
    revoke_own_key(form["client"], form["key"], operator_id=whose, world=_world(request))
    return request.go("/programs", said="programs.key_is_revoked")


@pages.action("/programs/clients/revocation", roles=_ADMINS, shows=programs, recent=True)
def revoke_client(request: DeskRequest) -> Response:
    """Revoke a client with all its keys, for good."""
    revoke_own_client(request.form["client"], operator_id=request.own_operator().id, world=_world(request))
    return request.go("/programs", said="programs.client_is_revoked")


def _shown(request: DeskRequest, *, made: HandedOut | None = None) -> Response:
    operator, at = request.own_operator(), request.world.now()
    with reading(request.world.engine) as connection:
        keys = list_api_keys(connection, operator_id=operator.id)
        clients = list_clients(connection, operator_id=operator.id)
    over = {key.credential.prefix for key in keys if key.credential.revoked_at or key.credential.expires_at <= at}
    return request.render(
        "desk/programs.html",
        at=at,
        made=made,
        keys=sorted(keys, key=lambda key: key.credential.prefix in over),
        over=over,
        clients=sorted(clients, key=lambda client: client.revoked_at is not None),
        roles=[(role.value, request.words.word("roles", role)) for role in _ROLES],
        systems=[each for each in operator.ai_systems if each.active],
        operator=operator,
    )


def _role(text: str) -> Role:
    role = next((role for role in _ROLES if role == text), None)
    if role is None:
        raise ApplicationInvalid("choose one of the roles")
    return role


def _asked(text: str) -> AskedKey:
    """Return a public key with its proof, as `sigill client-key prove` prints them. Raises ClientKeyRefused."""
    try:
        found: Any = parse_json(text.encode("utf-8", "surrogatepass"), max_bytes=_MAX_KEY_BYTES)
    except MalformedEncoding as error:
        raise ClientKeyRefused(f"the key is what `sigill client-key prove` prints: {error}") from None
    if not isinstance(found, dict) or set(found) != _MEMBERS or not isinstance(found["proof"], str):
        raise ClientKeyRefused("the key is what `sigill client-key prove` prints: an object with jwk and proof")
    return AskedKey(jwk=found["jwk"], proof=found["proof"])


def _world(request: DeskRequest) -> RegistrationWorld:
    """Return what registering needs, saying in the history who did it."""
    world = request.world
    return RegistrationWorld(
        issuer=world.issuer,
        engine=world.engine,
        log=world.log,
        guarantor_origin=f"{world.people.log_prefix}/{GUARANTOR}",
        now=world.now,
        random=world.random,
        by=request.by,
    )
