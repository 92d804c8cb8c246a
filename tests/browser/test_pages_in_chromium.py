"""The customer's pages in a real browser: nothing leaves the machine, and everybody can use them."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from sigill.vocabulary import Language
from tests.builders_deployment import Deployment, deploy

pytestmark = pytest.mark.servers

_RECIPIENT: Final = "+46701740605"
_LOWEST_CONTRAST: Final = 4.5
_BUTTON: Final = "button.primary"

Scheme = Literal["light", "dark"]

_CONTRAST: Final = """() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!(own || element.matches('input, textarea')) || !element.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(getComputedStyle(element).fontSize);
    found.push({what: element.tagName + ' ' + element.textContent.trim().slice(0, 40), ratio, size});
  }
  return found;
}"""

_OVERFLOWING: Final = """() => [...document.querySelectorAll('body *')]
  .filter(e => !e.matches('textarea, input, pre, pre *, svg, svg *, .skip') && e.checkVisibility())
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1
    || (e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1))
  .map(e => e.tagName + ' ' + e.className + ' ' + e.textContent.trim().slice(0, 40))"""


@dataclass(frozen=True)
class Running:
    """A service listening on this machine, with one sealed message bound to one phone number."""

    url: str
    text: str
    code: str


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    deployment: Deployment = deploy(tmp_path_factory.mktemp("service"))
    sealed: dict[str, Any] = deployment.sign(
        authorship="ai", ai={"system": "saga"}, recipient=_RECIPIENT, language="sv"
    ).get_json()
    server = make_server("127.0.0.1", 0, deployment.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Running(f"http://127.0.0.1:{server.server_port}", sealed["embedded_text"], sealed["code"])
    server.shutdown()
    thread.join()
    server.server_close()
    deployment.services.engine.dispose()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test for a word on the console or a request to anywhere else."""
    opened = browser.new_page(viewport={"width": 1200, "height": 800}, locale="en-GB")
    said: list[str] = []
    asked: set[str | None] = set()
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
    yield opened
    opened.close()
    assert said == []
    assert asked == {"127.0.0.1"}


def _check(page: Page, service: Running, *, text: str, recipient: str = "", language: str = "en") -> None:
    page.goto(f"{service.url}/?lang={language}")
    _send(page, text=text, recipient=recipient)


def _send(page: Page, *, text: str, recipient: str) -> None:
    page.fill("#message", text)
    page.fill("#recipient", recipient)
    with page.expect_navigation():
        page.click(_BUTTON)


def _visit_all(page: Page, service: Running, language: str) -> Iterator[str]:
    """Yield the name of each page while it is open."""
    for name, path in {
        "verify": "/",
        "code": f"/s/{service.code}",
        "operator": "/registry/operators/exempelbanken",
    }.items():
        page.goto(f"{service.url}{path}?lang={language}")
        yield name
    wordings = {
        "genuine": (service.text, _RECIPIENT),
        "step": (service.text, ""),
        "partly": (f"Hi\n\n{service.text}\n\nCall us", _RECIPIENT),
        "altered": (service.text.replace("9", "8"), _RECIPIENT),
        "unsigned": ("x" * 400, ""),
        "empty": ("", ""),
        "faulty": ("x", "nobody"),
    }
    for name, (text, recipient) in wordings.items():
        _check(page, service, text=text, recipient=recipient, language=language)
        yield name


def test_a_message_is_checked_from_the_first_page_to_the_answer(page: Page, service: Running) -> None:
    _check(page, service, text=service.code)
    assert page.inner_text("h1") == "One step left"
    _send(page, text=service.text, recipient=_RECIPIENT)
    assert page.inner_text("h1") == "This message is genuine"
    assert page.url == f"{service.url}/check"


def test_what_a_browser_sends_is_still_exactly_what_was_sealed(page: Page, service: Running) -> None:
    _check(page, service, text=service.text, recipient=_RECIPIENT)
    assert "Every character is the same, even the spaces." in page.inner_text("main")


def test_everything_can_be_done_with_the_keyboard_alone(page: Page, service: Running) -> None:
    page.goto(service.url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "message"
    page.keyboard.insert_text(service.text)
    page.keyboard.press("Tab")
    page.keyboard.type(_RECIPIENT)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.parentElement.className") == "claimed"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "primary"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.inner_text("h1") == "This message is genuine"


def test_the_language_of_an_answer_can_be_changed(page: Page, service: Running) -> None:
    _check(page, service, text=service.text, recipient=_RECIPIENT)
    page.click(".languages summary")
    with page.expect_navigation():
        page.click(".languages button[lang=sv]")
    assert page.get_attribute("html", "lang") == "sv"
    assert page.locator(".answer.genuine").count() == 1
    assert page.url == f"{service.url}/check"


@pytest.mark.parametrize("language", Language)
def test_nothing_is_wider_than_a_small_screen(page: Page, service: Running, language: Language) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    for name in _visit_all(page, service, language):
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        page.evaluate("document.querySelectorAll('details').forEach(item => { item.open = true })")
        assert page.evaluate(_OVERFLOWING) == [], name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_large_and_stands_out(page: Page, service: Running, scheme: Scheme) -> None:
    page.emulate_media(color_scheme=scheme)
    for name in _visit_all(page, service, "en"):
        page.evaluate("document.querySelectorAll('details').forEach(item => { item.open = true })")
        found = page.evaluate(_CONTRAST)
        assert [item for item in found if item["ratio"] < _LOWEST_CONTRAST] == [], name
        assert [item for item in found if item["size"] < 18] == [], name


def test_buttons_and_links_in_lists_are_large_enough_to_hit(page: Page, service: Running) -> None:
    for name in _visit_all(page, service, "en"):
        box = page.locator("button.primary, a.another").first.bounding_box()
        assert box is not None, name
        assert box["height"] >= 44, name


def test_a_printed_answer_leaves_out_what_paper_cannot_do(page: Page, service: Running, tmp_path: Path) -> None:
    _check(page, service, text=service.text, recipient=_RECIPIENT)
    page.emulate_media(media="print")
    assert page.locator(".answer").is_visible()
    assert not page.locator(".languages").is_visible()
    page.pdf(path=tmp_path / "answer.pdf")
    assert (tmp_path / "answer.pdf").read_bytes().startswith(b"%PDF")
