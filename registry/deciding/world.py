"""What deciding needs of the outside; `wiring` fills it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from registry.checks.needed import missing_evidence
from registry.model import EvidenceKind, Operator
from transparency.log import TransparencyLog


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidingWorld:
    """`now` is aware, UTC; `demonstration` says that this deployment is one, where made-up evidence counts."""

    engine: Engine
    log: TransparencyLog
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    demonstration: bool

    def missing(self, operator: Operator) -> tuple[str, ...]:
        """Return the codes of what is not proven of the operator now."""
        at = self.now()
        played = (item for item in operator.evidence if item.kind is EvidenceKind.DEMONSTRATION)
        if self.demonstration and any(item.valid_from <= at < item.valid_until for item in played):
            return ()
        return tuple(each.need.value for each in missing_evidence(operator, (), at=at))
