"""Comparing what was brought with what the seal covers: the text, its exact bytes, links and attachments.

A pasted mail may carry quotes, signatures and footers. The sealed text is then looked for inside, and only what
matched is shown as covered: the answer is *one step left*, never *genuine*.

Where the seal's own disclosure of the text was not brought, the guarantor opens it for whoever asks, a guesser among
them: then a part must be long, hashes are few, and links and attachments wait for the text (docs/adr/0005).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import Json
from sigill.report.checks import Detail
from sigill.report.openers import Opener
from sigill.seal.disclosures import Disclosure, Name
from sigill.seal.token import ParsedSeal
from sigill.text.nu1 import HiddenCharacters
from sigill.text.search import Pasted

MIN_PART: Final = 20
"""Canonical characters a part must have if the text was not disclosed: a line like "Ja" or a four-figure code could
otherwise be guessed thousands at a time, every guess a line of one pasted text."""

MAX_GUESSED_HASHES: Final = 20
"""Hashes looked at if the text was not disclosed: how long a text each stands for is not known."""


@dataclass(frozen=True)  # without slots: it keeps the pieces of the text, for as many seals as one request has
class Presented:
    """What the verifier was given beside the seal; every part may be missing.

    `text` as pasted; `hashes` (base64url `h` values) where the text stayed on the customer's device, the whole first;
    `links` and `files` as base64url hashes; `recipient` as (type, normalised address).
    `foreign_link`: a link to a seal stands in it that leads to another host than the guarantor's.
    """

    text: str | None = None
    hashes: tuple[str, ...] = ()
    links: tuple[str, ...] | None = None
    files: tuple[str, ...] | None = None
    recipient: tuple[str, str] | None = None
    found_by_code: bool = False
    foreign_link: bool = False

    @cached_property
    def pasted(self) -> Pasted | None:
        """The text made ready for looking in; None where it has hidden characters. Raises NotCanonicalisable."""
        try:
            return Pasted(self.text or "")
        except HiddenCharacters:
            return None


@dataclass(frozen=True, slots=True)
class ContentFinding:
    """How the content compares. `matched` is the covered part, `before` and `after` what the seal does not cover."""

    detail: Detail
    exact: Detail = Detail.BYTES_NOT_COMPARED
    matched: str | None = None
    before: str = ""
    after: str = ""
    disclosure: Disclosure | None = None

    @property
    def covers(self) -> bool:
        """Whether the text, or part of it, is the sealed one: only then is anything else compared."""
        return self.detail in _COVERS


_COVERS: Final = frozenset({Detail.CONTENT_MATCHES, Detail.CONTENT_PARTLY_MATCHES})
_BYTES_NOT_COMPARED: Final = Detail.BYTES_NOT_COMPARED


def message_value(h: str) -> Json:
    """Return the value of the `msg` disclosure for a base64url hash."""
    return {"canon": "nu1", "h": h}


def hashes_value(name: Name, hashes: Iterable[str]) -> Json:
    """Return the value of `links` or `files`: links as they stand, attachments sorted, for they have no order."""
    return sorted(hashes) if name is Name.FILES else list(hashes)


def compare_content(seal: ParsedSeal, presented: Presented, opener: Opener) -> ContentFinding:
    """Compare text or hashes with the seal's `msg`. Raises NotCanonicalisable for a text that is too long."""
    if presented.text is None and not presented.hashes:
        return ContentFinding(Detail.CONTENT_NOT_GIVEN)
    if _cannot_open(seal, opener):
        return ContentFinding(Detail.CONTENT_NOT_OPENABLE)
    disclosed = seal.disclosed(Name.MSG) is not None
    if presented.text is None:
        return _compare_hashes_of_text(presented.hashes[: None if disclosed else MAX_GUESSED_HASHES], opener)
    return _compare_text(presented.pasted, opener, min_part=1 if disclosed else MIN_PART)


def compare_hashes(name: Name, brought: tuple[str, ...] | None, opener: Opener, *, content: ContentFinding) -> Detail:
    """Compare link or attachment hashes; none brought is *not checked*, different ones are *failed*."""
    matched, differs, absent = _DETAILS[name]
    if brought is None:
        return absent
    if not content.covers:
        return Detail.CONTENT_FIRST  # or whoever picks up a code could try out where its message leads
    match opener.matches(name, hashes_value(name, brought)):
        case None:
            return absent
        case True:
            return matched
        case _:
            return differs


_DETAILS: Final = {
    Name.LINKS: (Detail.LINKS_MATCH, Detail.LINKS_DIFFER, Detail.LINKS_NOT_GIVEN),
    Name.FILES: (Detail.FILES_MATCH, Detail.FILES_DIFFER, Detail.FILES_NOT_GIVEN),
}


def _cannot_open(seal: ParsedSeal, opener: Opener) -> bool:
    return opener.matches(Name.MSG, message_value(seal.claims.pol.dig)) is None


def _compare_hashes_of_text(hashes: tuple[str, ...], opener: Opener) -> ContentFinding:
    for position, h in enumerate(hashes):
        if opener.covers_text(h):
            whole = position == 0
            detail = Detail.CONTENT_MATCHES if whole else Detail.CONTENT_PARTLY_MATCHES
            return ContentFinding(detail, disclosure=opener.shown(Name.MSG, message_value(h)))
    return ContentFinding(Detail.CONTENT_DIFFERS)


def _compare_text(pasted: Pasted | None, opener: Opener, *, min_part: int) -> ContentFinding:
    if pasted is None:
        return ContentFinding(Detail.CONTENT_HIDDEN_CHARACTERS)
    match = pasted.find(matches=lambda h: opener.covers_text(format_base64url(h)), min_part=min_part)
    if match is None:
        return ContentFinding(Detail.CONTENT_DIFFERS)
    disclosure = opener.shown(Name.MSG, message_value(format_base64url(match.h)))
    if not match.whole:
        detail = Detail.CONTENT_PARTLY_MATCHES
        return ContentFinding(detail, _BYTES_NOT_COMPARED, match.matched, match.before, match.after, disclosure)
    return ContentFinding(Detail.CONTENT_MATCHES, _compare_exact(pasted, opener), match.matched, "", "", disclosure)


def _compare_exact(pasted: Pasted, opener: Opener) -> Detail:
    hx, length = pasted.exact
    value: Json = {"hx": format_base64url(hx), "n": length}
    match opener.matches(Name.MSGX, value):
        case None:
            return Detail.BYTES_NOT_COMPARED
        case True:
            return Detail.SAME_BYTES
        case _:
            return Detail.OTHER_SPACING
