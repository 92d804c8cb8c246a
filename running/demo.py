"""Seeding a demonstration: eight made-up operators, what they have written, and `demo.json` with their keys.

Every step of the seed (applied, verified, each message or refusal, then what it sends from) appends exactly one leaf to
the operator's own log, in the same commit as all its effects, and no request is served before the seed is complete. So
the size of an operator's log says how many steps are done: whatever was cut short goes on there, and what is complete
stays as it is. At last comes a contact centre with a mandate (`running.demo_mandate`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy import select

from registry.api_keys import authenticate, make_api_key, save_api_key
from registry.errors import RegistryError
from registry.model import OperatorId, Role
from registry.revocation import revoke_api_keys
from running.demo_data import DemoMessage, Profile, load_demonstration
from running.demo_file import DemoFile, DemoKeys, format_demo_file, read_demo_keys, replace_file, write_demo_keys
from running.demo_mandate import seed_contact_centre
from running.demo_operators import apply, send, verify
from running.demo_sending import sending_steps
from sigill.text.codes import Code
from sigill.tlog.note import format_vkey
from storage.engine import reading, writing
from transparency.tables import tokens
from wiring import Services

DEMO_FILE: Final = "demo.json"
DEMO_KEYS: Final = "demo-keys"
KEYS_RENEWED: Final = (
    "demo.json was missing or did not fit: it holds new API keys now, and the earlier ones are revoked.\n"
)
_FIRST_MESSAGE: Final = 2  # after applied and verified
_LIFETIME: Final = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class SeededMessage:
    """A message of the demonstration that is sealed, with the code it was given."""

    operator: Profile
    message: DemoMessage
    index: int
    code: Code


def seed_demonstration(services: Services) -> None:
    """Complete the demonstration; does nothing where it is complete. Raises what enrolling and sealing raise."""
    demonstration = load_demonstration()
    for profile in demonstration.profiles:
        steps: list[Callable[[], object]] = [partial(apply, profile, services), partial(verify, profile, services)]
        steps += [partial(send, message, profile, services) for message in demonstration.messages[profile.id]]
        steps += sending_steps(profile.id, profile.sending, services)
        head = services.log.head(profile.id)
        for step in steps[0 if head is None else head.size :]:
            step()
    principal = next(each for each in demonstration.profiles if each.id == demonstration.centre.principal)
    first = _FIRST_MESSAGE + len(demonstration.messages[principal.id])
    first += len(list(sending_steps(principal.id, principal.sending, services)))
    seed_contact_centre(demonstration.centre, services, first_leaf=first)


def seeded_messages(services: Services) -> Iterator[SeededMessage]:
    """Yield every sealed message of the demonstration, operator by operator, in the order of their logs."""
    demonstration = load_demonstration()
    for profile in demonstration.profiles:
        query = select(tokens.c.idx, tokens.c.code).where(tokens.c.log_id == profile.id)
        with reading(services.engine) as connection:
            codes = {row.idx: row.code for row in connection.execute(query)}
        for index, message in enumerate(demonstration.messages[profile.id], start=_FIRST_MESSAGE):
            if codes.get(index) is not None:
                yield SeededMessage(profile, message, index, Code(codes[index]))


def write_demo_file(services: Services) -> str:
    """Write `demo.json`; keys in it that still work are kept. Return what to tell: KEYS_RENEWED or nothing."""
    path = services.settings.var / DEMO_FILE
    demonstration = load_demonstration()
    profiles = (*demonstration.profiles, demonstration.centre.profile)
    signers = [profile.id for profile in profiles]
    keys, said = read_demo_keys(path), ""
    if keys is None or not _all_work(keys, signers, services):
        keys, revoked = _new_keys(signers, services)
        said = KEYS_RENEWED if revoked else ""
    content = DemoFile(
        base_url=services.settings.public_url,
        operators=tuple((profile.id, profile.name, profile.industry.value) for profile in profiles),
        keys=keys,
        logs=tuple(
            (
                head.origin,
                format_vkey(services.keys.note_keys(head.origin, services.signing.now())[0]),
                f"{services.settings.public_url}/log/{head.log_id}",
            )
            for head in services.log.logs()
        ),
    )
    replace_file(path, format_demo_file(content))
    write_demo_keys(services.settings.var / DEMO_KEYS, keys)
    return said


def _all_work(keys: DemoKeys, signers: Sequence[str], services: Services) -> bool:
    """Whether every operator and the auditor have a key that the service accepts as theirs now."""
    at = services.signing.now()
    wanted = {(operator_id, Role.SIGNER, operator_id) for operator_id in signers} | {(None, Role.AUDITOR, None)}
    found: set[tuple[str | None, Role, str | None]] = set()
    with reading(services.engine) as connection:
        for holder, text in [*keys.signers.items(), (None, keys.auditor)]:
            try:
                credential = authenticate(connection, text, at=at)
            except RegistryError:
                return False
            found.add((holder, credential.role, credential.operator_id))
    return found == wanted


def _new_keys(signers: Sequence[str], services: Services) -> tuple[DemoKeys, int]:
    """Make a key each and revoke those made before; return them with how many were revoked."""
    at = services.signing.now()
    holders: list[str | None] = [*signers, None]
    made = {holder: make_api_key(services.signing.random(40)) for holder in holders}
    with writing(services.engine) as connection:
        revoked = revoke_api_keys(connection, name=DEMO_FILE, at=at)
        for holder, key in made.items():
            save_api_key(
                connection,
                key,
                name=DEMO_FILE,
                role=Role.AUDITOR if holder is None else Role.SIGNER,
                operator_id=None if holder is None else OperatorId(holder),
                created_at=at,
                expires_at=at + _LIFETIME,
            )
    return DemoKeys({holder: made[holder].text for holder in signers}, made[None].text), revoked
