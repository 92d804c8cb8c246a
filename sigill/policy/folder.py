"""A whole folder of policies, given as texts by relative path, put together and checked against itself.

```
sources.yaml  obligations.yaml  packs/bank.yaml …  overlays/EU.yaml …  texts/en.yaml …  cases/bank.yaml …
retention.yaml (read by `sigill.policy.retention`; nothing that decides needs it)
```
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sigill.errors import PolicyInvalid
from sigill.policy.cases import Case, load_cases
from sigill.policy.compile import CompiledPolicies, compile_policies
from sigill.policy.load_packs import load_overlay, load_pack
from sigill.policy.load_vocabulary import load_vocabulary
from sigill.policy.model import Vocabulary
from sigill.policy.texts import Texts, check_texts_complete, load_texts

PATTERNS = (
    "sources.yaml",
    "obligations.yaml",
    "packs/*.yaml",
    "overlays/*.yaml",
    "texts/*.yaml",
    "cases/*.yaml",
    "retention.yaml",
)
"""What to read of a folder, as glob patterns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFolder:
    """Everything in the folder, ready for use."""

    policies: CompiledPolicies
    texts: Texts
    cases: tuple[Case, ...]


def vocabulary_of(files: Mapping[str, str]) -> Vocabulary:
    """Read the sources and obligations among `files`. Raises PolicyInvalid."""
    for name in ("sources.yaml", "obligations.yaml"):
        if name not in files:
            raise PolicyInvalid(f"{name} is missing from the folder of policies")
    return load_vocabulary(sources=files["sources.yaml"], obligations=files["obligations.yaml"])


def assemble(files: Mapping[str, str]) -> PolicyFolder:
    """Read and compile all of `files` (relative path, with `/`, to text). Raises PolicyInvalid."""
    vocabulary = vocabulary_of(files)
    packs = [load_pack(text, file=name, vocabulary=vocabulary) for name, text in _under(files, "packs/")]
    overlays = [load_overlay(text, file=name, vocabulary=vocabulary) for name, text in _under(files, "overlays/")]
    texts = load_texts(dict(_under(files, "texts/")))
    check_texts_complete(texts, vocabulary.obligations.values())
    return PolicyFolder(
        policies=compile_policies(packs, overlays, vocabulary=vocabulary),
        texts=texts,
        cases=tuple(case for name, text in _under(files, "cases/") for case in load_cases(text, file=name)),
    )


def _under(files: Mapping[str, str], folder: str) -> list[tuple[str, str]]:
    return [(name, text) for name, text in sorted(files.items()) if name.startswith(folder)]
