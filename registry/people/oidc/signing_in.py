"""From the desk to the identity provider and back: for whom an administrator bound a subject beforehand, and no others.

Nothing is stored when somebody is sent off. `state` is a challenge of ours (`registry.people.challenges`) tied to the
browser's cookie, and nonce and PKCE verifier follow from both by a keyed hash; `state` counts once.
"""

import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import Connection, select, update

from registry.audit import tell_refusal
from registry.errors import ApplicationInvalid, PasskeyRefused, PersonUnknown, ProviderRefused
from registry.people.challenges import RANDOM_BYTES, Purpose, check_challenge, make_challenge, use_challenge
from registry.people.model import Person
from registry.people.oidc.id_token import RECENT, kid_of, read_id_token
from registry.people.oidc.provider import Provider, challenge_of
from registry.people.sessions import TOKEN_BYTES, end_sessions, start_session
from registry.people.signing_in import SignedIn
from registry.people.staff import take_step
from registry.people.store import load_person
from registry.people.world import PeopleWorld
from registry.steps import Act
from registry.tables import people
from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.errors import MalformedEncoding
from storage.engine import writing

MAX_SUBJECT: Final = 120
_MAX_CODE: Final = 2048
_JTI_BYTES: Final = 16


def send_off(provider: Provider, *, binding: str, world: PeopleWorld) -> str:
    """Return where a browser goes to sign in. Raises ProviderRefused."""
    state = make_challenge(
        Purpose.PROVIDER, binding=binding, secret=world.secret, at=world.now(), randomness=world.random(RANDOM_BYTES)
    )
    endpoint = provider.metadata().authorization_endpoint
    asked = {
        "response_type": "code",
        "client_id": provider.client.client_id,
        "redirect_uri": provider.client.redirect_uri,
        "scope": "openid",
        "state": format_base64url(state),
        "nonce": _derived("nonce", state, binding, world),
        "code_challenge": challenge_of(_derived("verifier", state, binding, world)),
        "code_challenge_method": "S256",
        "max_age": str(int(RECENT.total_seconds())),
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def come_back(query: Mapping[str, str], *, provider: Provider, binding: str, world: PeopleWorld) -> SignedIn:
    """Begin a session for whom the provider's answer names. Refusals leave a line in the audit trail.

    Raises ProviderRefused.
    """
    try:
        state = _state(query, provider=provider, binding=binding, world=world)
        code = _code(query)
        verifier = _derived("verifier", state, binding, world)
        token = provider.redeem(code, verifier=verifier, jti=format_base64url(world.random(_JTI_BYTES)))
        subject = read_id_token(
            token,
            keys=provider.keys(kid_of(token)),
            issuer=provider.client.issuer,
            client_id=provider.client.client_id,
            nonce=_derived("nonce", state, binding, world),
            at=world.now(),
        )
        with writing(world.engine) as connection:
            return _begin(connection, state, _bound(provider, subject), world=world)
    except ProviderRefused as error:
        tell_refusal("sign_in_refused", reason=f"provider_{error.reason}")
        raise


def bind_subject(person: Person, subject: str, *, provider: Provider, by: str, world: PeopleWorld) -> None:
    """Let somebody sign in as the provider's `subject`; an empty one ends that. Logged; sessions end.

    Raises ApplicationInvalid (no subject, or another's), PersonUnknown.
    """
    if len(subject) > MAX_SUBJECT or not subject.isprintable() or subject != subject.strip():
        raise ApplicationInvalid(f"a subject has at most {MAX_SUBJECT} printable characters, no blanks at its ends")
    bound = _bound(provider, subject) if subject else None

    def guard(connection: Connection) -> None:
        if load_person(connection, person.id).ended_at is not None:
            raise PersonUnknown("this person has left")
        same = (people.c.oidc_subject == bound) & (people.c.id != person.id)
        if bound is not None and connection.execute(select(people.c.id).where(same)).first() is not None:
            raise ApplicationInvalid("this subject signs somebody else in")

    def write(connection: Connection, _index: int) -> None:
        connection.execute(update(people).where(people.c.id == person.id).values(oidc_subject=bound))
        end_sessions(connection, person.id)

    act = Act.SUBJECT_BOUND if bound else Act.SUBJECT_UNBOUND
    take_step(person.operator_id, act, {"person": person.id}, by=by, world=world, guard=guard, write=write)


def subject_of(person: Person, provider: Provider) -> str:
    """Return the subject somebody signs in as at this provider, empty where there is none."""
    bound = person.oidc_subject or ""
    prefix = _bound(provider, "")
    return bound.removeprefix(prefix) if bound.startswith(prefix) else ""


def _state(query: Mapping[str, str], *, provider: Provider, binding: str, world: PeopleWorld) -> bytes:
    try:
        state = parse_base64url(query.get("state", ""))
        check_challenge(state, Purpose.PROVIDER, binding=binding, secret=world.secret, at=world.now())
    except (MalformedEncoding, PasskeyRefused):
        raise ProviderRefused("wrong_state", "this answer belongs to no sign-in of this browser: begin again") from None
    named = query.get("iss")
    if named != provider.client.issuer and (named is not None or provider.metadata().names_itself):
        raise ProviderRefused("wrong_issuer", "this answer is of another identity provider")
    return state


def _code(query: Mapping[str, str]) -> str:
    code = query.get("code", "")
    if not 0 < len(code) <= _MAX_CODE or not code.isprintable():
        raise ProviderRefused("no_code", "the identity provider did not let you in")
    return code


def _begin(connection: Connection, state: bytes, bound: str, *, world: PeopleWorld) -> SignedIn:
    at = world.now()
    try:
        use_challenge(connection, state, at=at)
    except PasskeyRefused:
        raise ProviderRefused("replayed", "this answer was used before: begin again") from None
    current = (people.c.oidc_subject == bound) & people.c.ended_at_ms.is_(None)
    person_id = connection.execute(select(people.c.id).where(current)).scalar()
    if person_id is None:
        raise ProviderRefused("unknown_subject", "nobody here is bound to this sign-in: ask an administrator of yours")
    person = load_person(connection, person_id)
    token = start_session(connection, person.id, passkey_id=None, at=at, randomness=world.random(TOKEN_BYTES))
    return SignedIn(person, token)


def _bound(provider: Provider, subject: str) -> str:
    return f"{provider.client.issuer} {subject}"


def _derived(what: str, state: bytes, binding: str, world: PeopleWorld) -> str:
    message = f"sigill/oidc/{what}/v1 {binding} ".encode("utf-8", "surrogatepass") + state
    return format_base64url(hmac.digest(world.secret, message, "sha256"))
