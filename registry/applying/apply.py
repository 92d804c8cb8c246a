"""Applying: everything an operator enters the registry with, in one commit; to the test environment or to live.

A test operator is verified at once, by a second leaf, since nothing is checked there: its id ends in `-test` and its
identifier says TEST, so it is nobody's real one. A live operator has applied, manages itself, and seals nothing yet.
The key it applies with becomes an administrator's client: whoever loses the answer gets in with that.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from registry.api_keys import NewApiKey, make_api_key, save_api_key
from registry.application import RESERVED, Application, read_application
from registry.applying.domains import MAX_DOMAINS, add_domain
from registry.applying.errors import ApplicationExists
from registry.applying.filed import FiledApplication, find_by_key, save_filed
from registry.applying.naming import TEST_ENDING, make_id, number_of_test
from registry.applying.world import ApplyingWorld
from registry.checks.domain_challenge import Challenge
from registry.checks.domain_names import read_domain
from registry.checks.identifiers import Scheme, read_identifier
from registry.clients.model import Client, ClientKey
from registry.clients.possession import check_possession
from registry.clients.public_key import PublicKey, parse_public_key
from registry.clients.registration import LASTS, make_client_id
from registry.clients.store import save_client
from registry.errors import ApplicationInvalid, OperatorNotFound, TransitionRefused
from registry.lifecycle import change_state_logged, enrol
from registry.model import Environment, Operator, OperatorId, Role, StateChange
from registry.operators import held_by, load_operator
from sigill.encoding.strict_json import Json
from sigill.report.standing import State
from storage.engine import reading

NOTHING_CHECKED: Final = "test environment: nothing was checked"
KEYS_LAST: Final = timedelta(days=365)
_KEY_BYTES: Final = 40
_CLIENT_BYTES: Final = 20
_CHALLENGE_BYTES: Final = 32
_CLIENT_NAME: Final = "the key it applied with"
_TAKEN: Final = (
    "somebody has applied under this id, or stands under this identifier; if that was you, use your credential, "
    "otherwise tell the registrar"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An application as it came. `id` and, in the test environment, `identifier` are made where they are not given.

    `jwk` and `proof` are those of `registry.clients.possession`; the proof's `sub` is the id, or without one the
    guarantor's issuer. `test_operator` is who asks, where it has an administrator's credential of a test operator.
    """

    name: str
    industry: str
    markets: tuple[str, ...]
    environment: Environment
    jwk: Any
    proof: str
    id: str | None = None
    identifier: str | None = None
    website: str | None = None
    phone: str | None = None
    lei: str | None = None
    domains: tuple[str, ...] = ()
    test_operator: Operator | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """An application that was taken: the operator, its keys (shown once; a signer's in the test environment only)."""

    operator: Operator
    client_id: str
    admin_key: str
    signer_key: str | None
    challenges: tuple[Challenge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """Everything that is written with the first leaf."""

    operator: Operator
    filed: FiledApplication
    client: Client
    keys: tuple[tuple[Role, NewApiKey], ...]
    domains: tuple[str, ...]


def apply(asked: Asked, *, world: ApplyingWorld) -> Applied:
    """Enter an operator.

    Raises ApplicationInvalid, IdentifierRefused, UnknownJurisdiction, ClientKeyRefused, ApplicationExists (this key, id
    or identifier), StoreUnavailable.
    """
    at = world.now()
    key = parse_public_key(asked.jwk)
    check_possession(asked.proof, key=key, operator_id=asked.id, issuer=world.issuer, at=at)
    _check_new_key(key, world=world)
    entry = _enter(asked, key, world=world, at=at)
    _check_free(entry.operator, world=world)
    challenges: list[Challenge] = []

    def write(connection: Connection, _index: int) -> None:
        challenges[:] = _write(connection, entry, world=world)

    try:
        enrol(
            entry.operator,
            origin=f"{world.log_prefix}/{entry.operator.id}",
            log=world.log,
            random=world.random,
            writes=(write,),
            more=_said(entry),
        )
    except TransitionRefused:  # somebody was faster
        raise ApplicationExists(_TAKEN) from None
    finished = _verify_test(entry.operator, world=world)
    texts = {role: each.text for role, each in entry.keys}
    return Applied(
        operator=finished,
        client_id=entry.client.id,
        admin_key=texts[Role.ADMIN],
        signer_key=texts.get(Role.SIGNER),
        challenges=tuple(challenges),
    )


def _check_new_key(key: PublicKey, *, world: ApplyingWorld) -> None:
    """Refuse a key that has applied, to its holder alone; a test operator cut short by a crash is made whole first."""
    with reading(world.engine) as connection:
        filed = find_by_key(connection, key.thumbprint)
        before = None if filed is None else load_operator(connection, filed.operator_id)
    if filed is None or before is None:
        return
    _verify_test(before, world=world)
    raise ApplicationExists(
        f"this key has applied already, as {filed.operator_id}; it gets access tokens as the client {filed.client_id}"
    )


def _enter(asked: Asked, key: PublicKey, *, world: ApplyingWorld, at: datetime) -> _Entry:
    operator_id = asked.id or _free_id(asked, world=world)
    _check_ending(operator_id, asked.environment)
    application = Application(
        id=operator_id,
        name=asked.name,
        identifier=_identifier(asked, operator_id),
        industry=asked.industry,
        markets=asked.markets,
        environment=asked.environment.value,
        website=asked.website,
        phone=asked.phone,
    )
    operator = read_application(application, at=at)
    roles = (Role.ADMIN, Role.SIGNER) if operator.environment is Environment.TEST else (Role.ADMIN,)
    registered = ClientKey(key=key, valid_from=at, valid_until=at + LASTS, created_at=at)
    client = Client(
        id=make_client_id(world.random(_CLIENT_BYTES)),
        operator_id=operator.id,
        name=_CLIENT_NAME,
        role=Role.ADMIN,
        ai_system=None,
        created_at=at,
        keys=(registered,),
    )
    filed = FiledApplication(
        operator_id=operator.id,
        thumbprint=key.thumbprint,
        client_id=client.id,
        lei=None if asked.lei is None else read_identifier(f"{Scheme.LEI}XG-{asked.lei}").reference,
        test_operator_id=_linked(asked),
        created_at=at,
    )
    domains = tuple(dict.fromkeys(read_domain(each, unlisted=world.unlisted_domains) for each in asked.domains))
    if len(domains) > MAX_DOMAINS:
        raise ApplicationInvalid(f"an operator names at most {MAX_DOMAINS} domains")
    keys = tuple((role, make_api_key(world.random(_KEY_BYTES))) for role in roles)
    return _Entry(operator=operator, filed=filed, client=client, keys=keys, domains=domains)


def _linked(asked: Asked) -> OperatorId | None:
    """Return the test operator that goes live by this application. Raises ApplicationInvalid."""
    if asked.test_operator is None:
        return None
    if asked.environment is not Environment.LIVE or asked.test_operator.environment is not Environment.TEST:
        raise ApplicationInvalid("with a credential, only a test operator applies, and only to live")
    return asked.test_operator.id


def _identifier(asked: Asked, operator_id: str) -> str:
    if asked.environment is Environment.TEST:
        return number_of_test(asked.identifier, operator_id, asked.markets)
    if asked.identifier is None:
        raise ApplicationInvalid("a live operator names its identifier, such as NTRSE-5560360793")
    return read_identifier(asked.identifier).text


def _free_id(asked: Asked, *, world: ApplyingWorld) -> str:
    made = make_id(asked.name, asked.environment)
    if made not in RESERVED and not _is_taken(made, world):
        return made
    return make_id(asked.name, asked.environment, more=world.random(3).hex())


def _is_taken(operator_id: str, world: ApplyingWorld) -> bool:
    try:
        with reading(world.engine) as connection:
            load_operator(connection, operator_id)
    except OperatorNotFound:
        return False
    return True


def _check_free(operator: Operator, *, world: ApplyingWorld) -> None:
    """Raise ApplicationExists before anything is made for an id or identifier that is somebody's."""
    with reading(world.engine) as connection:
        held = held_by(connection, operator.identifier)
    if held or _is_taken(operator.id, world):
        raise ApplicationExists(_TAKEN)


def _check_ending(operator_id: str, environment: Environment) -> None:
    if operator_id.endswith(TEST_ENDING) is not (environment is Environment.TEST):
        raise ApplicationInvalid(f"ids of test operators end in {TEST_ENDING}, and no other's do")


def _said(entry: _Entry) -> dict[str, Json]:
    """Return what the first record says beside the operator itself."""
    linked = {} if entry.filed.test_operator_id is None else {"test_operator": str(entry.filed.test_operator_id)}
    return {"key": entry.filed.thumbprint, "lei": entry.filed.lei, **linked}


def _write(connection: Connection, entry: _Entry, *, world: ApplyingWorld) -> list[Challenge]:
    operator, at = entry.operator, entry.filed.created_at
    save_client(connection, entry.client)
    save_filed(connection, entry.filed)
    for role, key in entry.keys:
        save_api_key(
            connection,
            key,
            name=f"first {role} key",
            role=role,
            operator_id=operator.id,
            created_at=at,
            expires_at=at + KEYS_LAST,
        )
    return [
        add_domain(
            connection,
            operator.id,
            domain,
            thumbprint=entry.filed.thumbprint,
            random=world.random(_CHALLENGE_BYTES),
            at=at,
        )
        for domain in entry.domains
    ]


def _verify_test(operator: Operator, *, world: ApplyingWorld) -> Operator:
    """Verify an operator of the test environment that has only applied; return it as it stands."""
    if operator.environment is Environment.TEST and operator.state is State.APPLIED:
        change = StateChange(state=State.VERIFIED, since=world.now(), reason=NOTHING_CHECKED)
        with suppress(TransitionRefused):  # somebody was faster
            change_state_logged(operator.id, change, log=world.log, random=world.random)
    with reading(world.engine) as connection:
        return load_operator(connection, operator.id)
