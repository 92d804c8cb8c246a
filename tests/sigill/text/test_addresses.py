import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.errors import MalformedAddress
from sigill.text.addresses import Address, AddressKind, parse_address


@pytest.mark.parametrize(
    "typed",
    [
        "+46701234567",
        "+46 (0)70-123 45 67",
        "0046 70 123 45 67",
        " +46.70.123.45.67 ",
        "+46\u00a070\u2011123\u20134567",
    ],
)
def test_a_phone_number_has_one_spelling(typed: str) -> None:
    assert parse_address(typed) == Address(AddressKind.TEL, "+46701234567")


@pytest.mark.parametrize("typed", ["Anna.Berg+x@Example.SE", "  anna.berg+x@example.se\n"])
def test_an_email_address_is_lower_case_as_a_whole(typed: str) -> None:
    assert parse_address(typed) == Address(AddressKind.EMAIL, "anna.berg+x@example.se")


def test_a_reference_is_kept_but_composed() -> None:
    assert parse_address({"reference": "Kund A\u030a 17"}) == Address(AddressKind.REF, "Kund Å 17")
    assert parse_address({"reference": "x" * 128}).normalised == "x" * 128


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("070-123 45 67", "country code"),
        ("+4670123", "8 to 15"),
        ("+1234567890123456", "8 to 15"),
        ("+046701234567", "8 to 15"),
        ("+٤٦٧٠١٢٣٤٥٦٧", "8 to 15"),
        ("Anna", "nor an e-mail"),
        ("", "nor an e-mail"),
        ("a@b@example.se", "name@example.com"),
        ("@example.se", "name@example.com"),
        ("a@", "name@example.com"),
        ("a@example", "name@example.com"),
        ("a@-x.se", "name@example.com"),
        ("a@x..se", "name@example.com"),
        (".a@example.se", "name@example.com"),
        ("a b@example.se", "name@example.com"),
        ("anna@blåbär.se", "xn--"),
        ("a" * 65 + "@example.se", "64"),
        ("a@" + "b." * 130 + "se", "254"),
        ("a" * 400, "320"),
        ({"reference": ""}, "1 to 128"),
        ({"reference": "x" * 129}, "1 to 128"),
        ({"reference": "a\nb"}, "printable"),
        ({"reference": "a\u200bb"}, "printable"),
        ({"reference": " a"}, "printable"),
        ({"reference": "\ud800"}, "printable"),
        ({"reference": 17}, "one text"),
        ({"reference": "a", "more": "b"}, "one text"),
        ({}, "one text"),
        (17, "a text or"),
    ],
)
def test_anything_else_is_malformed_and_not_repeated(value: str | dict[str, object], reason: str) -> None:
    with pytest.raises(MalformedAddress, match=reason) as caught:
        parse_address(value)
    if isinstance(value, str) and len(value) > 4:
        assert value not in str(caught.value)


def test_an_address_is_not_shown_by_its_repr() -> None:
    assert "4670" not in repr(parse_address("+46701234567"))


@settings(deadline=None)
@given(st.text() | st.dictionaries(st.just("reference"), st.text()))
def test_an_address_is_its_own_normal_form_or_malformed(value: str | dict[str, str]) -> None:
    try:
        address = parse_address(value)
    except MalformedAddress:
        return
    again = {"reference": address.normalised} if address.kind is AddressKind.REF else address.normalised
    assert parse_address(again) == address
