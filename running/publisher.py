"""The publisher: every few seconds the operators' heads go into the root log, and witnesses cosign it.

Where the logs are also published as files, or in an S3-compatible store, that follows in the same round.
A process of its own, one of the children of `python -m running`. It is safe to start twice, on one host or on several:
one at a time works, and what it writes is right even if two do.
"""

import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from running.guard import find_behind_note, root_keys
from running.publish import publish_now
from running.seen import keep_seen
from running.witnesses import ask_over_http
from settings import SettingsInvalid, read_settings
from sigill.errors import SigillError
from storage.leading import try_lead
from transparency.errors import TransparencyError
from transparency.publisher import Publisher, Round
from transparency.publishing.everything import Targets
from transparency.publishing.opening import open_targets
from transparency.root_log import newest_checkpoint
from transparency.witnessing import Witnesses
from wiring import Services, build_services, now

LOCK: Final = "publisher"
_LOGGER: Final = logging.getLogger("sigill.publisher")


def make_publisher(services: Services) -> Publisher:
    """Return the publisher of a deployment, with its witnesses."""
    policy = services.log_policy
    return Publisher(
        engine=services.engine,
        log=services.log,
        root_keys=lambda: root_keys(services),
        witnesses=Witnesses(policy, ask_over_http(policy)),
        now=now,
    )


def publish_once(publisher: Publisher, services: Services) -> Round | None:
    """Make one round, or None if another process is at it. Raises TransparencyError, SQLAlchemyError, OSError.

    Whoever is at it, this host first compares the root log with what it has seen of it, and notes what there is now.
    """
    found = find_behind_note(services)
    if found is not None:
        return Round(0, None, (found,), {})
    shown = newest_checkpoint(services.engine)
    if shown is not None:
        keep_seen(services.settings.var, shown.note)
    with try_lead(services.engine, LOCK) as leads:
        if not leads:
            return None
        done = publisher.run()
        if done.kept is not None and done.kept.quorum:
            keep_seen(services.settings.var, done.kept.note)
        return done


def main() -> int:
    """Publish until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        settings = read_settings(os.environ)
        services = build_services(settings)
        publisher = make_publisher(services)
        copies = Copies(services, open_targets(settings.publishing))
    except (SettingsInvalid, SigillError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    teller = Teller()
    while not stop.is_set():
        try:
            teller.tell(publish_once(publisher, services))
            copies.write()
        except (TransparencyError, SQLAlchemyError, OSError) as error:
            _LOGGER.warning("the root log was not published: %s", type(error).__name__)
        stop.wait(settings.root_interval_s)
    return 0


class Copies:
    """The logs as files or in a store; remembers what it wrote, so that a round without news is cheap."""

    def __init__(self, services: Services, targets: Targets | None) -> None:
        self._services = services
        self._targets = targets
        self._remembered: dict[str, str] = {}
        self._failed: dict[str, str] = {}

    def write(self) -> None:
        """Publish what is new, if there is anywhere to publish to. Raises TransparencyError, SQLAlchemyError."""
        if self._targets is None:
            return
        published = publish_now(self._services, self._targets, remembered=self._remembered)
        for log_id, why in published.failed.items():
            if self._failed.get(log_id) != why:
                _LOGGER.error("the log %s was not published: %s", log_id, why)
        self._failed = dict(published.failed)


class Teller:
    """Says what is wrong when it begins and when it ends, not every few seconds."""

    def __init__(self) -> None:
        self._declined: dict[str, str] = {}
        self._found: frozenset[str] = frozenset()

    def tell(self, done: Round | None) -> None:
        """Log the findings of a round, and which witnesses began or ceased to answer."""
        if done is None:
            return
        found = [f"{each.fault}: {each.origin} ({each.where}): {each.detail}" for each in done.findings]
        for said in found:
            if said not in self._found:
                _LOGGER.error("%s", said)
        self._found = frozenset(found)
        if done.kept is None:
            return
        for name, why in done.declined.items():
            if self._declined.get(name) != why:
                _LOGGER.warning("the witness %s did not cosign: %s", name, why)
        for name in self._declined.keys() - done.declined.keys():
            _LOGGER.warning("the witness %s cosigns again", name)
        self._declined = dict(done.declined)


if __name__ == "__main__":
    sys.exit(main())
