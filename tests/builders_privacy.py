"""Erasing in tests: time to pass, for nothing can be erased on the day it was sealed."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, select

from privacy.erase import Erasure, erase
from privacy.world import PrivacyWorld
from registry.model import OperatorId, Role
from sigill.tlog.erasure import Ground
from storage.engine import reading
from tests.builders_deployment import NOW, Deployment

BANK = OperatorId("exempelbanken")
TELCO = OperatorId("exempeltelco")
REFUSED: dict[str, Any] = {"authorship": "ai", "enquiry": "credit_decision", "customer": {"jurisdiction": "SE"}}


def later(made: Deployment, days: float) -> PrivacyWorld:
    """Return the world as it is so many days from now."""
    at: datetime = NOW + timedelta(days=days)
    return replace(made.services.privacy, now=lambda: at)


def erase_it(made: Deployment, message_id: str, *, days: float = 2000, **changes: Any) -> Erasure:
    """Erase something of the bank's, so many days from now."""
    asked: dict[str, Any] = {"operator_id": BANK, "ground": Ground.DATA_SUBJECT_REQUEST, "requester": "DPO-2026-117"}
    return erase(message_id, world=later(made, days), **asked | changes)


def rows(made: Deployment, table: Table) -> list[dict[str, Any]]:
    """Return all rows of a table."""
    with reading(made.services.engine) as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def auditor(made: Deployment) -> dict[str, str]:
    """Return the headers of an auditor of the bank."""
    return {"Authorization": f"Bearer {made.new_key(role=Role.AUDITOR, operator_id=BANK)}"}
