"""Contact points as they are written: one spelling each, found again under one key, refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.sending.errors import ContactInvalid
from registry.sending.model import ContactKind
from registry.sending.values import is_callable, read_contact, show_phone


@pytest.mark.parametrize(
    ("kind", "text", "value", "key"),
    [
        (ContactKind.PHONE, "+46 (0)8-465 004 10", "+46846500410", "phone:+46846500410"),
        (ContactKind.PHONE, "0046846500410", "+46846500410", "phone:+46846500410"),
        (ContactKind.SENDER_NAME, "Exempel", "Exempel", "sender_name:exempel"),
        (ContactKind.SENDER_NAME, "Å & Ö 24", "Å & Ö 24", "sender_name:å & ö 24"),
        (ContactKind.MAIL_DOMAIN, "Post.Köp.se.", "post.xn--kp-fka.se", "mail_domain:post.xn--kp-fka.se"),
        (ContactKind.APP, "apple:1234567890", "apple:1234567890", "app:apple:1234567890"),
        (ContactKind.APP, "google:se.Exempel.app", "google:se.Exempel.app", "app:google:se.exempel.app"),
        (ContactKind.HANDLE, "x:@Exempel", "x:exempel", "handle:x:exempel"),
        (ContactKind.HANDLE, "mastodon:Hej@social.example.se", "mastodon:hej@social.example.se", None),
    ],
)
def test_a_contact_point_has_one_spelling_and_one_key(kind: ContactKind, text: str, value: str, key: str) -> None:
    read = read_contact(kind, text)
    assert read.value == value
    assert key in {None, read.key}
    assert read_contact(kind, read.value) == read


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ContactKind.PHONE, "08-465 004 10"),  # whose country?
        (ContactKind.PHONE, "+46 1"),
        (ContactKind.PHONE, "+999 123456789"),
        (ContactKind.PHONE, "anna@example.se"),
        (ContactKind.SENDER_NAME, "Exempelbanken"),  # 13 characters
        (ContactKind.SENDER_NAME, "12345"),  # a number is no name
        (ContactKind.SENDER_NAME, " Exempel"),
        (ContactKind.SENDER_NAME, "A  B"),
        (ContactKind.SENDER_NAME, "Exеmpel"),  # a Cyrillic letter
        (ContactKind.SENDER_NAME, "A\nB"),
        (ContactKind.MAIL_DOMAIN, "co.uk"),
        (ContactKind.MAIL_DOMAIN, "anna@example.se"),
        (ContactKind.APP, "1234567890"),
        (ContactKind.APP, "apple:se.exempel"),
        (ContactKind.APP, "google:exempel"),
        (ContactKind.HANDLE, "x:exempel.se"),
        (ContactKind.HANDLE, "myspace:exempel"),
        (ContactKind.HANDLE, "x:" + "a" * 16),
        (ContactKind.HANDLE, ""),
        (ContactKind.APP, "a" * 256),
    ],
)
def test_what_is_no_contact_point_of_its_kind_is_refused(kind: ContactKind, text: str) -> None:
    with pytest.raises(ContactInvalid):
        read_contact(kind, text)


@given(st.sampled_from(ContactKind), st.text(max_size=300))
def test_nothing_else_escapes_and_what_is_read_reads_the_same_again(kind: ContactKind, text: str) -> None:
    try:
        read = read_contact(kind, text)
    except ContactInvalid:
        return
    assert read_contact(kind, read.value) == read
    assert len(read.key) <= 300


@given(st.from_regex(r"\+46[0-9]{7,9}", fullmatch=True))
def test_swedish_numbers_are_shown_as_they_can_be_read_again(text: str) -> None:
    try:
        read = read_contact(ContactKind.PHONE, text)
    except ContactInvalid:
        return
    assert read_contact(ContactKind.PHONE, show_phone(read.value)) == read


@given(st.text(alphabet="ABCÅÄÖabc019 .-&", min_size=1, max_size=12))
def test_a_sender_name_is_at_most_eleven_gsm_characters_with_a_letter(text: str) -> None:
    try:
        value = read_contact(ContactKind.SENDER_NAME, text).value
    except ContactInvalid:
        wrong = len(text) > 11 or text != text.strip() or "  " in text or not any(map(str.isalpha, text))
        assert wrong
        return
    assert value == text


@pytest.mark.parametrize(
    ("number", "markets", "callable_"),
    [
        ("+46846500410", ("SE",), True),
        ("+46701740605", ("SE", "NO"), True),
        ("+46846500410", ("NO",), False),
        ("+46846500410", ("EU",), True),
        ("+46846500410", ("EEA",), True),
        ("+4722000000", ("EU",), False),
        ("+442079460000", ("UK",), True),
        ("+442079460000", ("GB",), True),
        ("+12025550123", ("US-CA",), True),
        ("+469001234567", ("SE",), False),  # it earns somebody money
        ("+80012345678", ("SE",), False),  # of no country
    ],
)
def test_codes_go_to_numbers_of_the_markets_that_cost_nothing_extra(
    number: str,
    markets: tuple[str, ...],
    callable_: bool,
) -> None:
    assert is_callable(number, markets) is callable_
