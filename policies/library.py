"""The service's library of policies: read from a folder once, at start."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sigill.errors import PolicyInvalid
from sigill.policy.compile import CompiledPolicies
from sigill.policy.decision import Decision, Layer
from sigill.policy.evaluate import evaluate, layers_in_force
from sigill.policy.facts import Facts
from sigill.policy.folder import PATTERNS, assemble
from sigill.policy.retention import Retention, retention_of
from sigill.policy.texts import Texts
from sigill.vocabulary import Industry

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLibrary:
    """Compiled policies, the texts that go with them, and how long records are kept."""

    policies: CompiledPolicies
    texts: Texts
    retention: Retention

    def decide(self, facts: Facts) -> Decision:
        """Decide; see `sigill.policy.evaluate.evaluate` for what it raises."""
        return evaluate(self.policies, facts)

    def in_force(self, *, industry: Industry, jurisdictions: Iterable[str], on: date) -> tuple[Layer, ...]:
        """Return the layers that decide there on that day, in order. Raises as `decide` does."""
        return layers_in_force(self.policies, industry=industry, jurisdictions=jurisdictions, on=on)


def read_folder(folder: Path) -> dict[str, str]:
    """Return the folder's policy files as text by relative path. Raises PolicyInvalid for what is not UTF-8."""
    files: dict[str, str] = {}
    for path in sorted(path for pattern in PATTERNS for path in folder.glob(pattern)):
        name = path.relative_to(folder).as_posix()
        try:
            files[name] = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            raise PolicyInvalid(f"{name}, line 1: not UTF-8") from None
    return files


def load_library(folder: Path) -> PolicyLibrary:
    """Read, check and compile `folder`; logs the digest of each file. Raises PolicyInvalid, OSError."""
    files = read_folder(folder)
    assembled = assemble(files)
    policies = assembled.policies
    words = policies.vocabulary
    retention = retention_of(files, vocabulary=words)
    digests = {
        **{pack.name: pack.digest for pack in policies.packs.values()},
        **{overlay.name: overlay.digest for overlay in policies.overlays},
        "obligations": words.obligations_digest,
        "sources": words.sources_digest,
        "retention": retention.digest,
    }
    for name, digest in digests.items():
        _log.info("policy %s has SHA-256 %s", name, digest.hex())
    return PolicyLibrary(policies=policies, texts=assembled.texts, retention=retention)
