"""What the table is made of: who may catch a fault, the faults to make, and what each of them was seen as."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tests.log_faults.stage import Scene


class Column(StrEnum):
    """Who looks."""

    WITNESS = "witness"
    SERVICE = "publisher and service"
    MONITOR = "`sigill monitor`"
    AUDIT = "`sigill audit log`"
    CUSTOMER = "customer"
    ROWS = "`admin check-log`"
    FILES = "`publish --check`"


_NO_ACCUSATION: Final = frozenset({"down", "could not look"})

Names = tuple[str, ...]
Cells = Mapping[Column, Names]
Look = Callable[[Scene], Cells]


@dataclass(frozen=True, slots=True)
class Case:
    """A fault: how it is made in a scene, and by which name each of those who must catch it has to report it.

    `made` is in words; `make` does it, and may leave servers on the stack for as long as everybody looks.
    """

    group: str
    name: str
    made: str
    make: Callable[[Scene, ExitStack], None]
    must: Mapping[Column, str]
    look: Look | None = None
    quiet: bool = False
    """Nobody who need not catch it may accuse the log of anything."""


@dataclass(frozen=True, slots=True)
class Row:
    """What each column saw of a case, and who should have and did not."""

    case: Case
    cells: Cells
    seconds: float = field(compare=False)

    @property
    def missed(self) -> tuple[Column, ...]:
        """Who had to catch it and did not, or called it something else."""
        return tuple(column for column, name in self.case.must.items() if name not in self.cells.get(column, ()))

    @property
    def wrongly(self) -> tuple[Column, ...]:
        """Who reported something and should have had nothing to say."""
        if not self.case.quiet:
            return ()
        return tuple(
            column
            for column, names in self.cells.items()
            if column not in self.case.must and not set(names) <= _NO_ACCUSATION
        )
