"""Finding a seal or a code in what a customer brought. Total: only what was said to be a seal can be malformed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigill.errors import MalformedSeal
from sigill.report.find import MAX_CODES, Found, find_in_text
from sigill.text.carrier import embed
from sigill.text.codes import Code, format_code
from sigill.vocabulary import Channel
from tests.builders_seal import make_case
from verification.errors import NothingToVerify
from verification.find import Brought, find_seal

CODE = Code("7K3F9Q2MXT4B")
OTHER = Code("0123456789AB")
SHOWN = format_code(CODE)
CASE = make_case()


@pytest.mark.parametrize(
    ("brought", "code"),
    [
        (Brought(code=SHOWN), CODE),
        (Brought(code=f" {SHOWN.lower()} "), CODE),
        (Brought(code="7K3F"), None),
        (Brought(link=f"https://sigill.example/s/{CODE}"), CODE),
        (Brought(link=f" http://127.0.0.1:8000/s/{SHOWN}/ "), CODE),
        (Brought(link=f"/s/{CODE}"), CODE),
        (Brought(link=f"/s/{'U' * 12}"), None),
        (Brought(link=f"https://sigill.example/x/{CODE}"), None),
        (Brought(text=SHOWN), CODE),
        (Brought(text=f"https://sigill.example/s/{CODE}"), CODE),
        (Brought(text=f"Sigill {SHOWN}"), CODE),
    ],
)
def test_a_code_or_link_alone_is_a_code_without_a_text(brought: Brought, code: Code | None) -> None:
    assert find_seal(brought) == Found(codes=() if code is None else (code,))


@pytest.mark.parametrize(
    "text",
    [
        f"Hej!\nSigill {SHOWN}",
        f"Hej!\nsigill: {SHOWN.lower()}",
        f"> Hej!\n> Sigill {SHOWN}\n\nMvh",
        f"Hej! Se https://sigill.example/s/{SHOWN} nu",
        embed("Hej!", CODE, channel=Channel.CHAT),
        embed("Hej!", CODE, channel=Channel.CHAT).replace(f"Sigill {SHOWN}", ""),
    ],
)
def test_a_code_is_found_in_a_text_and_the_whole_text_is_compared(text: str) -> None:
    assert find_in_text(text) == Found(codes=(CODE,), text=text)


def test_a_thread_of_messages_has_its_codes_in_order_and_not_too_many() -> None:
    thread = f"Hej!\nSigill {format_code(OTHER)}\n> Hej!\n> Sigill {SHOWN}\n> > Sigill {SHOWN}"
    assert find_in_text(thread).codes == (OTHER, CODE)
    many = "\n".join(f"Sigill {number:04}-0000-0000" for number in range(20))
    assert len(find_in_text(many).codes) == MAX_CODES


@pytest.mark.parametrize(
    "text", ["Hej!", "Sigillet 7K3F-9Q2M-XT4B", "Sigill 7K3F-9Q2M-XT4BX", "kund fick hjäl", "ABCD EFGH JKMN"]
)
def test_a_text_without_a_code_is_a_text(text: str) -> None:
    assert find_in_text(text) == Found(text=text)


def test_a_seal_in_a_text_is_read_and_the_rest_compared() -> None:
    assert find_in_text(f"Hej!\n\n{CASE.seal}\n") == Found(seal=CASE.parsed, text="Hej!\n\n\n")
    assert find_in_text(f" {CASE.seal}") == Found(seal=CASE.parsed)
    assert find_seal(Brought(seal=f"\n{CASE.seal} ")) == Found(seal=CASE.parsed)


def test_a_broken_seal_is_malformed_only_where_it_was_said_to_be_one() -> None:
    broken = CASE.seal.replace("~", "~AAAA~", 1)
    with pytest.raises(MalformedSeal):
        find_seal(Brought(seal=broken))
    assert find_in_text(broken) == Found(text=broken, broken=True)


@pytest.mark.parametrize("brought", [Brought(), Brought(code="x", text="y"), Brought(seal="x", link="y")])
def test_exactly_one_thing_is_looked_at(brought: Brought) -> None:
    with pytest.raises(NothingToVerify):
        find_seal(brought)


@given(st.text() | st.text("Sigill /s/:-\ufeff\ufe0f7K3FeyJ.~\n"))
def test_no_text_code_or_link_makes_it_fail(text: str) -> None:
    for brought in (Brought(text=text), Brought(code=text), Brought(link=text)):
        found = find_seal(brought)
        assert found.seal is None
