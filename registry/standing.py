"""The condition of a seal's commit: the operator is as it was when the message was decided on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sqlalchemy import Connection, bindparam, select

from registry.tables import operators
from storage.prepared import Asked, Prepared
from transparency.append import Place
from transparency.errors import GuardFailed

_REVISION: Final = Prepared(select(operators.c.revision).where(operators.c.id == bindparam("operator")))


@dataclass(frozen=True, slots=True)
class Standing:
    """The part that lets an append in only while the operator's row is of this revision.

    Every change of an operator (its state, evidence, AI systems) counts it up. Whoever is stopped loads the operator
    anew, and learns there what changed.
    """

    operator_id: str
    revision: int

    @classmethod
    def open(cls, connection: Connection, parts: "Sequence[Standing]") -> "_Revisions":
        """Load the operators' revisions."""
        ids = {part.operator_id for part in parts}
        return _Revisions({each: _REVISION.ask(connection, {"operator": each}) for each in ids})


class _Revisions:
    """The operators' revisions as of this commit."""

    def __init__(self, asked: Mapping[str, Asked]) -> None:
        self._asked = asked

    @cached_property
    def _revisions(self) -> dict[str, int]:
        return {each: revision for each, asked in self._asked.items() for (revision,) in asked.rows()}

    def check(self, part: Standing) -> None:
        """Raise GuardFailed if the operator changed."""
        if self._revisions.get(part.operator_id) != part.revision:
            raise GuardFailed("the operator was changed meanwhile")

    def take(self, part: Standing, place: Place) -> None:
        """Note nothing."""

    def save(self, connection: Connection, tree_sizes: Mapping[str, int]) -> None:
        """Write nothing."""
