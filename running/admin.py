"""`python -m running.admin`: enter operators, move them through their life cycle, give out their API keys; erase.

Works on the data folder of a service that was started once (VAR and the other settings), while it runs or not.
Exit codes: 0 done, 1 refused (the reason is told) or damage found, 2 cannot be tried (usage, settings, database).
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from registry.ai_systems import register_ai_system, retire_ai_system
from registry.api_key_registration import hand_out_key, revoke_own_api_key
from registry.api_keys import list_api_keys, load_listed_key
from registry.application import Application, read_ai_system, read_application
from registry.deciding.looking import look_at_operator
from registry.errors import ApplicationInvalid, RegistryError
from registry.lifecycle import enrol
from registry.model import Environment, OperatorId, Role
from registry.operators import list_operator_ids, load_operator
from running.admin_clients import add_commands as add_client_commands
from running.admin_clients import registration_of
from running.admin_people import add_commands as add_people_commands
from running.admin_privacy import REFUSALS as PRIVACY_REFUSALS
from running.admin_privacy import RowsDamaged, add_commands
from running.admin_registrars import add_commands as add_registrar_commands
from running.commands import REFUSED, Command, run_command
from running.guard import RolledBackLog, check_not_rolled_back
from running.witnesses import ask_over_http
from settings import SettingsInvalid
from sigill.errors import SigillError
from sigill.policy.errors import FactNotAllowed
from sigill.policy.words import OperatorFlag
from sigill.vocabulary import Industry
from storage.engine import reading
from transparency.errors import LogConflict
from transparency.root_log import resume
from wiring import Services
from wiring.deciding import deciding_world

_REFUSALS: Final = (RegistryError, FactNotAllowed, LogConflict, RolledBackLog, *PRIVACY_REFUSALS)
_FAILURES: Final = (SettingsInvalid, SigillError, SQLAlchemyError, OSError)
_ROLES: Final = [Role.SIGNER.value, Role.ADMIN.value, Role.AUDITOR.value]
_DAYS: Final = 365
_MAX_DAYS: Final = 3650


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Do one command; return the exit code. What was done is told on stdout, why not on stderr."""
    asked = _parser().parse_args(arguments)
    command: Command = asked.command
    try:
        return run_command(partial(command, asked), environment, refusals=_REFUSALS, failures=_FAILURES)
    except RowsDamaged as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED


def _enrol(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    application = Application(
        id=asked.id,
        name=asked.name,
        identifier=asked.identifier,
        industry=asked.industry,
        markets=tuple(asked.market),
        flags=tuple(asked.flag),
        environment=asked.environment,
        website=asked.website,
        phone=asked.phone,
    )
    operator = read_application(application, at=services.signing.now())
    origin = f"{services.identity.log_prefix}/{operator.id}"
    done = enrol(operator, origin=origin, log=services.log, random=services.signing.random)
    yield f"{operator.id} has applied (leaf {done.index} of {done.origin})."
    yield "It seals nothing until registrars verify it: docs/deciding.md"
    at_hand = deciding_world(services.engine, services.log, services.signing.now, services.identity.demonstration)
    for found in look_at_operator(operator.id, world=at_hand):
        like = ", ".join(hit.known for hit in found.hits)
        yield f"{found.name} could be taken for {like}: a registrar has to accept or refuse that first."


def _key(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    if not 1 <= asked.days <= _MAX_DAYS:
        raise ApplicationInvalid(f"days is 1 to {_MAX_DAYS}")
    made = hand_out_key(
        operator_id=OperatorId(asked.id),
        name=asked.name,
        role=Role(asked.role),
        valid_until=services.signing.now() + timedelta(days=asked.days),
        world=registration_of(services),
    )
    prefix = made.key.credential.prefix
    sys.stderr.write(f"Keep this key: it is shown once. Its name here is {prefix}; it ends in {asked.days} days.\n")
    yield made.text


def _keys(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    _check_known(asked.id, services)
    with reading(services.engine) as connection:
        listed = list_api_keys(connection, operator_id=asked.id)
    yield "prefix\tname\trole\tcreated\texpires\trevoked"
    for key in listed:
        held = key.credential
        revoked = "-" if held.revoked_at is None else f"{held.revoked_at:%Y-%m-%d}"
        lifetime = f"{key.created_at:%Y-%m-%d}\t{held.expires_at:%Y-%m-%d}"
        yield f"{held.prefix}\t{held.name}\t{held.role}\t{lifetime}\t{revoked}"


def _revoke_key(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    with reading(services.engine) as connection:
        held = load_listed_key(connection, asked.prefix).credential
    if held.revoked_at is not None:
        raise ApplicationInvalid(f"the key {held.prefix} is revoked already, since {held.revoked_at:%Y-%m-%d}")
    revoke_own_api_key(held.prefix, operator_id=held.operator_id, world=registration_of(services))
    yield f"The key {asked.prefix} is revoked."


def _ai_system(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    system = read_ai_system(ref=asked.ref, name=asked.name, provider=asked.provider, model=asked.model)
    _check_known(asked.id, services)
    signing = services.signing
    register_ai_system(asked.id, system, by="the guarantor", at=signing.now(), log=services.log, random=signing.random)
    yield f"{asked.id} has the AI system {system.ref} now."


def _end_ai_system(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    _check_known(asked.id, services)
    signing = services.signing
    retire_ai_system(asked.id, asked.ref, by="the guarantor", at=signing.now(), log=services.log, random=signing.random)
    yield f"{asked.id} uses the AI system {asked.ref} no more."


def _operators(_asked: argparse.Namespace, services: Services) -> Iterator[str]:
    with reading(services.engine) as connection:
        found = [load_operator(connection, each) for each in list_operator_ids(connection)]
    yield "id\tstate\tenvironment\tindustry\tmarkets\tname"
    for each in found:
        markets = ",".join(each.markets)
        yield f"{each.id}\t{each.state}\t{each.environment}\t{each.industry}\t{markets}\t{each.name}"


def _logs(_asked: argparse.Namespace, services: Services) -> Iterator[str]:
    yield "log\tsize\torigin\thalted"
    for head in services.log.logs():
        yield f"{head.log_id}\t{head.size}\t{head.origin}\t{head.halted or '-'}"


def _resume(_asked: argparse.Namespace, services: Services) -> Iterator[str]:
    halted = [head.log_id for head in services.log.logs() if head.halted is not None]
    if not halted:
        yield "No log is halted."
        return
    check_not_rolled_back(services, ask_over_http(services.log_policy))
    resume(services.engine)
    yield f"Nobody has seen more than there is. Sealing goes on in {', '.join(halted)}."


def _check_known(operator_id: str, services: Services) -> None:
    with reading(services.engine) as connection:
        load_operator(connection, operator_id)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m running.admin", description="Operators and their API keys.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, says: str, *places: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=says, description=says)
        made.set_defaults(command=command)
        for place in places:
            made.add_argument(place)
        return made

    entered = add("enrol", _enrol, "Enter an operator that has applied.")
    for option in ("--id", "--name", "--identifier"):
        entered.add_argument(option, required=True)
    entered.add_argument("--industry", required=True, choices=[word.value for word in Industry])
    entered.add_argument("--market", required=True, nargs="+", help="jurisdictions, such as SE NO US-CA")
    entered.add_argument("--environment", choices=[word.value for word in Environment], default="live")
    entered.add_argument("--flag", nargs="+", choices=[word.value for word in OperatorFlag], default=[])
    for option in ("--website", "--phone"):
        entered.add_argument(option)
    key = add("key", _key, "Make an API key and print it, once.", "id")
    key.add_argument("--role", required=True, choices=_ROLES)
    key.add_argument("--name", required=True)
    key.add_argument("--days", type=int, default=_DAYS)
    add("keys", _keys, "List an operator's API keys, never their secrets.", "id")
    add("revoke-key", _revoke_key, "Revoke an API key by its prefix, for good.", "prefix")
    system = add("ai-system", _ai_system, "Register an AI system of an operator.", "id")
    for option in ("--ref", "--name"):
        system.add_argument(option, required=True)
    for option in ("--provider", "--model"):
        system.add_argument(option)
    add("end-ai-system", _end_ai_system, "Take an AI system of an operator out of use, for good.", "id", "ref")
    add("operators", _operators, "List all operators.")
    add("logs", _logs, "List all logs, their sizes, and why one is halted.")
    add("resume", _resume, "Let halted logs go on, if nobody has seen more of them than there is.")
    add_client_commands(add)
    add_people_commands(add)
    add_registrar_commands(add)
    add_commands(add)
    return parser


if __name__ == "__main__":
    sys.exit(main())
