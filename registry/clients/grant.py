"""Giving out access tokens: OAuth 2.0 client credentials (RFC 6749 section 4.4) by a signed client assertion.

What cannot be believed is refused before anything is written: only whoever holds a client's key can make rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine

from registry.api_keys import SCOPES
from registry.clients.access_token import AccessToken, audience, make_access_token, sign_access_token
from registry.clients.assertion import Assertion, ClaimedAssertion, parse_assertion, verify_assertion
from registry.clients.model import Client, ClientKey
from registry.clients.reasons import Reason, Untrusted
from registry.clients.replay import use_assertion
from registry.clients.store import load_client
from registry.errors import ClientUnknown, GrantRefused, OAuthError
from registry.model import Role, Scope
from registry.operators import load_operator
from sigill.keys.p256 import Signer
from sigill.report.standing import State
from storage.engine import reading, writing

GRANT_TYPE: Final = "client_credentials"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MAX_SCOPE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantWorld:
    """What giving out tokens needs of the outside. `signer(at)` is the token key; it raises KeyUnusable."""

    issuer: str
    engine: Engine
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    signer: Callable[[datetime], Signer]


@dataclass(frozen=True, slots=True)
class Grant:
    """A token as it is handed out, and what it says."""

    text: str
    token: AccessToken


def grant_token(form: Mapping[str, str], *, world: GrantWorld) -> Grant:
    """Return an access token for a token request's parameters. Raises GrantRefused, KeyUnusable."""
    claimed_id: str | None = None
    try:
        claimed = _claimed(form)
        claimed_id = claimed.client_id
        at = world.now()
        with reading(world.engine) as connection:
            client = _load_standing(connection, claimed.client_id)
        key = _key_of(client, claimed, at)
        assertion = verify_assertion(claimed, key=key.key, issuer=world.issuer, at=at)
        scopes = _scopes(form.get("scope"), client.role, claimed_id)
        _check_target(form, issuer=world.issuer, client_id=claimed_id)
        return _hand_out(assertion, scopes, at=at, world=world)
    except Untrusted as error:
        refused = OAuthError.INVALID_CLIENT
        raise GrantRefused(refused, str(error), reason=error.reason.value, client_id=claimed_id) from None


def _hand_out(assertion: Assertion, scopes: frozenset[Scope], *, at: datetime, world: GrantWorld) -> Grant:
    """Use up the assertion and sign the token in one step, if client and operator still stand as they did."""
    signer = world.signer(at)
    token = make_access_token(assertion.client_id, assertion.thumbprint, scopes, at=at, random=world.random)
    text = sign_access_token(token, issuer=world.issuer, signer=signer)
    with writing(world.engine) as connection:
        use_assertion(connection, assertion)
        client = _load_standing(connection, assertion.client_id)
        key = client.key(assertion.thumbprint)
        if key is None or not key.is_current(at):
            raise Untrusted(Reason.KEY_REVOKED, "the key was revoked")
    return Grant(text, token)


def _claimed(form: Mapping[str, str]) -> ClaimedAssertion:
    if "grant_type" not in form:
        raise _wrong_request("grant_type is required: client_credentials")
    if form["grant_type"] != GRANT_TYPE:
        says = "the one grant there is here is client_credentials"
        raise GrantRefused(OAuthError.UNSUPPORTED_GRANT_TYPE, says, reason=Reason.WRONG_GRANT.value)
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise _wrong_request(f"client_assertion_type is required: {ASSERTION_TYPE}")
    if "client_assertion" not in form:
        raise _wrong_request("client_assertion is required: a JWT signed with the client's key")
    if "client_secret" in form:
        raise _wrong_request("there are no client secrets here: a client shows a signed assertion, and nothing else")
    claimed = parse_assertion(form["client_assertion"])
    if form.get("client_id", claimed.client_id) != claimed.client_id:
        raise Untrusted(Reason.WRONG_ISSUER, "client_id and the assertion's iss differ")
    return claimed


def _load_standing(connection: Connection, client_id: str) -> Client:
    """Return a client that may have tokens now. Raises Untrusted, GrantRefused."""
    try:
        client = load_client(connection, client_id)
    except ClientUnknown:
        raise Untrusted(Reason.UNKNOWN_CLIENT, "there is no such client") from None
    if client.revoked_at is not None:
        raise Untrusted(Reason.CLIENT_REVOKED, f"the client was revoked on {client.revoked_at:%Y-%m-%d}")
    if client.operator_id is not None and client.role is Role.SIGNER:
        state = load_operator(connection, client.operator_id).state
        if state in {State.SUSPENDED, State.REVOKED}:
            says, reason = f"the operator is {state}: it may not seal now", Reason.OPERATOR_SUSPENDED.value
            raise GrantRefused(OAuthError.UNAUTHORIZED_CLIENT, says, reason=reason, client_id=client_id)
    return client


def _key_of(client: Client, claimed: ClaimedAssertion, at: datetime) -> ClientKey:
    """Return the key an assertion is to be verified with: the one it names, or that of its algorithm that fits."""
    if claimed.kid is not None:
        key = client.key(claimed.kid)
        if key is None:
            raise Untrusted(Reason.UNKNOWN_KEY, "kid is the thumbprint (RFC 7638) of a key registered for this client")
        _check_usable(key, at)
        return key
    fitting = [key for key in client.keys if key.is_current(at) and claimed.statement.alg in key.key.algorithms]
    if not fitting:
        raise Untrusted(Reason.UNKNOWN_KEY, "the client has no current key for this alg")
    if len(fitting) > 1:
        raise Untrusted(Reason.UNKNOWN_KEY, "the client has several keys: name the one by kid, its thumbprint")
    return fitting[0]


def _check_usable(key: ClientKey, at: datetime) -> None:
    if key.revoked_at is not None:
        raise Untrusted(Reason.KEY_REVOKED, f"the key was revoked on {key.revoked_at:%Y-%m-%d}")
    if not key.is_current(at):
        span = f"{key.valid_from:%Y-%m-%d} to {key.valid_until:%Y-%m-%d}"
        raise Untrusted(Reason.KEY_NOT_CURRENT, f"the key is good from {span} only")


def _scopes(asked: str | None, role: Role, client_id: str) -> frozenset[Scope]:
    """Return the scopes asked for, which are the role's or fewer; all of them where none is named."""
    allowed = SCOPES[role]
    wanted = {scope.value for scope in allowed} if asked is None else set(asked[:_MAX_SCOPE].split(" "))
    known = {scope.value for scope in allowed}
    if not wanted or not wanted <= known or len(asked or "") > _MAX_SCOPE:
        told = ", ".join(sorted(known)) or "no scope at all"
        says = f"a client of role {role} may ask for {told}"
        raise GrantRefused(OAuthError.INVALID_SCOPE, says, reason=Reason.WRONG_SCOPE.value, client_id=client_id)
    return frozenset(scope for scope in allowed if scope.value in wanted)


def _check_target(form: Mapping[str, str], *, issuer: str, client_id: str) -> None:
    if form.get("resource", audience(issuer)) != audience(issuer):
        says = f"the one resource there is here is {audience(issuer)}"
        raise GrantRefused(OAuthError.INVALID_TARGET, says, reason=Reason.WRONG_REQUEST.value, client_id=client_id)


def _wrong_request(says: str) -> GrantRefused:
    return GrantRefused(OAuthError.INVALID_REQUEST, says, reason=Reason.WRONG_REQUEST.value)
