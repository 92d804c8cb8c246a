"""Comparing what was brought with what the seal covers: the text, its exact bytes, links and attachments.

A pasted mail may carry quotes, signatures and footers. The sealed text is then looked for inside, and only what
matched is shown as covered: the answer is *one step left*, never *genuine*.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sigill.encoding.base64url import format_base64url
from sigill.encoding.strict_json import Json
from sigill.errors import Malformed
from sigill.report.checks import Detail
from sigill.report.openers import Opener
from sigill.seal.disclosures import Disclosure, Name
from sigill.seal.token import ParsedSeal
from sigill.text.nu1 import canonicalise, exact
from sigill.text.search import find_sealed


@dataclass(frozen=True, slots=True)
class Presented:
    """What the verifier was given beside the seal; every part may be missing.

    `text` as pasted; `hashes` (base64url `h` values) where the text stayed on the customer's device, the whole first;
    `links` and `files` as base64url hashes; `recipient` as (type, normalised address).
    """

    text: str | None = None
    hashes: tuple[str, ...] = ()
    links: tuple[str, ...] | None = None
    files: tuple[str, ...] | None = None
    recipient: tuple[str, str] | None = None
    found_by_code: bool = False


@dataclass(frozen=True, slots=True)
class ContentFinding:
    """How the content compares. `matched` is the covered part, `before` and `after` what the seal does not cover."""

    detail: Detail
    exact: Detail = Detail.BYTES_NOT_COMPARED
    matched: str | None = None
    before: str = ""
    after: str = ""
    disclosure: Disclosure | None = None


_BYTES_NOT_COMPARED: Final = Detail.BYTES_NOT_COMPARED


def message_value(h: str) -> Json:
    """Return the value of the `msg` disclosure for a base64url hash."""
    return {"canon": "nu1", "h": h}


def hashes_value(name: Name, hashes: Iterable[str]) -> Json:
    """Return the value of `links` or `files`: links as they stand, attachments sorted, for they have no order."""
    return sorted(hashes) if name is Name.FILES else list(hashes)


def compare_content(seal: ParsedSeal, presented: Presented, opener: Opener) -> ContentFinding:
    """Compare text or hashes with the seal's `msg`."""
    if presented.text is None and not presented.hashes:
        return ContentFinding(Detail.CONTENT_NOT_GIVEN)
    if _cannot_open(seal, opener):
        return ContentFinding(Detail.CONTENT_NOT_OPENABLE)
    if presented.text is None:
        return _compare_hashes_of_text(presented.hashes, opener)
    return _compare_text(presented.text, opener)


def compare_hashes(name: Name, brought: tuple[str, ...] | None, opener: Opener) -> Detail:
    """Compare link or attachment hashes; none brought is *not checked*, different ones are *failed*."""
    matched, differs, absent = _DETAILS[name]
    if brought is None:
        return absent
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
        if opener.matches(Name.MSG, message_value(h)):
            whole = position == 0
            detail = Detail.CONTENT_MATCHES if whole else Detail.CONTENT_PARTLY_MATCHES
            return ContentFinding(detail, disclosure=opener.shown(Name.MSG, message_value(h)))
    return ContentFinding(Detail.CONTENT_DIFFERS)


def _compare_text(text: str, opener: Opener) -> ContentFinding:
    try:
        canonical = canonicalise(text)
    except Malformed:
        return ContentFinding(Detail.CONTENT_HIDDEN_CHARACTERS)
    match = find_sealed(
        canonical.text, matches=lambda h: bool(opener.matches(Name.MSG, message_value(format_base64url(h))))
    )
    if match is None:
        return ContentFinding(Detail.CONTENT_DIFFERS)
    covered = canonicalise(match.matched)
    disclosure = opener.shown(Name.MSG, message_value(format_base64url(covered.h)))
    if not match.whole:
        detail = Detail.CONTENT_PARTLY_MATCHES
        return ContentFinding(detail, _BYTES_NOT_COMPARED, match.matched, match.before, match.after, disclosure)
    return ContentFinding(Detail.CONTENT_MATCHES, _compare_exact(text, opener), match.matched, "", "", disclosure)


def _compare_exact(text: str, opener: Opener) -> Detail:
    hx, length = exact(text)
    value: Json = {"hx": format_base64url(hx), "n": length}
    match opener.matches(Name.MSGX, value):
        case None:
            return Detail.BYTES_NOT_COMPARED
        case True:
            return Detail.SAME_BYTES
        case _:
            return Detail.OTHER_SPACING
