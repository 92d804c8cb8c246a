"""The site around the answers: the form, headers, languages, static files, and what goes wrong."""

import logging
import re
from pathlib import Path

import pytest

from sigill.report.answers import Reason
from sigill.report.words import words
from sigill.vocabulary import Language
from tests.builders_seal import ISSUER, TEXT, make_case
from tests.builders_web import Site, bank, check_page, site, verdict_for
from transparency.errors import StoreUnavailable
from verification.find import Brought
from verification.service import Verdict, VerifyRequest

_TEMPLATES = Path(__file__).parents[2] / "web/templates"
_MODULES = Path(__file__).parents[2] / "web"
_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


@pytest.fixture
def pages() -> Site:
    return site(verdict_for(Reason.GENUINE))


@pytest.mark.parametrize("language", Language)
def test_the_verify_page_is_whole_in_every_language(pages: Site, language: Language) -> None:
    answered = pages.client.get("/", headers={"Accept-Language": f"{language}, en;q=0.1"})
    page = check_page(answered.get_data(as_text=True), language=language)
    label = words(language).label
    for key in ("verify_title", "text_label", "recipient_label", "check_button", "where_1", "where_2", "where_3"):
        assert label(key) in page.text
    assert label("no_calls") in page.text
    assert ISSUER.removeprefix("https://") in page.text
    assert label("demonstration") not in page.text


def test_a_demonstration_says_so_on_every_page(pages: Site) -> None:
    pages.demonstration = True
    for path in ("/", "/s/7K3F9Q2MXT4B", "/static/none"):
        assert "This is a demonstration." in pages.client.get(path).get_data(as_text=True)


def test_pages_are_strict_about_what_they_load_and_whom_they_tell(pages: Site) -> None:
    for answered in (pages.client.get("/"), pages.check(message=TEXT), pages.client.get("/s/x")):
        assert answered.headers["Content-Security-Policy"] == _CSP
        assert answered.headers["Referrer-Policy"] == "no-referrer"
        assert answered.headers["Vary"] == "Accept-Language"
        assert answered.headers["X-Content-Type-Options"] == "nosniff"
        assert answered.content_type == "text/html; charset=utf-8"


def test_answers_are_not_kept_and_not_indexed(pages: Site) -> None:
    assert pages.client.get("/").headers["Cache-Control"] == "no-cache"
    assert "X-Robots-Tag" not in pages.client.get("/").headers
    for answered in (pages.check(message=TEXT), pages.client.get("/s/x"), pages.check(message="")):
        assert answered.headers["Cache-Control"] == "no-store"
        assert answered.headers["X-Robots-Tag"] == "noindex"


def test_a_chosen_language_is_kept(pages: Site) -> None:
    text = pages.client.get("/?lang=fi", headers={"Accept-Language": "sv"}).get_data(as_text=True)
    check_page(text, language="fi")
    assert 'href="/?lang=fi"' in text
    assert '<input type="hidden" name="lang" value="fi">' in text
    assert 'href="?lang=de"' in text
    answered = pages.check(message=TEXT, lang="de").get_data(as_text=True)
    check_page(answered, language="de")
    assert '"/registry/operators/exempelbanken?lang=de"' in answered
    check_page(pages.client.get("/?lang=xx").get_data(as_text=True), language="en")


def test_changing_the_language_of_an_answer_puts_nothing_into_an_address(pages: Site) -> None:
    text = pages.check(message=TEXT, recipient="anna@example.se").get_data(as_text=True)
    page = check_page(text)
    hidden = {item["name"]: item["value"] for item in page.all("input") if item.get("type") == "hidden"}
    unsaid = dict.fromkeys(("reference", "sender", "came", "day"), "")
    assert hidden == {"message": TEXT, "recipient": "anna@example.se"} | unsaid
    assert 'href="?lang' not in text


@pytest.mark.parametrize("fields", [{}, {"message": " \n "}, {"message": "", "recipient": "anna@example.se"}])
def test_an_empty_form_is_asked_for_again(pages: Site, fields: dict[str, str]) -> None:
    answered = pages.check(**fields)
    page = check_page(answered.get_data(as_text=True))
    assert answered.status_code == 200
    assert "Paste a message first, or write a code." in page.text
    assert [item["aria-invalid"] for item in page.all("textarea")] == ["true"]
    assert pages.asked == []


def test_what_is_no_address_is_asked_for_again_with_everything_kept(pages: Site) -> None:
    text = pages.check(message=TEXT, recipient="Anna", reference="7K3F-9Q2M-XT4B").get_data(as_text=True)
    page = check_page(text)
    assert "This is neither a phone number nor an e-mail address." in page.text
    assert TEXT in page.text
    assert 'value="Anna"' in text
    assert 'value="7K3F-9Q2M-XT4B"' in text
    assert pages.asked == []


@pytest.mark.parametrize(
    ("reference", "brought"),
    [
        ("", Brought(text="Hej\nSigill 7K3F-9Q2M-XT4B")),
        ("7K3F 9Q2M XT4B", Brought(code="7K3F 9Q2M XT4B")),
        ("sigill: 7K3F-9Q2M-XT4B", Brought(code="7K3F-9Q2M-XT4B")),
        ("https://x.example/s/7K3F9Q2MXT4B", Brought(link="https://x.example/s/7K3F9Q2MXT4B")),
        (make_case().seal, Brought(seal=make_case().seal)),
    ],
)
def test_what_is_brought_is_told_apart(pages: Site, reference: str, brought: Brought) -> None:
    pages.check(message="Hej\r\nSigill 7K3F-9Q2M-XT4B", reference=reference, recipient=" +46 70 174 06 05 ")
    (asked,) = pages.asked
    assert asked.brought == brought
    assert asked.recipient is not None
    assert asked.recipient.normalised == "+46701740605"
    assert asked.content == (None if not reference else "Hej\nSigill 7K3F-9Q2M-XT4B")


def test_a_code_written_where_the_message_belongs_is_no_message(pages: Site) -> None:
    pages.check(message="7K3F-9Q2M-XT4B", reference="7K3F-9Q2M-XT4B")
    assert pages.asked[0].content is None


def test_a_text_that_is_too_long_gets_a_page_that_says_so(pages: Site) -> None:
    answered = pages.check(message="x" * 262_144)
    assert answered.status_code == 413
    assert "The text is too long" in check_page(answered.get_data(as_text=True)).text


def test_opening_the_answers_address_again_leads_to_the_form(pages: Site) -> None:
    answered = pages.client.get("/check")
    assert (answered.status_code, answered.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(("error", "status"), [(RuntimeError("0701234567"), 500), (StoreUnavailable("away"), 503)])
def test_what_goes_wrong_with_us_is_said_and_logged_without_content(
    error: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: VerifyRequest) -> Verdict:
        raise error

    with caplog.at_level(logging.ERROR, logger="sigill.web"):
        answered = Site(fail).check(message="my secret words")
    assert answered.status_code == status
    assert "Do not go on yet" in check_page(answered.get_data(as_text=True)).text
    assert type(error).__name__ in caplog.messages[0]
    assert "secret" not in caplog.text


def test_static_files_are_named_by_their_bytes_and_kept_for_a_year(pages: Site) -> None:
    text = pages.client.get("/").get_data(as_text=True)
    paths = re.findall(r'href="(/static/[^"]+)"', text)
    assert [re.sub(r"-[0-9a-f]{16}", "", path) for path in paths] == ["/static/page.css", "/static/icon.svg"]
    for path in paths:
        answered = pages.client.get(path)
        assert answered.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "url(" not in answered.get_data(as_text=True)
    missing = pages.client.get("/static/page.css")
    assert missing.status_code == 404
    assert "This page does not exist" in missing.get_data(as_text=True)


def test_a_bad_request_is_an_error_page(pages: Site) -> None:
    answered = pages.client.post("/check", data=b"--x\r\nbroken", content_type="multipart/form-data; boundary=x")
    assert answered.status_code in {200, 400}
    check_page(answered.get_data(as_text=True))


def test_every_label_is_used_but_one_that_only_completes_sentences() -> None:
    used = " ".join(path.read_text() for folder in (_TEMPLATES, _MODULES) for path in folder.glob("*.*"))
    labels = words(Language.EN)._sections["labels"]
    assert {key for key in labels if f'"{key}"' not in used} <= {"known_number"}
    assert bank().name
