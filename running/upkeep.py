"""What the worker does for privacy and tidiness, in each cycle a bounded part of it.

1. what was kept as long as it usually is, is erased (`privacy.expiry`)
2. salt keys that are said to be destroyed are, also after a crash or a restored backup (`privacy.salt_keys`)
3. the rows behind some leaves are held against them (`transparency.row_check`)
4. steps of mandates that were cut short are told in the other log too (`registry.mandates.steps`)
5. client assertions, challenges, sessions and links that nobody could use any more are forgotten
6. what expired releases were to show is forgotten, and then they are (`releases.store`)
7. operators are checked again where that is due (`running.rechecks`)
8. seals are counted, by day and channel (`registry.sending.counting`)
9. what was deleted goes out of the database's files too (`storage.forget`); last, for all the others write
"""

import logging
from collections.abc import Callable
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from privacy.expiry import expire
from privacy.salt_keys import complete_destructions
from registry.clients.replay import purge_assertions
from registry.mandates.steps import tell_notices
from registry.people.links import purge_links
from registry.people.sessions import purge_sessions
from registry.sending.codes import purge_sendings
from registry.sending.counting import count_seals
from releases.store import purge_releases
from running.rechecks import recheck
from sigill.errors import SigillError
from sigill.report.trust import GUARANTOR, ROOT
from storage.engine import reading, writing
from storage.forget import empty_wal
from transparency.erasures import newest_erasure
from transparency.log import TransparencyLog
from transparency.row_check import check_rows
from wiring import Services
from wiring.mandates import mandate_world

EXPIRED_A_CYCLE: Final = 4000
STRETCHES_A_CYCLE: Final = 16
COUNTED_A_CYCLE: Final = 5
_LOGGER: Final = logging.getLogger("sigill.worker")


class Upkeep:
    """Remembers between cycles how far the rows were checked, and which erasures the files are free of."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._place = ("", 0)
        self._cleared: dict[str, int] = {}

    def cycle(self) -> None:
        """Do each part; one that fails is told and hinders no other."""
        for work in (
            self._expire,
            self._destroy_salt_keys,
            self._check_rows,
            self._tell_mandates,
            self._forget_assertions,
            self._forget_releases,
            self._check_operators_again,
            self._count_seals,
            self._clear_files,
        ):
            self._try(work)

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (SigillError, SQLAlchemyError, OSError) as error:
            name = work.__name__.strip("_").replace("_", " ")
            _LOGGER.warning("could not %s now: %s", name, str(error) or type(error).__name__)

    def _expire(self) -> None:
        erased = expire(self._services.privacy, limit=EXPIRED_A_CYCLE)
        if erased:
            _LOGGER.info("%s messages, events and refusals were erased after their usual time", erased)

    def _destroy_salt_keys(self) -> None:
        found = complete_destructions(self._services.privacy)
        if found:
            _LOGGER.warning("%s files of salt keys that were destroyed before had come back; they are gone", found)

    def _clear_files(self) -> None:
        newest = _newest_erasures(self._services.engine, self._services.log)
        if newest != self._cleared and empty_wal(self._services.engine):
            self._cleared = newest

    def _tell_mandates(self) -> None:
        tell_notices(mandate_world(self._services.signing))

    def _forget_assertions(self) -> None:
        with writing(self._services.engine) as connection:
            purge_assertions(connection, at=self._services.signing.now())
            purge_sessions(connection, at=self._services.signing.now())
            purge_links(connection, at=self._services.signing.now())

    def _forget_releases(self) -> None:
        with writing(self._services.engine) as connection:
            purge_releases(connection, at=self._services.signing.now())

    def _check_operators_again(self) -> None:
        recheck(self._services)

    def _count_seals(self) -> None:
        """Count what was sealed meanwhile, for the totals that operators declare; forget when codes were sent."""
        for head in self._services.log.logs():
            if head.log_id not in {ROOT, GUARANTOR}:
                count_seals(self._services.engine, head.log_id, stretches=COUNTED_A_CYCLE)
        with writing(self._services.engine) as connection:
            purge_sendings(connection, at=self._services.signing.now())

    def _check_rows(self) -> None:
        """Go on where the last cycle ended, through one log after the other, and begin anew after the last."""
        names = [head.log_id for head in self._services.log.logs()]
        for _ in range(STRETCHES_A_CYCLE if names else 0):
            log_id, begin = self._place
            if log_id not in names:
                log_id, begin = names[0], 0
            checked = check_rows(self._services.engine, log_id, begin=begin)
            for finding in checked.findings:
                _LOGGER.error("%s: %s at %s: %s", finding.origin, finding.fault, finding.where, finding.detail)
            self._place = (log_id, checked.next_index)
            if checked.next_index >= checked.size:
                self._place = (names[(names.index(log_id) + 1) % len(names)], 0)
                if log_id == names[-1]:
                    return


def _newest_erasures(engine: Engine, log: TransparencyLog) -> dict[str, int]:
    with reading(engine) as connection:
        return {head.log_id: newest_erasure(connection, head.log_id) for head in log.logs()}
