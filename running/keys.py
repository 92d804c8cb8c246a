"""`python -m running.keys`: which keys the guarantor has, rotating them, and what to do when one was stolen.

Works on the data folder of a service that was started once (VAR and the other settings), while it runs or not: running
processes find what changed within a second. Exit codes: 0 done, 1 refused (the reason is told), 2 cannot be tried
(usage, settings, key files). A database that cannot be reached stops nothing: what was done is logged later.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from running.commands import Command, run_command
from settings import SettingsInvalid
from sigill.errors import SigillError
from sigill.report.trust import GUARANTOR
from signing.keys.events import log_key_events
from signing.keys.listing import NO_END, KeyKind, ListedKey
from signing.keys.places import Place, PlaceMalformed, parse_place
from signing.keys.planning import RotationRefused
from signing.keys.rotation import OVERLAP, SALTS, Beside, Destination, condemn, rotate, rotate_salts
from signing.keys.state import describe_keys
from transparency.errors import TransparencyError
from wiring import Services

_ALL: Final = "all"
_BESIDE: Final = Beside.PREDECESSOR
_KINDS: Final = [kind.value for kind in KeyKind]
_UNITS: Final = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_OVERLAP: Final = re.compile(r"(0|[1-9][0-9]{0,6})([smhd]?)\Z")
_MAX_OVERLAP: Final = timedelta(days=90)


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Do one command; return the exit code. What was done is told on stdout, why not on stderr."""
    asked = _parser().parse_args(arguments)
    return run_command(
        partial(_do, asked),
        environment,
        refusals=(RotationRefused,),
        failures=(SettingsInvalid, SigillError, OSError),
    )


def _do(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    command: Command = asked.command
    yield from command(asked, services)
    _log(services)


def _list(_asked: argparse.Namespace, services: Services) -> Iterator[str]:
    yield "kind\tgeneration\tkey\tfrom\tuntil\tstate\tplace"
    for key in describe_keys(services.keys.current(), services.keys.salts, at=services.signing.now()):
        span = _time(key.begins), _time(key.ends)
        yield "\t".join((key.kind, str(key.generation), key.name, *span, key.state, key.place))


def _rotate(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    at, folder, random = services.signing.now(), _folder(services), services.signing.random
    chosen = [*_KINDS, SALTS] if asked.kind == _ALL else [asked.kind]
    kinds = [KeyKind(kind) for kind in chosen if kind != SALTS]
    if asked.to is not _BESIDE and not kinds:
        raise RotationRefused("salt keys are files and stay files: each seal needs one, and destroying them erases")
    if kinds:
        goes = Destination(services.keys.stores, asked.to)
        for key in rotate(folder, kinds, at=at, overlap=asked.overlap, random=random, destination=goes):
            yield _says(key)
    if SALTS in chosen:
        made = rotate_salts(folder, at=at, random=random)
        yield f"{len(made)} operators seal with a new salt key; the old ones go on opening what they sealed."
    yield f"Back up {folder} now: a key that is lost is never made anew."


def _compromise(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    at, folder = services.signing.now(), _folder(services)
    since = at if asked.at is None else asked.at
    kind = KeyKind(asked.kind)
    made = condemn(
        folder,
        kind,
        asked.generation,
        since=since,
        at=at,
        random=services.signing.random,
        destination=Destination(services.keys.stores, asked.to),
    )
    services.keys.look()
    (stolen,) = (key for key in services.keys.current().listing.of(kind) if key.generation == asked.generation)
    yield f"{stolen.file} is published as compromised since {_time(since)}."
    for key in made:
        yield _says(key)
    try:
        services.log.renew_checkpoints()
    except TransparencyError as error:
        sys.stderr.write(f"Checkpoints keep their old signatures until the worker signs them anew ({error}).\n")
    if made:
        yield f"Back up {folder} now: a key that is lost is never made anew."


def _log(services: Services) -> None:
    """Tell the log what was done, now or before; where that fails, the worker will."""
    try:
        log_key_events(_folder(services), log=services.log, origin=f"{services.identity.log_prefix}/{GUARANTOR}")
    except TransparencyError as error:
        sys.stderr.write(f"It is not in the guarantor's log yet ({error}); the worker enters it when it can.\n")


def _folder(services: Services) -> Path:
    return services.settings.var / "keys"


def _says(key: ListedKey) -> str:
    lives = "" if key.home is None else f" It lives in {key.home.place}."
    return f"{key.file} is published and signs from {_time(key.valid_from)}.{lives}"


def _time(at: datetime) -> str:
    return "-" if at >= NO_END else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _overlap(text: str) -> timedelta:
    found = _OVERLAP.match(text)
    overlap = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
    if overlap is None or overlap > _MAX_OVERLAP:
        raise argparse.ArgumentTypeError("an overlap is such as 2d, 36h, 30m or 0, at most 90d")
    return overlap


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.year < 1970:  # noqa: PLR2004 - the first Unix second
        raise argparse.ArgumentTypeError("a time is such as 2026-11-22T12:00:00Z, with its zone")
    return moment.astimezone(UTC)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m running.keys", description="The guarantor's keys.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, says: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=says, description=says)
        made.set_defaults(command=command)
        return made

    add("list", _list, "List all keys: which sign, and until when.")
    turned = add("rotate", _rotate, "Make the next generation of a kind of key and publish it.")
    turned.add_argument("kind", choices=[*_KINDS, SALTS, _ALL])
    _add_destination(turned)
    turned.add_argument(
        "--overlap",
        type=_overlap,
        default=OVERLAP,
        help="how long the new key is published before it signs (a log's: beside the old one); default 2d",
    )
    stolen = add("compromise", _compromise, "Publish since when a key is not to be believed; replace it if it signs.")
    stolen.add_argument("kind", choices=_KINDS)
    stolen.add_argument("generation", type=int)
    _add_destination(stolen)
    stolen.add_argument("--at", type=_moment, help="since when, such as 2026-11-22T12:00:00Z; default now")
    return parser


def _add_destination(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to",
        type=_place,
        default=_BESIDE,
        metavar="PLACE",
        help="where the new key lives: file, pkcs11:token=NAME (makes one there; with id= or object= uses that one), "
        "kms:new or kms:<ARN or alias>; default: beside the newest one",
    )


def _place(text: str) -> Place | None:
    try:
        return parse_place(text)
    except PlaceMalformed as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
