"""How long what is kept of a message is kept, by industry: `retention.yaml`, read strictly.

```yaml
version: "2026-11-22.1"
sources: [eu-gdpr-25-32, own-choice]
industries:
  bank:
    minimum: {days: 90, basis: default, sources: [own-choice], why: "…"}
    usual: {days: 1095, basis: default, sources: [own-choice], why: "…"}
```

`minimum`: nobody can have it erased earlier, but a court or an authority. `usual`: then it is erased. A message whose
own decision asks for more is kept longer (see `retain_record` in the packs).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from sigill.errors import PolicyInvalid
from sigill.policy.load_rules import RuleReader
from sigill.policy.model import Vocabulary
from sigill.policy.words import Basis
from sigill.policy.yaml_tree import Node, parse_yaml
from sigill.vocabulary import Industry

FILE: Final = "retention.yaml"
_MAX_DAYS: Final = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """So many days, why, and what that rests on; `rule` names it: `bank.minimum`."""

    rule: str
    days: int
    basis: Basis
    sources: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndustryRetention:
    """How long records of one industry are kept at least and usually; `minimum.days` <= `usual.days`."""

    minimum: Period
    usual: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The file: a retention for every industry, its version and its digest."""

    version: str
    digest: bytes
    industries: Mapping[Industry, IndustryRetention]


def load_retention(text: str, *, vocabulary: Vocabulary) -> Retention:
    """Read the text of `retention.yaml`. Raises PolicyInvalid with file, line and reason."""
    found = parse_yaml(text, file=FILE).members(required=["version", "sources", "industries"])
    reader = RuleReader(vocabulary, sources=found["sources"])
    table = found["industries"].members(required=list(Industry))
    industries = {industry: _industry(table[industry], industry, reader) for industry in Industry}
    reader.check_all_sources_used()
    return Retention(version=found["version"].text(), digest=sha256(text.encode()).digest(), industries=industries)


def retention_of(files: Mapping[str, str], *, vocabulary: Vocabulary) -> Retention:
    """Read the retention among a folder's files. Raises PolicyInvalid."""
    if FILE not in files:
        raise PolicyInvalid(f"{FILE} is missing from the folder of policies")
    return load_retention(files[FILE], vocabulary=vocabulary)


def _industry(node: Node, industry: Industry, reader: RuleReader) -> IndustryRetention:
    found = node.members(required=["minimum", "usual"])
    minimum = _period(found["minimum"], f"{industry}.minimum", reader)
    usual = _period(found["usual"], f"{industry}.usual", reader)
    if usual.days < minimum.days:
        raise found["usual"].fault("usually kept for fewer days than at least")
    return IndustryRetention(minimum=minimum, usual=usual)


def _period(node: Node, rule: str, reader: RuleReader) -> Period:
    found = node.members(required=["days", "basis", "sources", "why"])
    basis, sources = reader.basis(found)
    days = found["days"].integer()
    if not 0 < days <= _MAX_DAYS:
        raise found["days"].fault(f"days are 1 to {_MAX_DAYS}")
    return Period(rule=rule, days=days, basis=basis, sources=sources, why=found["why"].text())
