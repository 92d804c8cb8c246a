"""`sigill apply`: enter a guarantor's registry. In the test environment one call is all before the first test seal."""

import argparse
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sigill.cli.arguments import Subparsers, add_command, spelled
from sigill.cli.connect import add_url, connect
from sigill.cli.exits import Exit, Stop
from sigill.cli.files import check_folder, read_bytes, read_text
from sigill.cli.show import harmless, say, tell
from sigill.vocabulary import Industry

if TYPE_CHECKING:
    from sigill.client.applying import Applicant

_EXAMPLES: Final = """\
  sigill apply --name 'Exempelbanken' --environment test --industry bank --market SE --out exempelbanken
  SIGILL_API_KEY=$(cat exempelbanken/signer.key) sigill sign message.txt --authorship human …

  sigill apply --name 'Exempelbanken AB' --environment live --industry bank --market SE --identifier NTRSE-5560360793 \\
    --domain exempelbanken.se --api-key-file exempelbanken/admin.key --out exempelbanken-live"""
_KEY: Final = "key.pem"
_ADMIN: Final = "admin.key"
_SIGNER: Final = "signer.key"
_ANSWER: Final = "application.json"
_PRIVATE: Final = 0o600
_MAX_KEY_BYTES: Final = 32 * 1024
_OPTIONAL: Final = ("id", "identifier", "lei", "website", "phone")


def add_parser(subparsers: Subparsers) -> None:
    """Add `apply`."""
    parser = add_command(
        subparsers, "apply", run, text="apply to a guarantor, in the test environment or live", examples=_EXAMPLES
    )
    parser.add_argument(
        "--name", metavar="TEXT", required=True, help="your organisation's name, as its register has it"
    )
    parser.add_argument("--environment", choices=["test", "live"], required=True, help="test: nothing is checked")
    parser.add_argument("--industry", choices=spelled(Industry), required=True, help="what you do")
    parser.add_argument("--market", metavar="PLACE", nargs="+", required=True, help="where, such as SE NO US-CA")
    parser.add_argument("--identifier", metavar="TEXT", help="such as NTRSE-5560360793; needed for live")
    parser.add_argument(
        "--domain", metavar="NAME", nargs="+", default=[], help="domains that you will show to be yours"
    )
    parser.add_argument("--id", metavar="ID", help="what you are called in addresses; default: made of the name")
    parser.add_argument("--lei", metavar="LEI", help="your LEI, beside the identifier")
    parser.add_argument("--website", metavar="URL", help="shown to customers")
    parser.add_argument("--phone", metavar="NUMBER", help="shown to customers, such as '+46 8 465 004 00'")
    parser.add_argument("--api-key-file", metavar="FILE", help="your test operator's admin.key, when you go live")
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, required=True, help="where your key, API keys and the answer are written"
    )
    add_url(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make a key, apply, keep what comes back where only you can read it, and say what is next."""
    folder: Path = arguments.out
    check_folder(folder)
    if (folder / _ANSWER).exists():
        raise Stop(f"You have applied from {folder} already; {_ANSWER} in it is the answer. Take another folder.")
    private = _own_key(folder / _KEY)
    held = None if arguments.api_key_file is None else read_text(arguments.api_key_file).strip()
    done = connect(arguments, api_key=held).apply(private, **_applicant(arguments))
    _write_private(folder / _ADMIN, done.admin_key + "\n")
    if done.signer_key is not None:
        _write_private(folder / _SIGNER, done.signer_key + "\n")
    shown = {name: value for name, value in done.members.items() if name != "api_keys"}
    _write_private(folder / _ANSWER, json.dumps(shown, ensure_ascii=False, indent=2) + "\n")
    say(*(harmless(line) for line in _told(done.members)))
    tell(f"Your key and API keys are in {folder}, for you alone to read. Keep {_KEY}: it is who you are.")
    return Exit.GENUINE


def _applicant(arguments: argparse.Namespace) -> "Applicant":
    applicant: Applicant = {
        "name": arguments.name,
        "environment": arguments.environment,
        "industry": arguments.industry,
        "markets": arguments.market,
    }
    if arguments.domain:
        applicant["domains"] = arguments.domain
    for name in _OPTIONAL:
        given = getattr(arguments, name)
        if given is not None:
            applicant[name] = given
    return applicant


def _told(members: Mapping[str, Any]) -> Iterator[str]:
    """Yield the answer for people: who one is now, what to publish, what to do."""
    yield f"{members['operator']} ({members['environment']}): {members['state']}"
    for domain in members.get("domains") or ():
        yield ""
        yield f"For {domain['domain']} publish one of the two:"
        yield f"  TXT record  {domain['record']['name']}  {domain['record']['text']}"
        yield f"  file        {domain['file']['url']}"
        yield f"              {domain['file']['content']}"
    yield ""
    yield "Next:"
    for number, step in enumerate(members["next"], start=1):
        yield f"  {number}. {step}"


def _own_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Return the key of an application that was cut short, or a new one, written before anything is sent."""
    if not path.exists():
        private = ec.generate_private_key(ec.SECP256R1())
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write_private(path, pem.decode("ascii"))
        return private
    try:
        key = serialization.load_pem_private_key(read_bytes(str(path), max_bytes=_MAX_KEY_BYTES), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Stop(f"{path} is there and is no private key that can be read. Take another folder.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Stop(f"{path} is there and is no P-256 key. Take another folder.")
    return key


def _write_private(path: Path, text: str) -> None:
    """Write a file that nobody else can read, from its first moment on. Raises Stop; nothing is overwritten."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Stop(f"{path} cannot be written: {error.strerror or error}.") from error
