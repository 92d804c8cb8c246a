"""The customer's page of a withdrawn message: the day comes first, in her language."""

from dataclasses import replace

import pytest

from sigill.report.answers import Answer, Reason
from sigill.report.words import words
from sigill.vocabulary import Language
from tests.builders_seal import NOW, make_case
from tests.builders_web import ZONE, check_page, site, verdict_of
from web.dates import tell_day

_REPORT = replace(make_case().judge(), answer=Answer.NOT_GENUINE, reason=Reason.WITHDRAWN)


@pytest.mark.parametrize("language", list(Language))
def test_the_headline_says_when_it_was_withdrawn(language: Language) -> None:
    shown = site(verdict_of(replace(_REPORT, withdrawn_at=NOW))).check(message="x", lang=language.value)
    page = check_page(shown.get_data(as_text=True), language=language.value)
    day = tell_day(NOW, language=language, zone=ZONE)
    assert words(language).label("withdrawn_on", time=day) in page.text
    assert words(language).reason(Reason.WITHDRAWN).why in page.text


def test_without_a_day_the_headline_is_the_reasons_own() -> None:
    shown = site(verdict_of(_REPORT)).check(message="x", lang="en")
    assert words(Language.EN).reason(Reason.WITHDRAWN).headline in shown.get_data(as_text=True)
