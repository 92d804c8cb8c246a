"""Through whose hands a registrar's key, passkeys and sign-in went: whoever had them could act under that name.

Who lets a registrar in gets to see her first key, who makes a link could enrol a passkey of her own with it, who binds
a sign-in could bind one of her own; and whoever may have acted under a name may have let in others under it. So two
names are two persons only where no registrar stands behind both. It is read from the guarantor's log, which nothing
is ever taken from: whoever was in these hands once stays so, and is let in anew by somebody else.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, select

from registry.errors import SameHands
from registry.steps import Act
from registry.tables import operator_steps
from sigill.report.trust import GUARANTOR

_GIVING: Final = (Act.PERSON_ADDED, Act.PASSKEY_ADDED, Act.SUBJECT_BOUND)
_PERSON: Final = re.compile(r"\bpe-[0-9a-z]{20}\b")


def load_givers(connection: Connection) -> dict[str, frozenset[str]]:
    """Return, by person, which others gave her something to sign in with."""
    query = select(operator_steps.c.act, operator_steps.c.by, operator_steps.c.said).where(
        operator_steps.c.operator_id == GUARANTOR, operator_steps.c.act.in_([act.value for act in _GIVING])
    )
    givers: dict[str, set[str]] = {}
    for row in connection.execute(query):
        by = row.said.get("invited_by", "") if row.act == Act.PASSKEY_ADDED.value else row.by
        person = str(row.said.get("person", ""))
        givers.setdefault(person, set()).update(each for each in _PERSON.findall(str(by)) if each != person)
    return {person: frozenset(found) for person, found in givers.items()}


def hands_of(person: str, givers: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Return the person, and everybody who may have acted under her name: who gave to her, who gave to those, …"""
    found, waiting = set[str](), [person]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting.extend(givers.get(each, ()))
    return frozenset(found)


def are_apart(one: str, other: str, givers: Mapping[str, Iterable[str]]) -> bool:
    """Tell whether no registrar stands behind both names."""
    return hands_of(one, givers).isdisjoint(hands_of(other, givers))


def check_apart(connection: Connection, person: str, deciders: Iterable[str]) -> None:
    """Raise SameHands unless a person stands apart from each of those who decided."""
    givers = load_givers(connection)
    if not all(are_apart(person, each, givers) for each in deciders):
        raise SameHands(
            "one registrar let both of you in, or one of you the other, or made a link or sign-in for her: the second "
            "person is somebody whose keys never went through the same hands"
        )
