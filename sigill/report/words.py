"""The customer's words for everything a report can say, in seven languages.

One file per language in `sigill/report/languages`, all with the same keys and placeholders as `en.json`, the master.
Placeholders are filled in one pass, so an operator named "{time}" stays "{time}".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from sigill.encoding.strict_json import parse_json
from sigill.report.answers import Answer, Reason
from sigill.report.checks import CheckName, Detail, Outcome
from sigill.report.kept import Kept
from sigill.report.standing import State
from sigill.vocabulary import (
    AttestationLevel,
    Authorship,
    Channel,
    Direction,
    Enquiry,
    Industry,
    Language,
    Purpose,
    Role,
)

_MAX_BYTES: Final = 200_000
_PLACEHOLDER: Final = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True, slots=True)
class ReasonWords:
    """The headline of a reason, why it is so, and what to do next."""

    headline: str
    why: str
    next: str


@dataclass(frozen=True, slots=True)
class CheckWords:
    """What a check is called and what it guards against."""

    name: str
    guards: str


@dataclass(frozen=True, slots=True)
class Words:
    """All words of one language. A word of a closed vocabulary is always there; the tests hold every file to that."""

    language: Language
    _sections: Mapping[str, Mapping[str, str]]
    _reasons: Mapping[str, ReasonWords]
    _checks: Mapping[str, CheckWords]
    _authorship: Mapping[str, Mapping[str, str]]

    def answer(self, answer: Answer) -> str:
        """Return the plain answer."""
        return self._sections["answers"][answer]

    def reason(self, reason: Reason) -> ReasonWords:
        """Return the words for the reason behind an answer."""
        return self._reasons[reason]

    def check(self, name: CheckName) -> CheckWords:
        """Return the words for a named check."""
        return self._checks[name]

    def outcome(self, outcome: Outcome) -> str:
        """Return how a check ended."""
        return self._sections["outcomes"][outcome]

    def detail(self, detail: Detail) -> str:
        """Return why a check ended as it did."""
        return self._sections["details"][detail]

    def kept(self, kept: Kept) -> str:
        """Return how a kept receipt compares with the log of today."""
        return self._sections["kept"][kept]

    def author(self, by: Authorship) -> str:
        """Return the short word for who wrote it."""
        return self._sections["authors"][by]

    def authorship(
        self, by: Authorship, *, level: AttestationLevel, role: Role, operator: str, released: bool = False
    ) -> str:
        """Return the sentence on who wrote it, no surer than the attestation `level` allows.

        At level A the release is a fact only where its evidence was checked (`released`), else the guarantor's word.
        A peer speaks for nobody but herself, so her sentence is the same at every level. `operator` is its name.
        """
        said = "A_said" if level is AttestationLevel.A and not released else level.value
        column = role.value if role is Role.PEER else said
        return _fill(self._authorship[column][by], {"operator": operator})

    def channel(self, channel: Channel) -> str:
        """Return the word for the channel."""
        return self._sections["channels"][channel]

    def direction(self, direction: Direction) -> str:
        """Return the words for the direction."""
        return self._sections["directions"][direction]

    def enquiry(self, enquiry: Enquiry) -> str:
        """Return the words for the kind of enquiry."""
        return self._sections["enquiries"][enquiry]

    def industry(self, industry: Industry) -> str:
        """Return the word for the industry."""
        return self._sections["industries"][industry]

    def purpose(self, purpose: Purpose) -> str:
        """Return the word for the purpose."""
        return self._sections["purposes"][purpose]

    def level(self, level: int) -> str:
        """Return the words for the assurance level of an operator, 0 to 3. Raises KeyError for another number."""
        return self._sections["levels"][str(level)]

    def state(self, state: State) -> str:
        """Return the word for an operator's standing."""
        return self._sections["states"][state]

    def act(self, act: str) -> str:
        """Return what was done in a step of an operator; an unknown act with spaces for underscores."""
        return self._open("acts", act)

    def evidence(self, kind: str) -> str:
        """Return the words for a kind of evidence; an unknown kind with spaces for underscores."""
        return self._open("evidence", kind)

    def obligation(self, obligation: str) -> str:
        """Return what the operator has to do, to follow "has to"; an unknown id with spaces for underscores."""
        return self._open("obligations", obligation)

    def basis(self, basis: str) -> str:
        """Return the words for what a rule rests on; an unknown basis with spaces for underscores."""
        return self._open("bases", basis)

    def label(self, key: str, **placeholders: str | int) -> str:
        """Return a text of the pages, its placeholders filled; a placeholder without a value stays as it is.

        Raises KeyError for a key that no language has.
        """
        return _fill(self._sections["labels"][key], placeholders)

    def sending(self, key: str, **placeholders: str | int) -> str:
        """Return a text about what senders send from and promise, its placeholders filled. Raises KeyError."""
        return _fill(self._sections["sending"][key], placeholders)

    def _open(self, section: str, key: str) -> str:
        return self._sections[section].get(key, key.replace("_", " "))


@lru_cache(maxsize=len(Language))
def words(language: Language) -> Words:
    """Return the words of `language`, read once."""
    tables: dict[str, Any] = parse_json(_file_of(language), max_bytes=_MAX_BYTES)
    reasons = {key: ReasonWords(**value) for key, value in tables.pop("reasons").items()}
    checks = {key: CheckWords(**value) for key, value in tables.pop("checks").items()}
    authorship = tables.pop("authorship")
    return Words(language, tables, reasons, checks, authorship)


def _file_of(language: Language) -> bytes:
    return files("sigill.report").joinpath("languages", f"{language}.json").read_bytes()


def _fill(text: str, values: Mapping[str, str | int]) -> str:
    return _PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), text)
