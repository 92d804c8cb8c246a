"""The result page: every reason in every language, and what it may and may not say."""

import html
from dataclasses import replace
from datetime import timedelta

import pytest

from registry.model import EvidenceKind
from sigill.report.answers import Answer, Reason
from sigill.report.checks import Detail
from sigill.report.standing import Standing, State
from sigill.report.words import words
from sigill.seal.claims import SealClaims
from sigill.seal.token import parse_seal
from sigill.vocabulary import AttestationLevel, Authorship, Language, Role
from tests.builders_deployment import Deployment
from tests.builders_seal import NOW, TEXT, MemorySigner, make_actor, make_case
from tests.builders_web import ANSWERS, DECISION, bank, check_page, evidence, site, verdict_for, verdict_of
from tests.builders_web import Site as WebSite

HOSTILE = "</textarea><script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_page_in_every_language(reason: Reason, language: Language) -> None:
    answered = site(verdict_for(reason)).check(message=TEXT + HOSTILE, recipient="anna@example.se", lang=language)
    text = answered.get_data(as_text=True)
    page = check_page(text, language=language)
    speech = words(language)
    for said in (speech.answer(ANSWERS[reason]), speech.reason(reason).headline, speech.reason(reason).next):
        assert said in page.text
    assert answered.status_code == 200
    assert answered.headers["Content-Language"] == language
    assert "{" not in page.text.replace("{“", "")
    assert len(text.encode()) < 100_000


def test_what_was_pasted_is_shown_as_text_only() -> None:
    case = make_case(TEXT + HOSTILE)
    verdict = verdict_of(case.judge(text="before <b>\n\n" + TEXT + HOSTILE + "\n\nafter <i>"))
    assert verdict.report.reason is Reason.PARTLY_COVERED
    text = site(verdict).check(message=TEXT + HOSTILE, recipient="", reference='"><script>').get_data(as_text=True)
    page = check_page(text)
    assert "<script" not in text
    assert "<b>" not in text
    assert HOSTILE in page.text


def test_a_hostile_operator_name_is_shown_as_text_only() -> None:
    def rename(claims: SealClaims) -> SealClaims:
        return replace(claims, op=replace(claims.op, name="<script>{time}</script>"))

    text = site(verdict_of(make_case(change=rename).judge())).check(message=TEXT).get_data(as_text=True)
    assert "<script" not in text
    assert "<script>{time}</script> says an AI system" in check_page(text).text


def test_the_date_leads_the_answer_and_names_its_zone() -> None:
    page = check_page(site(verdict_for(Reason.GENUINE)).check(message=TEXT).get_data(as_text=True))
    sealed = page.text.index("Sealed 22 November 2026, 13:00 (Central European Standard Time)")
    assert sealed < page.text.index("This message is genuine", page.text.index("Skip to the content"))
    assert "Checked 22 November 2026" in page.text


def test_a_message_sealed_afterwards_says_when_it_was_sent() -> None:
    case = make_case(change=lambda claims: replace(claims, sent=NOW - timedelta(hours=3), late=True))
    page = check_page(
        site(verdict_of(case.judge())).check(message=TEXT, lang="sv").get_data(as_text=True), language="sv"
    )
    assert "22 november 2026, 10:00" in page.text
    assert "22 november 2026, 13:00" in page.text


def test_a_genuine_answer_says_who_how_what_is_owed_and_why() -> None:
    text = site(verdict_for(Reason.GENUINE)).check(message=TEXT).get_data(as_text=True)
    page = check_page(text)
    for said in (
        "Exempelbanken says an AI system wrote and sent this; no person approved it.",
        "For this we have only the sender's word.",
        "It was made for the number or address you gave.",
        "A complaint",
        "as Exempelbanken states it",
        "exempel-assistent",
        "let you reach a person",
        "within 3 min",
        "at once",
        "A person decides.",
        "AI Act, Art. 50(1)",
        "own-choice",
        "Covered by the seal",
        "se-bank",
        "c2sp.org/tlog-proof" if "c2sp.org" in text else "01JD8Z6Q2V4T7M9K3C5B1A0XYZ",
    ):
        assert said in page.text, said
    assert "It does not show that the message you got is genuine." not in page.text
    assert "/registry/operators/exempelbanken" in text
    assert page.names("textarea") == []


def test_a_code_alone_reveals_operator_authorship_channel_and_date_only() -> None:
    verdict = verdict_of(make_case().judge(text=None, recipient=None, found_by_code=True))
    assert verdict.report.reason is Reason.GIVE_CONTENT_AND_RECIPIENT
    answered = site(verdict).client.get("/s/7k3f9q2mxt4b")
    text = answered.get_data(as_text=True)
    page = check_page(text)
    for said in ("Exempelbanken", "no person approved it", "Chat", "22 November 2026", "7K3F-9Q2M-XT4B"):
        assert said in page.text or said in text, said
    for kept in (
        "A complaint",
        "exempel-assistent",
        "General information",
        "Purpose",
        "se-bank",
        "eyJ",
        "A person decides",
    ):
        assert kept not in page.text, kept
    assert answered.headers["X-Robots-Tag"] == "noindex"
    assert 'content="noindex"' in text
    assert 'value="7K3F-9Q2M-XT4B"' in text


def test_unknown_and_malformed_codes_look_alike() -> None:
    unknown = WebSite(lambda _: verdict_for(Reason.CODE_UNKNOWN))
    pages = [unknown.client.get(f"/s/{code}") for code in ("7K3F-9Q2M-XT4B", "!", "x" * 900)]
    assert {page.status_code for page in pages} == {200}
    shown = {check_page(page.get_data(as_text=True)).text.replace("7K3F-9Q2M-XT4B", "") for page in pages[1:]}
    assert len(shown) == 1
    assert all("We do not know this code" in page.get_data(as_text=True) for page in pages)


def test_altered_words_are_described_as_the_seals_not_the_messages() -> None:
    verdict = verdict_of(make_case().judge(text="Send money"))
    assert verdict.report.answer is Answer.NOT_GENUINE
    page = check_page(site(verdict).check(message="Send money").get_data(as_text=True))
    assert "This describes the seal. It does not show that the message you got is genuine." in page.text
    assert "This message is not genuine. Do not go on." in page.text
    assert "A complaint" not in page.text
    assert "What failed" in page.text
    assert page.text.index("What failed") < page.text.index("What was proven")


def test_nothing_is_said_of_the_sender_of_a_forged_seal() -> None:
    case = make_case()
    forged = replace(case, trust=make_case(signer=MemorySigner(9)).trust)
    verdict = verdict_of(forged.judge(), operator=None, decision=None, decided=None)
    assert verdict.report.proven is None
    page = check_page(site(verdict).check(message=TEXT).get_data(as_text=True))
    for hidden in ("Exempelbanken", "What the seal says", "22 November 2026, 13:00 (Central European Standard Time)A"):
        assert hidden not in page.text.replace(TEXT, "")


def test_what_the_seal_does_not_cover_is_marked() -> None:
    verdict = verdict_of(make_case().judge(text=f"Hi!\n\n{TEXT}\n\nCall 0900!"))
    text = site(verdict).check(message="x").get_data(as_text=True)
    assert text.count("Not covered by the seal") == 2
    assert text.index("Not covered") < text.index("Covered by the seal</figcaption>")


def test_a_step_left_keeps_what_was_written() -> None:
    asked = site(verdict_of(make_case().judge(recipient=None)))
    text = asked.check(message=f"\n{TEXT}", recipient="").get_data(as_text=True)
    assert f"\n\n{html.escape(TEXT)}</textarea>" in text
    assert 'action="/check"' in text


def test_a_lone_code_moves_to_its_own_field_so_that_the_message_can_be_pasted() -> None:
    asked = site(verdict_of(make_case().judge(text=None, recipient=None)))
    text = asked.check(message=" 7K3F-9Q2M-XT4B ", recipient="anna@example.se").get_data(as_text=True)
    assert 'name="reference" value="7K3F-9Q2M-XT4B"' in text
    assert ">\n</textarea>" in text
    assert 'name="recipient" value="anna@example.se"' in text


@pytest.mark.parametrize("level", AttestationLevel)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("by", Authorship)
def test_authorship_is_said_no_surer_than_it_is(by: Authorship, role: Role, level: AttestationLevel) -> None:
    def change(claims: SealClaims) -> SealClaims:
        return replace(claims, att=replace(claims.att, lvl=level), auth=replace(claims.auth, role=role))

    page = check_page(
        site(verdict_of(make_case(by=by, change=change).judge())).check(message=TEXT).get_data(as_text=True)
    )
    only_word = level is AttestationLevel.C or role is Role.PEER
    assert ("only the sender's word" in page.text) is only_word
    assert ("does not speak for" in page.text) is (role is Role.PEER)
    assert words(Language.EN).author(by) in page.text
    assert ".." not in page.text


def test_what_changed_since_and_what_is_made_up_is_said() -> None:
    suspended = bank(history=(*bank().history, replace(bank().history[-1], state=State.SUSPENDED)))
    report = make_case().judge(standing=Standing(State.VERIFIED, State.SUSPENDED))
    page = check_page(site(verdict_of(report, operator=suspended)).check(message=TEXT).get_data(as_text=True))
    assert "Standing now: Suspended" in page.text
    played = bank(evidence=(evidence("E", EvidenceKind.DEMONSTRATION, days=9),))
    page = check_page(site(verdict_of(make_case().judge(), operator=played)).check(message=TEXT).get_data(as_text=True))
    assert "Nobody has checked this identity." in page.text


def test_a_test_seal_says_so() -> None:
    verdict = verdict_of(make_case(test=True).judge(), operator=None)
    text = site(verdict).check(message=TEXT).get_data(as_text=True)
    assert "This sender is only trying out the service." in text
    assert "<strong>Test</strong>" in text
    assert "/registry/operators/" not in text


def test_the_page_names_who_sealed_for_the_sender_and_whose_the_ai_system_is() -> None:
    def change(claims: SealClaims) -> SealClaims:
        assert claims.ai is not None
        return replace(claims, act=make_actor(), ai=replace(claims.ai, of_actor=True))

    page = check_page(site(verdict_of(make_case(change=change).judge())).check(message=TEXT).get_data(as_text=True))
    assert "Sent for Exempelbanken by Kundsvar, under a mandate since" in page.text
    assert "Kundsvar runs this system." in page.text
    assert make_actor().mandate in page.text
    plain = check_page(site(verdict_of(make_case().judge())).check(message=TEXT).get_data(as_text=True))
    assert "mandate" not in plain.text.lower()
    assert "runs this system" not in plain.text


def test_a_decision_with_odd_members_is_shown_as_far_as_it_is_understood() -> None:
    odd = DECISION | {"rules": [], "obl": [{"id": 1}, {}, {"id": "new_duty", "basis": "odd", "minutes": True}]}
    verdict = verdict_of(make_case(by=Authorship.HUMAN).judge(), decision=odd, decided=None)
    page = check_page(site(verdict).check(message=TEXT).get_data(as_text=True))
    assert "new duty" in page.text


def test_without_a_decision_nothing_is_owed() -> None:
    case = make_case(change=lambda claims: replace(claims, conv=None))
    verdict = verdict_of(case.judge(), decision=None, decided=None, receipt=case.receipt)
    page = check_page(site(verdict).check(message=TEXT).get_data(as_text=True))
    assert "What the sender owes you" not in page.text
    assert "c2sp.org/tlog-proof@v1" in page.text


def test_an_ai_system_is_named_without_a_maker_it_does_not_state() -> None:
    def change(claims: SealClaims) -> SealClaims:
        assert claims.ai is not None
        return replace(claims, ai=replace(claims.ai, provider=None, model=None))

    text = site(verdict_of(make_case(change=change).judge())).check(message=TEXT).get_data(as_text=True)
    assert "exempel-assistent" in text
    assert "Exempel AB" not in text


def test_half_a_seal_is_said_to_be_unreadable(deployment: Deployment) -> None:
    half = make_case().seal[:-20]
    answered = deployment.client.post("/check", data={"reference": half, "message": TEXT})
    assert "The seal is not whole" in answered.get_data(as_text=True)
    assert parse_seal(make_case().seal)


def test_every_answer_has_its_own_shape() -> None:
    shapes = set()
    for reason in (Reason.GENUINE, Reason.GIVE_CONTENT, Reason.TEXT_ALTERED, Reason.UNSIGNED):
        text = site(verdict_for(reason)).check(message=TEXT).get_data(as_text=True)
        shapes.add(text.partition('class="icon mark"')[2].partition("</svg>")[0])
    assert len(shapes) == 4
    assert all(shapes)
    verdict = verdict_for(Reason.GENUINE)
    call = replace(verdict, report=replace(verdict.report, answer=Answer.NOT_US_NOT_NOW))
    text = site(call).check(message=TEXT).get_data(as_text=True)
    assert text.partition('class="icon mark"')[2].partition("</svg>")[0] not in shapes


def test_details_of_every_check_are_shown() -> None:
    page = check_page(site(verdict_of(make_case().judge())).check(message=TEXT).get_data(as_text=True))
    for detail in (Detail.IN_THE_LOG, Detail.LINKS_NOT_GIVEN, Detail.NOT_WITNESSED_YET):
        assert words(Language.EN).detail(detail) in page.text
