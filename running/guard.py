"""Before anything is sealed: has anybody seen more of the logs than there is?

A log that goes on from an earlier state gives indices out twice, and whoever holds both receipts can convict the
guarantor. Asked are: the root log's own heads, what this host kept beside the database, what was published elsewhere,
and the witnesses. A witness that does not answer stops nothing; it is asked again by the publisher, which halts the
logs if it must.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from running.seen import NAME, read_seen
from sigill.report.trust import ROOT
from sigill.tlog.checkpoint import Checkpoint
from sigill.tlog.faults import Finding
from sigill.tlog.note import VerifierKey
from transparency.publisher import check_heads_held, report_roll_back
from transparency.publishing.opening import open_targets
from transparency.publishing.target import PublishingFailed
from transparency.root_log import halt
from transparency.witnessing import Witness, find_roll_back
from wiring import Services, now

_IN_DATA_FOLDER: Final = f"{NAME} in the data folder"


class RolledBackLog(Exception):
    """The logs are not what they were; `str()` says who has seen what, and what to do."""


def check_not_rolled_back(services: Services, witnesses: Mapping[str, Witness]) -> None:
    """Compare the logs with what was seen of them.

    Raises RolledBackLog (every log is halted then), StoreUnavailable, OSError.
    """
    said = [finding.detail for finding in check_heads_held(services.engine, services.log)]
    if said:
        halt(services.engine, said[0])
        raise RolledBackLog(_sentence(said[0]))
    head = services.log.head(ROOT)
    if head is None:
        return
    seen = Checkpoint(head.origin, head.size, head.root)
    for seen_by, note in _seen(services, witnesses, head.origin):
        found = find_roll_back(
            seen_by,
            note,
            seen,
            keys=root_keys(services),
            proof_from=lambda size: services.log.proof_between(ROOT, size, seen.size),
        )
        if found is not None:
            raise RolledBackLog(_sentence(report_roll_back(services.engine, found).detail))


def find_behind_note(services: Services) -> Finding | None:
    """Compare the root log with what this host kept of it; where it is behind, halt every log and say so.

    Cheap enough for every few seconds. The database may be another one than at the start: connections find a standby
    that was promoted by themselves, and witnesses are asked only when a log has grown.
    Raises StoreUnavailable, LogCorrupt, OSError.
    """
    note, head = read_seen(services.settings.var), services.log.head(ROOT)
    if note is None or head is None:
        return None
    found = find_roll_back(
        _IN_DATA_FOLDER,
        note,
        Checkpoint(head.origin, head.size, head.root),
        keys=root_keys(services),
        proof_from=lambda size: services.log.proof_between(ROOT, size, head.size),
    )
    return None if found is None else report_roll_back(services.engine, found)


def root_keys(services: Services) -> tuple[VerifierKey, ...]:
    """Return the keys that the root log's checkpoints are, or were, signed with, and that nobody stole.

    What a stolen key signed proves nothing against us: a thief could halt every log with it.
    """
    return services.keys.current().sound_note_keys(services.identity.root_origin, now())


def _seen(services: Services, witnesses: Mapping[str, Witness], origin: str) -> Iterator[tuple[str, str]]:
    kept = read_seen(services.settings.var)
    copy = _published_note(services)
    notes: Iterable[tuple[str, str | None]] = (
        (_IN_DATA_FOLDER, kept),
        ("what was published", copy),
        *(
            (f"the witness {witness.key.name}", witness.shown(origin, root_keys(services)))
            for witness in witnesses.values()
        ),
    )
    yield from ((seen_by, note) for seen_by, note in notes if note is not None)


def _published_note(services: Services) -> str | None:
    """Return the root checkpoint in the folder or store that the logs are published to; None where it is not there."""
    try:
        targets = open_targets(services.settings.publishing)
        stored = None if targets is None else targets.public.get(f"log/{ROOT}/checkpoint")
        return None if stored is None else stored.data.decode()
    except (PublishingFailed, UnicodeDecodeError):  # the publisher will say so
        return None


def _sentence(said: str) -> str:
    return (
        f"{said}. The database is older than what others hold of it: sealing on would convict you. "
        "Bring back the newest state there is (docs/operations.md, Restoring), then start again."
    )
