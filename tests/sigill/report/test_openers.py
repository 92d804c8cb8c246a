"""A salt key that is not the seal's behaves as a destroyed one: it never calls a true text false."""

from dataclasses import replace

import pytest

from sigill.encoding.base64url import format_base64url
from sigill.report.answers import Reason
from sigill.report.openers import BroughtOpener, DerivingOpener
from sigill.seal.disclosures import Name
from sigill.seal.token import parse_seal
from sigill.text.nu1 import canonical_h
from tests.builders_seal import EMAIL, SALT_KEY, TEXT, Case, make_case, some_hash

_REMADE = bytes(32)
_CASE = make_case(links=["https://exempelbanken.example/"], files=[some_hash(3)])
_OTHER_TEXT = "Another text"


def hash_of(text: str) -> str:
    return format_base64url(canonical_h(text))


def bare(case: Case) -> DerivingOpener:
    """Open a seal that came without any disclosure, with a remade salt key."""
    return DerivingOpener(parse_seal(case.without(*Name)), salt_keys=[_REMADE])


def test_the_first_decoy_is_in_a_seal_with_every_disclosure_there_is() -> None:
    assert len(_CASE.disclosures) == len(Name) == 7
    assert DerivingOpener(_CASE.parsed, salt_keys=[SALT_KEY]).covers_text(hash_of(TEXT))


def test_a_remade_salt_key_tells_nothing_of_a_seal_that_came_alone() -> None:
    opener = bare(_CASE)
    for item in _CASE.disclosures:
        assert opener.matches(item.name, item.value) is None
        assert opener.shown(item.name, item.value) is None
    assert opener.recipient_matches(*EMAIL) is None
    assert opener.covers_text(hash_of(TEXT)) is False


def test_a_remade_salt_key_leaves_what_the_disclosures_that_came_along_say() -> None:
    opener, brought = DerivingOpener(_CASE.parsed, salt_keys=[_REMADE]), BroughtOpener(_CASE.parsed)
    for item in _CASE.disclosures:
        assert opener.matches(item.name, item.value) is brought.matches(item.name, item.value) is True
        assert opener.shown(item.name, item.value) == item
        assert opener.matches(item.name, "another") is False
    assert opener.recipient_matches(*EMAIL) is True
    assert opener.recipient_matches(EMAIL[0], "somebody@else.example") is False
    assert opener.covers_text(hash_of(TEXT)) is True
    assert opener.covers_text(hash_of(_OTHER_TEXT)) is False


@pytest.mark.parametrize("text", [TEXT, _OTHER_TEXT])
def test_a_true_text_is_never_called_altered_because_of_a_remade_salt_key(text: str) -> None:
    report = replace(_CASE, seal=_CASE.without(*Name)).judge(text=text, opener=bare(_CASE))
    assert report.reason is Reason.CONTENT_NOT_OPENABLE
