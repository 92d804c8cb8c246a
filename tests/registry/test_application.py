"""What may be entered: read strictly, and refused by the name of the value that is wrong."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.application import Application, check_text, read_ai_system, read_application
from registry.errors import ApplicationInvalid
from registry.model import AiSystem, Environment
from sigill.policy.errors import UnknownJurisdiction
from sigill.report.standing import State
from sigill.vocabulary import Industry
from tests.builders_deployment import NOW


def apply(**changes: Any) -> Application:
    values = {
        "id": "nordbank",
        "name": "Nordbanken Åre",
        "identifier": "NTRSE-5560000001",
        "industry": "bank",
        "markets": ("SE",),
    }
    return Application(**(values | changes))


def test_an_application_becomes_an_operator_that_has_applied() -> None:
    flags = ("online_platform", "ai_act_provider", "online_platform")
    application = apply(
        markets=("SE", "US-CA", "SE"),
        flags=flags,
        environment="test",
        website="https://www.nordbank.example/kundservice",
        phone="+46 8 465 004 00",
    )
    found = read_application(application, at=NOW)
    assert (found.id, found.name, found.industry) == ("nordbank", "Nordbanken Åre", Industry.BANK)
    assert (found.markets, found.flags) == (("SE", "US-CA"), ("ai_act_provider", "online_platform"))
    assert (found.environment, found.state) == (Environment.TEST, State.APPLIED)
    assert found.history[0].since == NOW
    assert (found.evidence, found.ai_systems) == ((), ())
    assert read_application(apply(), at=NOW).environment is Environment.LIVE


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        *(({"id": text}, "id") for text in ("", "a", "a" * 64, "Bank", "å-bank", "a/b", "ab\n", "a b")),
        *(({"name": text}, "name") for text in ("", "a" * 121, " Bank", "Bank\n", "Ba\u202enk", "Ba\tnk")),
        *(
            ({"identifier": text}, "identifier")
            for text in ("", "5560000001", "NTRse-1", "NTRSE-", "XXXSE-1", "NTRSE-1 2", "NTRSE-" + "1" * 101)
        ),
        ({"industry": "gambling"}, "industry"),
        ({"environment": "production"}, "environment"),
        ({"flags": ("nice",)}, "flag"),
        *(
            ({"website": text}, "website")
            for text in ("", "http://a.example", "javascript:1", 'https://a"b', "https://a.example/" + "a" * 200)
        ),
        *(({"phone": text}, "phone") for text in ("", "0701234567", "+0701234567", "+46<b>", "+46" + "1" * 40)),
    ],
)
def test_a_value_that_cannot_be_is_named(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(ApplicationInvalid, match=f"^{what} ") as raised:
        read_application(apply(**changes), at=NOW)
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize("name", ["root", "guarantor"])
def test_nobody_is_called_as_the_guarantor_s_own_logs_are(name: str) -> None:
    with pytest.raises(ApplicationInvalid, match=f"id cannot be '{name}': the guarantor's own log is called that"):
        read_application(apply(id=name), at=NOW)


@pytest.mark.parametrize("identifier", ["VATDE-123456789", "LEIXG-529900T8BM49AURSDO55", "SI:SE-1", "NTRSE-TEST-x"])
def test_the_forms_of_an_identifier(identifier: str) -> None:
    assert read_application(apply(identifier=identifier), at=NOW).identifier == identifier


@pytest.mark.parametrize("markets", [(), ("XX",), ("SE", "se")])
def test_a_market_is_a_known_jurisdiction(markets: tuple[str, ...]) -> None:
    with pytest.raises(UnknownJurisdiction):
        read_application(apply(markets=markets), at=NOW)


def test_an_ai_system_is_read_as_strictly() -> None:
    found = read_ai_system(ref="hedda-2", name="Hedda", provider="Exempel AI", model=None)
    assert found == AiSystem(ref="hedda-2", name="Hedda", provider="Exempel AI", model=None, active=True)
    for wrong in ({"ref": "He dda"}, {"name": ""}, {"provider": "\n"}, {"model": "x" * 121}):
        values: dict[str, Any] = {"ref": "hedda", "name": "Hedda", "provider": None, "model": None}
        with pytest.raises(ApplicationInvalid, match=next(iter(wrong))):
            read_ai_system(**(values | wrong))


@given(st.text(max_size=130))
def test_what_is_taken_as_text_is_one_bounded_line(text: str) -> None:
    try:
        check_text("it", text)
    except ApplicationInvalid:
        return
    assert 1 <= len(text) <= 120
    assert len(text.splitlines()) == 1
