"""Who asks, on the command line: an API key, or a client's id and the file of its private key. Never a secret itself.

An option wins over the environment: SIGILL_API_KEY, or SIGILL_CLIENT_ID with SIGILL_CLIENT_KEY (a file's name).
"""

import argparse
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sigill.cli.environment import api_key, client_id, client_key
from sigill.cli.exits import Stop
from sigill.cli.files import MAX_KEY_BYTES, read_text
from sigill.cli.show import harmless
from sigill.client.credentials import ClientIdentity
from sigill.errors import MalformedKey
from sigill.keys.private_key import MAX_PEM_BYTES, PrivateKey, parse_private_key

_OTHERS: Final = 0o077
_CLIENT_ID: Final = re.compile(r"cl-[0-9a-z]{20}\Z")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks; nobody where both are None."""

    api_key: str | None = None
    identity: ClientIdentity | None = None


def add_credentials(parser: argparse.ArgumentParser, *key_flags: str, says: str = "the API key") -> None:
    """Add the options that say who asks; `key_flags` are those of the API key's file."""
    flags = key_flags or ("--api-key-file",)
    parser.add_argument(
        *flags, dest="api_key_file", metavar="FILE", help=f"a file with {says}; default: SIGILL_API_KEY"
    )
    parser.add_argument(
        "--client-id", metavar="ID", help="ask as this client, instead of an API key; default: SIGILL_CLIENT_ID"
    )
    parser.add_argument(
        "--client-key",
        metavar="FILE",
        help="the client's private key, PEM, which only its owner may read; default: SIGILL_CLIENT_KEY",
    )


def read_caller(arguments: argparse.Namespace) -> Caller:
    """Return who asks, which may be nobody. Raises Stop for a key that cannot be read, or for two kinds of them."""
    by_key = arguments.api_key_file is not None
    by_client = arguments.client_id is not None or arguments.client_key is not None
    if not by_key and not by_client:
        by_key, by_client = api_key() is not None, client_id() is not None or client_key() is not None
    if by_key and by_client:
        raise Stop("There are an API key and a client's private key. Give one of them.")
    if by_client:
        return Caller(identity=_read_identity(arguments.client_id or client_id(), arguments.client_key or client_key()))
    return Caller(api_key=_read_api_key(arguments.api_key_file)) if by_key else Caller()


def need_caller(arguments: argparse.Namespace) -> Caller:
    """Return who asks. Raises Stop where that is nobody."""
    caller = read_caller(arguments)
    if caller == Caller():
        raise Stop(
            "This needs an API key. Put it in SIGILL_API_KEY, or name a file with --api-key-file. "
            "Or ask as a client: --client-id ID --client-key FILE."
        )
    return caller


def read_client_key(name: str) -> PrivateKey:
    """Return the private key in a file that only its owner may read. Raises Stop."""
    try:
        with Path(name).open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(MAX_PEM_BYTES + 1)
    except (OSError, ValueError) as error:
        raise Stop(f"{harmless(name)} cannot be read: {getattr(error, 'strerror', None) or 'no file name'}.") from error
    if os.name == "posix" and mode & _OTHERS:
        raise Stop(f"{harmless(name)} can be read by others. Only its owner may: chmod 600 {harmless(name)}")
    try:
        return parse_private_key(data)
    except MalformedKey as error:
        raise Stop(f"{harmless(name)} cannot be used: {error}. Make one with: sigill client-key new FILE") from None


def _read_identity(name: str | None, file: str | None) -> ClientIdentity:
    if name is None or file is None:
        raise Stop("A client needs both: --client-id (or SIGILL_CLIENT_ID) and --client-key (or SIGILL_CLIENT_KEY).")
    if not _CLIENT_ID.match(name):
        raise Stop("The client's id is `cl-` and 20 letters and digits, as it was given when it was registered.")
    return ClientIdentity(name, read_client_key(file))


def _read_api_key(file: str | None) -> str:
    key = (api_key() or "" if file is None else read_text(file, max_bytes=MAX_KEY_BYTES)).strip()
    if not key:
        raise Stop("The API key is empty." if file is None else f"There is no key in {harmless(file)}.")
    if not (key.isascii() and key.isprintable()):
        raise Stop("The API key holds characters no key has. Copy the whole key again.")
    return key
