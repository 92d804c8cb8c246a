"""Which domains an operator has proven to control, as its evidence says."""

import re
from datetime import datetime
from typing import Final

from registry.checks.domain_names import read_domain, registrable_domain
from registry.errors import ApplicationInvalid
from registry.model import EvidenceKind, Operator

_NAME: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def proven_domains(operator: Operator, at: datetime) -> frozenset[str]:
    """Return the registrable domains that evidence of domain control, good at `at`, names in its method."""
    found: set[str] = set()
    for item in operator.evidence:
        if item.kind is EvidenceKind.DOMAIN and item.valid_from <= at < item.valid_until:
            found |= {domain for name in _NAME.findall(item.method.lower()) if (domain := _domain(name)) is not None}
    return frozenset(found)


def _domain(name: str) -> str | None:
    try:
        return registrable_domain(read_domain(name))
    except ApplicationInvalid:
        return None
