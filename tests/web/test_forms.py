"""What a customer types is taken as she means it."""

import pytest

from sigill.text.addresses import Address
from sigill.vocabulary import Language
from tests.builders_deployment import TEXT, Deployment
from web.forms import CheckForm, FormFault, ask


def _recipient(typed: str, language: Language) -> Address | None:
    return ask(CheckForm(message="Hej", recipient=typed), language=language).recipient


@pytest.mark.parametrize(
    ("typed", "language", "normalised"),
    [
        ("070-174 06 05", Language.SV, "+46701740605"),
        ("040 123 4567", Language.FI, "+358401234567"),
        ("030 123456", Language.DE, "+4930123456"),
        ("+46 70 174 06 05", Language.EN, "+46701740605"),
        ("0046 70 174 06 05", Language.SV, "+46701740605"),
        ("anna@example.se", Language.SV, "anna@example.se"),
    ],
)
def test_a_number_is_read_as_people_write_it_at_home(typed: str, language: Language, normalised: str) -> None:
    found = _recipient(typed, language)
    assert found is not None
    assert found.normalised == normalised


@pytest.mark.parametrize(
    ("typed", "language"), [("070-174 06 05", Language.EN), ("12", Language.SV), ("x", Language.NB)]
)
def test_what_could_be_a_number_of_any_country_is_asked_for_again(typed: str, language: Language) -> None:
    with pytest.raises(FormFault):
        _recipient(typed, language)


def test_a_number_typed_at_home_opens_the_seal_on_the_page(deployment: Deployment) -> None:
    sealed = deployment.sign(recipient="+46701740605").get_json()["embedded_text"]
    form = {"message": sealed, "recipient": "070-174 06 05", "lang": "sv"}
    assert "är äkta" in deployment.client.post("/check", data=form).get_data(as_text=True)


def test_a_text_longer_than_we_compare_gets_a_page_that_says_so(deployment: Deployment) -> None:
    code = deployment.sign().get_json()["code"]
    message = f"{TEXT}\n" + "\U0001d160" * 24_000 + f"\nSigill {code}"  # grows to three times its size in NFC
    answered = deployment.client.post("/check", data={"message": message})
    assert answered.status_code in {200, 413}
    assert "too long" in answered.get_data(as_text=True)
