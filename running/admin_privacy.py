"""The commands of `python -m running.admin` for privacy: erase, hold, look at retention, destroy salt keys."""

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Final

from privacy.erase import erase
from privacy.errors import PrivacyError
from privacy.holds import Hold, list_holds, place_hold, release_hold
from privacy.salt_keys import destroy_salt_key, parse_month
from registry.errors import ApplicationInvalid
from registry.operators import load_operator
from sigill.tlog.erasure import Ground
from storage.engine import reading
from transparency.row_check import check_whole_log
from wiring import Services

REFUSALS: Final = (PrivacyError,)
_GROUNDS: Final = [ground.value for ground in Ground if ground is not Ground.RETENTION_EXPIRED]
_REQUESTER: Final = "a reference in the asker's files, such as a case number; it stays for ever: no personal data"
Command = Callable[[argparse.Namespace, Services], Iterator[str]]
Add = Callable[..., argparse.ArgumentParser]


class RowsDamaged(Exception):
    """Rows of a log are not what they are to be; the message says how many."""


def add_commands(add: Add) -> None:
    """Add the commands with `add(name, command, says, *places)`."""
    one = add("erase", _erase, "Erase a message, an event or a refusal by its id; it is logged.", "operator", "message")
    one.add_argument("--ground", required=True, choices=_GROUNDS)
    one.add_argument("--requester", required=True, help=_REQUESTER)
    hold = add("hold", _hold, "Place a legal hold on an operator or on one message; it is logged.", "operator")
    hold.add_argument("--message", help="the id of the one message, event or refusal to hold")
    released = add("release", _release, "Release a legal hold; it is logged.", "hold")
    for each in (hold, released):
        each.add_argument("--reason", required=True)
        each.add_argument("--requester", required=True, help=_REQUESTER)
    listed = add("holds", _holds, "List legal holds.")
    listed.add_argument("operator", nargs="?")
    add("retention", _retention, "Show how long records are kept, by industry, and on what basis.")
    salts = add("destroy-salts", _destroy_salts, "Destroy an operator's salt key of a month, for good.", "operator")
    salts.add_argument("month", help="such as 2026-11")
    salts.add_argument("--ground", choices=_GROUNDS, default=Ground.OPERATOR_REQUEST.value)
    salts.add_argument("--requester", required=True, help=_REQUESTER)
    salts.add_argument("--yes", action="store_true", help="do not ask")
    checked = add("check-log", _check_log, "Hold stored rows against their leaves: one log's, or all logs'.")
    checked.add_argument("operator", nargs="?")


def _erase(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    done = erase(
        asked.message,
        operator_id=asked.operator,
        ground=Ground(asked.ground),
        requester=asked.requester,
        world=services.privacy,
    )
    yield f"Leaf {done.erased} of {done.origin} is erased since {done.at:%Y-%m-%d %H:%M} UTC: {done.ground}, "
    yield f"asked by {done.requester} (leaf {done.index})."


def _hold(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    placed = place_hold(
        asked.operator,
        message_id=asked.message,
        reason=asked.reason,
        requester=asked.requester,
        world=services.privacy,
    )
    yield f"The hold {placed.id} is in force (leaf {placed.placed_by})."


def _release(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    released = release_hold(asked.hold, reason=asked.reason, requester=asked.requester, world=services.privacy)
    yield f"The hold {released.id} is released (leaf {released.released_by})."


def _holds(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    with reading(services.engine) as connection:
        if asked.operator is not None:
            load_operator(connection, asked.operator)
        found = list_holds(connection, operator_id=asked.operator)
    yield "id\toperator\tleaf\tplaced\treleased\trequester\treason"
    for hold in found:
        yield "\t".join(_describe(hold))


def _describe(hold: Hold) -> Iterator[str]:
    yield hold.id
    yield hold.operator_id
    yield "all" if hold.index is None else str(hold.index)
    yield f"{hold.placed_at:%Y-%m-%d}"
    yield "-" if hold.released_at is None else f"{hold.released_at:%Y-%m-%d}"
    yield hold.requester
    yield hold.reason


def _retention(_asked: argparse.Namespace, services: Services) -> Iterator[str]:
    yield "industry\tminimum days\tbasis\tusual days\tbasis\tsources"
    for industry, each in services.privacy.retention.industries.items():
        sources = ",".join(sorted({*each.minimum.sources, *each.usual.sources}))
        minimum, usual = (f"{period.days}\t{period.basis}" for period in (each.minimum, each.usual))
        yield f"{industry}\t{minimum}\t{usual}\t{sources}"
    yield "A message whose decision asks for more (retain_record) is kept longer; by law, that is its minimum too."


def _destroy_salts(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    month = parse_month(asked.month)
    if not asked.yes:
        sys.stderr.write(
            f"After this nobody can open the seals of {asked.operator} of {month}, and it cannot be taken back.\n"
            f"Type {asked.operator} {month} to go on: "
        )
        sys.stderr.flush()
        if sys.stdin.readline().strip() != f"{asked.operator} {month}":
            raise ApplicationInvalid("that is something else; nothing was destroyed")
    done = destroy_salt_key(
        asked.operator, month, ground=Ground(asked.ground), requester=asked.requester, world=services.privacy
    )
    yield f"The salt key of {asked.operator} of {month} is destroyed (leaf {done.index}): {done.files} file(s) removed."
    yield "Destroy it in every backup of the keys too, and restart what may hold it in memory."


def _check_log(asked: argparse.Namespace, services: Services) -> Iterator[str]:
    heads = services.log.logs()
    if asked.operator is not None:
        heads = tuple(head for head in heads if head.log_id == asked.operator)
        if not heads:
            raise ApplicationInvalid(f"there is no log called {asked.operator[:63]!r}")
    faults = 0
    for head in heads:
        here = 0
        for finding in check_whole_log(services.engine, head.log_id):
            yield f"{finding.fault}: {finding.origin}, {finding.where}: {finding.detail}"
            here += 1
        yield f"{head.origin}: {head.size} leaves, {here} fault(s)"
        faults += here
    if faults:
        raise RowsDamaged(f"{faults} fault(s) in the stored rows")
