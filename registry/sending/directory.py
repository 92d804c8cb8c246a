"""The public directory: every operator that was ever verified, found by name, number, domain, phone or sender name.

Live ones only: of one in the test environment nothing was checked, and whoever makes it calls it what he likes.

It is kept in memory, a few hundred bytes an operator, and read anew when anything of any operator has changed; whether
it has is asked once a second, and less often where reading takes long. Looking up is then a matter of dictionaries and
one walk over the names.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine, func, select

from registry.lookalikes import skeleton
from registry.model import Environment, OperatorId
from registry.sending.contacts import list_all_held
from registry.sending.model import Contact
from registry.tables import operator_states, operators
from sigill.report.standing import State
from sigill.vocabulary import Industry
from storage.engine import reading

FRESH_S: Final = 1.0
_RESTS: Final = 20  # times as long as reading took nothing is read again, so that reading never fills a processor
_LONGEST_REST_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An operator as the directory lists it. `name_key` is its name as it is compared; `look` what a reader sees."""

    id: OperatorId
    name: str
    identifier: str
    industry: Industry
    state: State
    website: str | None
    name_key: str
    look: str


@dataclass(frozen=True, slots=True)
class Pages:
    """The directory as of one moment. Operators that stand verified come first, each half by name.

    `by_key` finds held contact points (`registry.sending.values`), `by_id` operators by their id.
    """

    stamp: tuple[int, int]
    listed: tuple[Listed, ...] = ()
    by_id: Mapping[str, Listed] = field(default_factory=dict)
    by_name: Mapping[str, tuple[Listed, ...]] = field(default_factory=dict)
    by_number: Mapping[str, tuple[Listed, ...]] = field(default_factory=dict)
    by_host: Mapping[str, tuple[Listed, ...]] = field(default_factory=dict)
    by_key: Mapping[str, Contact] = field(default_factory=dict)

    def holder(self, key: str, *, at: datetime) -> tuple[Listed, Contact] | None:
        """Return whose a contact point is at `at`, and the contact point; None for nobody's."""
        contact = self.by_key.get(key)
        if contact is None or not contact.is_verified(at) or contact.operator_id not in self.by_id:
            return None
        return self.by_id[contact.operator_id], contact


class Directory:
    """Gives the newest pages; any number of threads. One is for one process.

    `unlisted` says whether domains under a top level that is on no list are looked up, as in a demonstration.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        unlisted: bool = False,
        fresh_s: float = FRESH_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.unlisted = unlisted
        self._engine = engine
        self._fresh_s = fresh_s
        self._monotonic = monotonic
        self._fresh_until_s = float("-inf")
        self._pages = Pages((-1, -1))
        self._lock = Lock()

    def pages(self) -> Pages:
        """Return the directory, a second old at most, or ten where it is so large that reading it takes long.

        Raises what the database raises.
        """
        with self._lock:
            begin_s = self._monotonic()
            if begin_s < self._fresh_until_s:
                return self._pages
            with reading(self._engine) as connection:
                if _stamp(connection) != self._pages.stamp:
                    self._pages = read_pages(connection)
            end_s = self._monotonic()
            rest_s = min(_RESTS * (end_s - begin_s), _LONGEST_REST_S)
            self._fresh_until_s = end_s + max(self._fresh_s, rest_s)
            return self._pages


def read_pages(connection: Connection) -> Pages:
    """Return the whole directory, read in four statements."""
    stamp = _stamp(connection)
    states, ever = _states(connection)
    listed = sorted(
        (
            Listed(
                id=OperatorId(row.id),
                name=row.name,
                identifier=row.identifier,
                industry=Industry(row.industry),
                state=states[row.id],
                website=row.website,
                name_key=name_key(row.name),
                look=skeleton(row.name),
            )
            for row in connection.execute(select(operators).where(operators.c.environment == Environment.LIVE.value))
            if row.id in ever
        ),
        key=lambda each: (each.state is not State.VERIFIED, each.name_key, each.id),
    )
    return Pages(
        stamp=stamp,
        listed=tuple(listed),
        by_id={each.id: each for each in listed},
        by_name=_group((each.name_key, each) for each in listed),
        by_number=_group((number, each) for each in listed for number in numbers_of(each.identifier)),
        by_host=_group((host, each) for each in listed for host in _hosts(each.website)),
        by_key={contact.key: contact for contact in list_all_held(connection)},
    )


def name_key(name: str) -> str:
    """Return a name as names are compared: without case, one blank between words."""
    return " ".join(name.casefold().split())


def numbers_of(identifier: str) -> frozenset[str]:
    """Return the spellings an identifier is found by: itself and its number alone, letters and digits only, capitals.

    NTRSE-5560360793 -> NTRSE5560360793, 5560360793.
    """
    plain = plain_number(identifier)
    return frozenset({plain, plain_number(identifier.partition("-")[2])} - {""})


def plain_number(text: str) -> str:
    """Return letters and digits only, in capitals."""
    return "".join(character for character in text.upper() if character.isascii() and character.isalnum())


def _stamp(connection: Connection) -> tuple[int, int]:
    """Return what differs after any change of any operator: their revisions only count up."""
    query = select(func.count(), func.coalesce(func.sum(operators.c.revision), 0)).select_from(operators)
    count, revisions = connection.execute(query).one()
    return int(count), int(revisions)


def _states(connection: Connection) -> tuple[dict[str, State], frozenset[str]]:
    """Return where each operator stands, and which were ever verified."""
    found: dict[str, State] = {}
    ever: set[str] = set()
    query = select(operator_states.c.operator_id, operator_states.c.state)
    for row in connection.execute(query.order_by(operator_states.c.operator_id, operator_states.c.position)):
        found[row.operator_id] = State(row.state)
        if row.state == State.VERIFIED:
            ever.add(row.operator_id)
    return found, frozenset(ever)


def _hosts(website: str | None) -> Iterable[str]:
    host = urlsplit(website or "").hostname
    return () if host is None else (host.removeprefix("www."),)


def _group(pairs: Iterable[tuple[str, Listed]]) -> dict[str, tuple[Listed, ...]]:
    found: defaultdict[str, list[Listed]] = defaultdict(list)
    for key, each in pairs:
        found[key].append(each)
    return {key: tuple(each) for key, each in found.items()}
