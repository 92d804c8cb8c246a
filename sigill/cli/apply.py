"""`sigill apply`: enter a guarantor's registry. In the test environment one call is all before the first test seal."""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sigill.cli.arguments import Subparsers, add_command, spelled
from sigill.cli.connect import add_url, connect
from sigill.cli.credentials import Caller, add_credentials, read_caller, read_client_key
from sigill.cli.exits import Exit, Stop
from sigill.cli.files import check_folder, write_private
from sigill.cli.show import harmless, say, tell
from sigill.keys.private_key import KeyType, PrivateKey, make_private_key
from sigill.vocabulary import Industry

if TYPE_CHECKING:
    from sigill.client.applying import Applicant

_EXAMPLES: Final = """\
  sigill apply --name 'Exempelbanken' --environment test --industry bank --market SE --out exempelbanken
  SIGILL_API_KEY=$(cat exempelbanken/signer.key) sigill sign message.txt --authorship human …

  sigill apply --name 'Exempelbanken AB' --environment live --industry bank --market SE \\
    --identifier NTRSE-5560360793 --lei EXEMPELBANKENAB00039 --domain exempelbanken.se \\
    --api-key-file exempelbanken/admin.key --out exempelbanken-live"""
_KEY: Final = "key.pem"
_ADMIN: Final = "admin.key"
_SIGNER: Final = "signer.key"
_ANSWER: Final = "application.json"
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
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, required=True, help="where your key, API keys and the answer are written"
    )
    add_credentials(parser, says="your test operator's administrator's key, when you go live")
    add_url(parser)


def run(arguments: argparse.Namespace) -> int:
    """Make a key, apply, keep what comes back where only you can read it, and say what is next."""
    folder: Path = arguments.out
    check_folder(folder)
    if (folder / _ANSWER).exists():
        raise Stop(f"You have applied from {folder} already; {_ANSWER} in it is the answer. Take another folder.")
    named = arguments.api_key_file or arguments.client_id or arguments.client_key
    caller = read_caller(arguments) if named else Caller()  # the environment's key is for sealing
    key = _own_key(folder / _KEY)
    done = connect(arguments, caller=caller).apply(key, **_applicant(arguments))
    _write(folder / _ADMIN, done.admin_key)
    if done.signer_key is not None:
        _write(folder / _SIGNER, done.signer_key)
    shown = {name: value for name, value in done.members.items() if name != "api_keys"}
    _write(folder / _ANSWER, json.dumps(shown, ensure_ascii=False, indent=2))
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


def _write(path: Path, text: str) -> None:
    write_private(path, f"{text}\n".encode())


def _own_key(path: Path) -> PrivateKey:
    """Return the key of an application that was cut short, or a new one, written before anything is sent."""
    if path.exists():
        return read_client_key(str(path))
    key = make_private_key(KeyType.P256)
    write_private(path, key.format_pem())
    return key
