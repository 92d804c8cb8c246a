"""docs/first-live-seal.md, command by command: real processes, a real name server, a register over HTTP."""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.builders_bind import Bind, bind
from tests.builders_desk_walk import DeskBrowser
from tests.builders_walk import Walk, blocks_of, make_walk
from tests.builders_web import check_page
from tests.registry.asking.builders_playing import Play, playing
from tests.registry.checks.builders_registers import lei_record

pytestmark = [pytest.mark.slow, pytest.mark.servers]

PAGE = "docs/first-live-seal.md"
LEI = "EXEMPELBANKENAB00039"
BANK = {
    "legalName": {"name": "Exempelbanken AB", "language": "sv"},
    "legalAddress": {"city": "Stockholm", "country": "SE", "mailRouting": None},
    "registeredAt": {"id": "RA000544", "other": None},
    "registeredAs": "556036-0793",
    "jurisdiction": "SE",
}
ZONE = "exempelbanken.se"
CASE = "/desk/operators/exempelbanken-ab"


def changed_for_a_test(url: str, resolvers: Sequence[Bind], gleif: str) -> Mapping[str, str]:
    """Return what the page says that is another thing on one machine, and what it is there."""
    official = "SIGILL_GLEIF=official SIGILL_VIES=official SIGILL_ENHETSREGISTERET=official"
    return {
        "SIGILL_PUBLIC_URL=https://sigill.example": f"SIGILL_PUBLIC_URL={url}",
        "SIGILL_URL=https://sigill.example": f"SIGILL_URL={url}",
        "9.9.9.9 1.1.1.1 8.8.8.8": " ".join(f"{each.server.address}:{each.server.port}" for each in resolvers),
        official: f"SIGILL_GLEIF={gleif}",
    }


def publish(walk: Walk, resolvers: Sequence[Bind]) -> None:
    """Publish the record of the application, as whoever looks after the domain does."""
    applied = json.loads((walk.home("bank") / "exempelbanken-live" / "application.json").read_text())
    record = applied["domains"][0]["record"]
    for each in resolvers:
        each.change(ZONE, [f'{record["name"]}. IN TXT "{record["text"]}"'])


def confirm_at_the_desk(url: str, link: str) -> str:
    """Make a passkey with the link, and confirm what waits; return the page that follows."""
    browser = DeskBrowser(url)
    browser.enrol(link)
    assert CASE in browser.open("/desk/queue")
    case = browser.open(CASE)
    assert "register, domain and licence agree" in case
    (number,) = {item["value"] for item in check_page(case).all("input") if item.get("name") == "number"}
    return browser.press(case, f"{CASE}/confirmation", number=number)


def answers_in(printed: str) -> list[dict[str, Any]]:
    """Return the JSON answers that curl printed, one a line."""
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


def read_page(url: str, form: Mapping[str, str] | None = None) -> str:
    """Return the words of a page, or of what follows a form, as a browser gets them."""
    data = None if form is None else urlencode(form).encode()
    asked = Request(url, data, {"Accept": "text/html", "Accept-Language": "en"})  # noqa: S310 - loopback
    with urlopen(asked, timeout=30) as answer:  # noqa: S310 - loopback
        return check_page(answer.read().decode()).text


@pytest.mark.timeout(900)  # some thirty processes, one after the other
def test_a_bank_comes_from_nothing_to_a_live_seal_by_the_page_alone(tmp_path: Path) -> None:
    register = Play(body=json.dumps(lei_record(lei=LEI, entity=BANK)).encode())
    walk, port = make_walk(tmp_path, {"SIGILL_OWN_NETWORKS": "127.0.0.0/8"})
    url = f"http://localhost:{port}"
    with ExitStack() as stack:
        resolvers = [stack.enter_context(bind(tmp_path / f"bind-{each}", {ZONE: []})) for each in range(3)]
        gleif = stack.enter_context(playing(register)).base_url
        typed = iter(blocks_of(PAGE, changed_for_a_test(url, resolvers, gleif)))
        walk.type(next(typed))
        said = stack.enter_context(walk.service(port))

        walk.type(next(typed))
        assert "only trying out the service" in walk.type(next(typed))

        assert "exempelbanken-ab (live): applied" in walk.type(next(typed))
        publish(walk, resolvers)
        domain, registers, standing = answers_in(walk.type(next(typed)))
        assert (domain["outcome"], registers["checks"][0]["outcome"]) == ("passed", "passed")
        assert [each["need"] for each in standing["missing"]] == ["licence"]

        queue, licence, proposal = answers_in(walk.type(next(typed)))
        assert [each["operator"] for each in queue["applications"]] == ["exempelbanken-ab"]
        assert (licence["outcome"], proposal["status"], proposal["persons"]) == ("passed", "open", 2)
        link = walk.type(next(typed)).strip()
        assert "verified" in check_page(confirm_at_the_desk(url, link)).text.lower()

        walk.type(next(typed))
        checked = walk.type(next(typed))
        assert "This message is genuine" in checked
        assert "Exempelbanken AB" in checked
        message = (walk.home("bank") / "sealed" / "message.txt").read_text()
        shown = read_page(f"{url}/check", {"message": message, "lang": "en"})
        assert "This message is genuine" in shown
        assert "Exempelbanken AB" in read_page(f"{url}/registry/operators/exempelbanken-ab")
        assert list(typed) == []
    assert "Traceback" not in said.read_text()
