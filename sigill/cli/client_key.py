"""`sigill client-key`: make a client's private key, prove that you hold it, register it; it stays in its file."""

import argparse
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sigill.cli.arguments import Subparsers, add_command, spelled
from sigill.cli.connect import add_url, connect
from sigill.cli.credentials import add_credentials, need_caller, read_client_key
from sigill.cli.exits import Exit, Stop
from sigill.cli.show import harmless, say, say_json, tell
from sigill.keys.client_statements import ProvenKey, prove_key
from sigill.keys.private_key import KeyType, PrivateKey, make_private_key

_MODE: Final = 0o600
_JTI_BYTES: Final = 18
_ROLES: Final = ("signer", "admin", "auditor")
_EXAMPLE_NEW: Final = """\
  sigill client-key new bot.pem
  sigill client-key new bot.pem --operator exempelbanken --issuer https://sigill.example > key.json"""
_EXAMPLE_PROVE: Final = """\
  sigill client-key prove bot.pem --operator exempelbanken --issuer https://sigill.example > key.json
  python -m running.admin client exempelbanken --role signer --name bot --key key.json"""
_EXAMPLE_REGISTER: Final = """\
  sigill client-key register bot.pem --operator exempelbanken --name "chat bot" --role signer --ai-system saga
  sigill client-key register next.pem --operator exempelbanken --client cl-7k3f9q2mxt4b7k3f9q2m"""


def add_parser(subparsers: Subparsers) -> None:
    """Add `client-key` and its commands."""
    parser = subparsers.add_parser("client-key", help="make, prove and register a client's private key")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    new = add_command(commands, "new", run_new, text="make a key in a new file", examples=_EXAMPLE_NEW)
    new.add_argument("file", metavar="FILE", help="where the private key goes; it must not exist")
    new.add_argument("--type", choices=spelled(KeyType), default=KeyType.P256.value, help="default: p256")
    _add_whom(new, needed=False)
    prove = add_command(
        commands, "prove", run_prove, text="print a key and the proof that you hold it", examples=_EXAMPLE_PROVE
    )
    prove.add_argument("file", metavar="FILE", help="the private key, PEM")
    _add_whom(prove, needed=True)
    register = add_command(
        commands, "register", run_register, text="register a key, as an administrator", examples=_EXAMPLE_REGISTER
    )
    register.add_argument("file", metavar="FILE", help="the new client's private key, PEM")
    _add_whom(register, needed=True)
    register.add_argument("--client", metavar="ID", help="a client there is: this is one more key of it")
    register.add_argument("--name", help="what a new client is called")
    register.add_argument("--role", choices=_ROLES, help="what a new client may do")
    register.add_argument("--ai-system", metavar="NAME", help="the only AI system that a new client can sign as")
    add_credentials(register, says="an administrator's API key")


def run_new(arguments: argparse.Namespace) -> int:
    """Make a key; with `--operator`, print what registers it."""
    key = make_private_key(KeyType(arguments.type))
    issuer = None if arguments.operator is None else _issuer(arguments)
    _write_key(arguments.file, key)
    tell(f"The private key is in {harmless(arguments.file)}. Only you can read it; keep it so.")
    if issuer is None:
        say_json({"jwk": key.jwk})
    else:
        _say_provable(_proven(key, arguments.operator, issuer))
    return Exit.GENUINE


def run_prove(arguments: argparse.Namespace) -> int:
    """Print a key's public half and the proof of possession."""
    key = read_client_key(arguments.file)
    _say_provable(_proven(key, arguments.operator, _issuer(arguments)))
    return Exit.GENUINE


def run_register(arguments: argparse.Namespace) -> int:
    """Register a key: a new client's, whose id is printed, or one more of a client there is."""
    if arguments.client is None and (arguments.name is None or arguments.role is None):
        raise Stop("A new client needs --name and --role. For one more key of a client: --client ID.")
    if arguments.client is not None and (arguments.name or arguments.role or arguments.ai_system):
        raise Stop("A client keeps its name, role and AI system: with --client, leave these options out.")
    key, caller = read_client_key(arguments.file), need_caller(arguments)
    asked = _proven(key, arguments.operator, _issuer(arguments))
    client = connect(arguments, caller=caller)
    if arguments.client is None:
        made = client.register_client(asked, name=arguments.name, role=arguments.role, ai_system=arguments.ai_system)
        tell("Registered. The client's id:")
    else:
        made = client.register_key(arguments.client, asked)
        tell("Registered, beside the client's other keys. The key's name:")
    say(harmless(made))
    return Exit.GENUINE


def _add_whom(parser: argparse.ArgumentParser, *, needed: bool) -> None:
    parser.add_argument("--operator", metavar="ID", required=needed, help="for which operator the key is to act")
    parser.add_argument("--issuer", metavar="URL", help="the guarantor's name; default: what the service says it is")
    add_url(parser)


def _issuer(arguments: argparse.Namespace) -> str:
    issuer: str | None = arguments.issuer
    return connect(arguments).issuer() if issuer is None else issuer


def _proven(key: PrivateKey, operator: str, issuer: str) -> ProvenKey:
    jti = secrets.token_urlsafe(_JTI_BYTES)
    return prove_key(key, operator=operator, issuer=issuer, at=datetime.now(UTC), jti=jti)


def _say_provable(key: ProvenKey) -> None:
    tell("Register this within four minutes: `key` of POST /v1/clients, or --key of `python -m running.admin client`.")
    say_json(key.members)


def _write_key(name: str, key: PrivateKey) -> None:
    try:
        descriptor = os.open(Path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.format_pem())
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise Stop(
            f"{harmless(name)} is there already, and a key is never written over. Choose another name."
        ) from None
    except (OSError, ValueError) as error:
        raise Stop(f"{harmless(name)} cannot be written: {getattr(error, 'strerror', None) or 'no name'}.") from error
