"""Where keys live, as `keys.json` and the command line spell it: one spelling each, and nothing that is ignored."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import KeyUnusable
from signing.keys.listing import TYPS, KeyKind, ListedKey, Listing, format_listing, in_order, parse_listing
from signing.keys.places import Home, KmsPlace, Place, PlaceMalformed, TokenPlace, parse_place

AT = datetime(2026, 11, 29, tzinfo=UTC)
ARN = "arn:aws:kms:eu-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=32)
TOKENS = st.builds(
    TokenPlace,
    token=NAMES,
    serial=st.none() | NAMES,
    manufacturer=st.none() | NAMES,
    model=st.none() | NAMES,
    object=st.none() | NAMES,
    id=st.none() | st.binary(min_size=1, max_size=20),
)
PLACES = TOKENS | st.sampled_from(
    [KmsPlace(), KmsPlace(ARN), KmsPlace("alias/sigill/seal"), KmsPlace(ARN.partition("key/")[2])]
)


@given(PLACES)
def test_a_place_is_read_as_it_was_written(place: Place) -> None:
    try:
        assert parse_place(str(place)) == place
    except PlaceMalformed as error:
        assert len(str(place)) > 1000, error  # noqa: PT017 - the one reason there may be


@given(st.text(max_size=60) | st.text("pkcs11:token=;id%a1&?object", max_size=60).map("pkcs11:{}".format))
def test_any_other_text_is_malformed_and_nothing_else(text: str) -> None:
    try:
        parse_place(text)
    except PlaceMalformed:
        return
    assert text == "file" or text.startswith(("pkcs11:", "kms:"))


def test_what_the_tools_of_tokens_print_is_taken() -> None:
    printed = "pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=3f1c;token=sigill;id=%01%A2;type=private"
    place = parse_place(printed)
    wanted = {"model": "SoftHSM v2", "manufacturer": "SoftHSM project", "serial": "3f1c", "token": "sigill"}
    assert place == TokenPlace(**wanted, id=b"\x01\xa2")
    assert str(place).endswith(";id=%01%a2;type=private")
    assert parse_place("file") is None
    region = parse_place(f"kms:{ARN}")
    assert isinstance(region, KmsPlace)
    assert region.region == "eu-north-1"
    assert region.is_lasting
    assert not KmsPlace("alias/x").is_lasting


@pytest.mark.parametrize(
    "text",
    [
        "",
        "seal-1.pem",
        "file ",
        "pkcs11:",
        "pkcs11:object=seal",
        "pkcs11:token=a;token=b",
        "pkcs11:token",
        "pkcs11:token=",
        "pkcs11:token=a b",
        "pkcs11:token=%zz",
        "pkcs11:token=%ff",
        "pkcs11:token=a%0Ab",
        "pkcs11:token=a;type=public",
        "pkcs11:token=a;slot-id=1",
        "pkcs11:token=a?x=y",
        "pkcs11:token=" + "a" * 1000,
        "kms:",
        "kms:seal",
        "kms:alias/",
        "kms:arn:aws:s3:eu-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "kms:" + ARN + "\n",
        "KMS:new",
    ],
)
def test_what_could_not_be_obeyed_is_refused(text: str) -> None:
    with pytest.raises(PlaceMalformed):
        parse_place(text)


@pytest.mark.parametrize("query", ["pin-value=1234", "pin-source=file:pin", "module-path=x.so", "module-name=x"])
def test_pin_and_module_are_settings_and_the_pin_is_not_repeated(query: str) -> None:
    for text in (f"pkcs11:token=a?{query}", f"pkcs11:token=a;{query}"):
        with pytest.raises(PlaceMalformed, match="settings of the service") as raised:
            parse_place(text)
        assert "1234" not in str(raised.value)


def listing(**homes: Home) -> Listing:
    """Return a list with each kind's first key, those named at their home."""
    keys = [
        ListedKey(
            kind=kind,
            generation=1,
            valid_from=AT,
            **({"valid_until": AT + timedelta(days=9)} if kind in TYPS else {}),
            home=homes.get(kind.value),
        )
        for kind in KeyKind
    ]
    return Listing(keys=in_order({key.file: key for key in keys}))


@given(PLACES.filter(lambda place: place.names_key and len(str(place)) < 1000), st.binary(min_size=1, max_size=65))
def test_a_list_with_keys_elsewhere_is_read_as_it_was_written(place: Place, public: bytes) -> None:
    made = listing(seal=Home(place, public))
    assert parse_listing(format_listing(made)) == made
    assert [key.file for key in made.keys][:2] == ["seal-1", "report-1.pem"]


@pytest.mark.parametrize(
    "change",
    [
        ('"seal-1"', '"seal-1.pem"'),
        ('"report-1.pem"', '"report-1"'),
        ('"report-1.pem": {', '"seal-1.pem": {"nbf": 1, "exp": 2}, "report-1.pem": {'),
        (f'"kms:{ARN}"', '"kms:new"'),
        (f'"kms:{ARN}"', '"file"'),
        (f'"kms:{ARN}"', "7"),
        (f'"kms:{ARN}"', '"pkcs11:token=sigill"'),
        ('"public"', '"published"'),
        ('"AQI"', '"AQI="'),
        ('"AQI"', "1"),
    ],
)
def test_a_list_that_does_not_say_where_a_key_lives_is_none(change: tuple[str, str]) -> None:
    text = format_listing(listing(seal=Home(KmsPlace(ARN), b"\x01\x02"))).decode()
    assert change[0] in text
    with pytest.raises(KeyUnusable, match="when each key is valid"):
        parse_listing(text.replace(*change).encode())
