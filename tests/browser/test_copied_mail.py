"""A mail sealed as HTML, shown in a real browser, copied and pasted into the check: it must be *genuine*."""

import pytest
from playwright.sync_api import Browser

from tests.builders_deployment import Deployment

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]

_MAILS = {
    "paragraphs": "<p>Hej Anna!</p><p>Vi svarar.</p>",
    "divs": "<div>Hej Anna!</div><div>Vi svarar.</div>",
    "an empty div between": "<div>Hej Anna!</div><div><br></div><div>Vi svarar.</div>",
    "line breaks": "Hej Anna!<br>Vi svarar.<br><br>Mvh",
    "a list": "<p>Tre saker:</p><ul><li>Ett</li><li>Två</li></ul><p>Mvh</p>",
    "a table": "<p>Hej</p><table><tr><td>Belopp</td><td>100 kr</td></tr><tr><td>Dag</td><td>1 dec</td></tr></table>Mvh",
    "a table for layout": "<table><tr><td><h1>Hej Anna!</h1><p>Vi svarar.</p></td></tr></table>",
    "a heading": "<h2>Ditt ärende</h2><p>Vi svarar.</p>",
    "a link": "<p>Hej. <a href='https://exempelbanken.example/x'>Läs mer</a></p>",
    "a rule": "<p>A</p><hr><p>B</p>",
    "no-break spaces": "<p>100&nbsp;000&nbsp;kr</p>",
    "a picture": '<p>Hej<img src="x.png" alt="logo"> Anna</p>',
    "a quotation": "<p>A</p><blockquote>B</blockquote><p>C</p>",
    "a paragraph after a div": "<div>Hej Anna!</div><p>Vi svarar.</p>",
}


@pytest.mark.parametrize("html", _MAILS.values(), ids=_MAILS)
def test_a_mail_copied_from_a_browser_is_genuine(deployment: Deployment, browser: Browser, html: str) -> None:
    page = browser.new_page()
    code = deployment.sign(text=None, html=html, channel="email").get_json()["code"]
    page.set_content(f"<html><body>{html}<p>Sigill {code}</p></body></html>")
    copied = page.evaluate(
        "() => { const all = getSelection(); all.selectAllChildren(document.body); return all.toString() }"
    )
    page.close()
    verdict = deployment.verify(text=copied)
    assert (verdict["answer"], verdict["reason"]) == ("genuine", "genuine"), repr(copied)
