"""The service's own policies: every decision, dates, Norway, what the files may cite, texts, cases, schema."""

import json
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from policies.library import PolicyLibrary, load_library, read_folder
from sigill.errors import PolicyInvalid
from sigill.policy.cases import Case, run_case
from sigill.policy.decision import Decision
from sigill.policy.errors import EnquiryNotInIndustry
from sigill.policy.facts import ConversationFacts, Facts
from sigill.policy.folder import assemble
from sigill.policy.pack_schema import pack_schema
from sigill.policy.texts import OperatorNames, render_texts
from sigill.policy.words import Basis, Verdict
from sigill.vocabulary import (
    AttestationLevel,
    Authorship,
    Channel,
    Direction,
    Enquiry,
    Industry,
    Language,
    Purpose,
    Role,
)

_FOLDER = Path(__file__).parents[2] / "policies"
_ASSEMBLED = assemble(read_folder(_FOLDER))
_PACKS = sorted(path.stem for path in (_FOLDER / "packs").glob("*.yaml"))

_PLAIN = Facts(
    industry=Industry.BANK,
    jurisdictions=("SE",),
    enquiry=Enquiry.INFORMATIONAL,
    authorship=Authorship.AI,
    channel=Channel.CHAT,
    direction=Direction.INBOUND,
    purpose=Purpose.SERVICE,
    role=Role.OPERATOR,
    language=Language.SV,
    scope=(),
    draft=None,
    disclosure=None,
    attestation=AttestationLevel.C,
    vulnerable=False,
    ai_system_registered=True,
    operator_flags=(),
    assurance_level=2,
    conversation=ConversationFacts(
        first_ai_message=True,
        disclosure_shown=False,
        human_requested_minutes_ago=None,
        last_authorship=None,
        handoff_recorded=False,
    ),
    on=date(2026, 11, 22),
)


@pytest.fixture(scope="session")
def library() -> PolicyLibrary:
    return load_library(_FOLDER)


@pytest.fixture(scope="session")
def decide(library: PolicyLibrary) -> Callable[..., Decision]:
    return lambda **changes: library.decide(replace(_PLAIN, **changes))


def _basis(decision: Decision) -> dict[str, Basis]:
    return {obligation.id: obligation.basis for obligation in decision.obligations}


@pytest.mark.parametrize("case", _ASSEMBLED.cases, ids=lambda case: f"{case.file}:{case.line}")
def test_the_cases_beside_the_packs_hold(case: Case) -> None:
    assert run_case(case, policies=_ASSEMBLED.policies, texts=_ASSEMBLED.texts) == ()


def test_each_of_the_eight_packs_has_at_least_a_dozen_cases() -> None:
    assert sorted(Industry) == _PACKS
    for industry in Industry:
        assert sum(case.facts.industry is industry for case in _ASSEMBLED.cases) >= 12


@pytest.mark.parametrize("industry", Industry)
def test_every_cell_decides_everywhere_and_a_missing_row_lists_the_others(
    decide: Callable[..., Decision], industry: Industry
) -> None:
    cells = _ASSEMBLED.policies.packs[industry].cells
    assert len(cells) >= 11 * 3
    for enquiry, authorship in [*cells, *((Enquiry.UNCLASSIFIED, each) for each in Authorship)]:
        for place in ("SE", "NO", "US-CA", "GB", "CH"):
            decision = decide(industry=industry, enquiry=enquiry, authorship=authorship, jurisdictions=(place,))
            denied = decision.verdict is Verdict.DENY
            assert authorship is Authorship.AI or not denied
            assert not denied or {each.value for each in decision.instead} >= {"ai_assisted", "human"}
            assert denied or any(each.id == "retain_record" for each in decision.obligations)
    for enquiry in {*Enquiry} - {each for each, _ in cells} - {Enquiry.UNCLASSIFIED}:
        with pytest.raises(EnquiryNotInIndustry) as raised:
            decide(industry=industry, enquiry=enquiry)
        assert enquiry not in raised.value.allowed
        assert Enquiry.INFORMATIONAL in raised.value.allowed


def test_no_deny_is_compelled_by_law(decide: Callable[..., Decision]) -> None:
    for pack in _ASSEMBLED.policies.packs.values():
        for enquiry, authorship in pack.cells:
            decision = decide(industry=pack.industry, enquiry=enquiry, authorship=authorship)
            if decision.verdict is Verdict.DENY:
                assert {rule.basis for rule in decision.rules} == {Basis.DEFAULT}


def test_the_ai_act_is_law_in_the_eu_from_its_day(decide: Callable[..., Decision]) -> None:
    before, since = (_basis(decide(on=date(2026, 8, day))) for day in (1, 2))
    assert (before["disclose_ai"], since["disclose_ai"]) == (Basis.DEFAULT, Basis.LAW)
    assert "machine_readable_mark" not in before
    marks = [_basis(decide(on=date(2026, 12, day)))["machine_readable_mark"] for day in (1, 2)]
    assert marks == [Basis.LAW_IN_SOME_CASES, Basis.LAW]


def test_norway_has_norwegian_law_and_the_eeas_only(decide: Callable[..., Decision]) -> None:
    for industry in Industry:
        for enquiry in {each for each, _ in _ASSEMBLED.policies.packs[industry].cells}:
            for authorship in Authorship:
                decision = decide(industry=industry, enquiry=enquiry, authorship=authorship, jurisdictions=("NO",))
                for obligation in decision.obligations:
                    if obligation.basis in {Basis.LAW, Basis.LAW_IN_SOME_CASES}:
                        assert all(source.startswith(("no-", "eu-gdpr-")) for source in obligation.sources)
    assert _basis(decide(jurisdictions=("NO",)))["disclose_ai"] is Basis.DEFAULT


def test_outside_europe_nothing_is_called_law(decide: Callable[..., Decision]) -> None:
    for place in ("US-CA", "CH", "GB"):
        decision = decide(jurisdictions=(place,), enquiry=Enquiry.TRANSACTIONAL)
        assert set(_basis(decision).values()) == {Basis.DEFAULT}
        assert decision.name == "bank"


@pytest.mark.parametrize("name", _PACKS)
def test_packs_cite_no_national_law_and_public_services_no_consumer_law(name: str) -> None:
    sources = yaml.safe_load((_FOLDER / "packs" / f"{name}.yaml").read_text("utf-8"))["sources"]
    assert all(re.match(r"eu-|ev-|own-choice", source) for source in sources)
    if name in {"public", "healthcare"}:
        assert not {"eu-ucpd", "eu-crd-11a", "eu-ecd-5-crd-6", "eu-ccd2-18-8", "eu-ccd2-35"} & set(sources)


@pytest.mark.parametrize("name", _PACKS)
def test_packs_fit_the_schema_for_editors(name: str) -> None:
    schema = json.loads((_FOLDER / "schema" / "pack.schema.json").read_text("utf-8"))
    assert schema == pack_schema(_ASSEMBLED.policies.vocabulary), "write it anew: sigill policy schema"
    jsonschema.validate(yaml.safe_load((_FOLDER / "packs" / f"{name}.yaml").read_text("utf-8")), schema)


def test_our_own_choices_are_said_to_be_ours() -> None:
    for pack in _ASSEMBLED.policies.packs.values():
        assert pack.own_choices
        assert "own-choice" in pack.handoff.sources


def test_obligations_for_later_overlays_are_defined() -> None:
    later = {
        "machine_readable_mark",
        "same_language",
        "identify_trader_at_call_start",
        "written_acceptance_after_call",
        "human_identifies_self",
        "case_reference",
        "no_hangup_for_wait",
        "reasoned_non_generic_answer",
        "vulnerable_customer_support",
        "prior_consent_ai_voice",
    }
    assert later <= _ASSEMBLED.policies.vocabulary.obligations.keys()


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    "operator",
    [OperatorNames(display_name="Exempelbanken"), OperatorNames(display_name="X", phone="020-1", wait_minutes=2)],
)
def test_every_text_renders_in_every_language(language: Language, operator: OperatorNames) -> None:
    texts = _ASSEMBLED.texts
    rendered = render_texts(texts, sorted(texts.keys), language=language, operator=operator)
    assert all(text and "{" not in text and "  " not in text for text in rendered.values())
    assert texts.languages[language].native_read is (language is Language.EN)
    assert texts.languages[language].human_words


@pytest.mark.parametrize("language", Language)
def test_an_sms_disclosure_fits_one_message(language: Language) -> None:
    operator = OperatorNames(display_name="Exempelbanken")
    for text in render_texts(
        _ASSEMBLED.texts, ["ai_sms", "ai_assisted_sms"], language=language, operator=operator
    ).values():
        assert len(text) <= 160


def test_ai_says_the_letters_ai_in_each_language() -> None:
    words = {"sv": "AI", "nb": "KI", "da": "AI", "fi": "ekoäly", "en": "AI", "de": "KI", "es": "IA"}
    for language, word in words.items():
        for key, text in _ASSEMBLED.texts.languages[Language(language)].texts.items():
            if key.startswith("ai_"):
                assert word in text.text, (language, key)


def test_the_library_logs_each_digest_at_the_start(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="policies.library"):
        load_library(_FOLDER)
    logged = {record.args[0] for record in caplog.records if isinstance(record.args, tuple)}
    assert logged == {*Industry, "EU", "NO", "obligations", "sources", "retention"}


def test_the_library_says_what_is_in_force(library: PolicyLibrary) -> None:
    layers = library.in_force(industry=Industry.RETAIL, jurisdictions=["SE", "NO"], on=date(2026, 11, 22))
    assert [layer.name for layer in layers] == ["retail", "EU", "NO", "obligations", "sources"]


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_bytes(b"\xff")
    with pytest.raises(PolicyInvalid, match=r"sources\.yaml, line 1: not UTF-8"):
        read_folder(tmp_path)


def test_a_refusal_of_credit_names_what_is_allowed_instead(decide: Callable[..., Decision]) -> None:
    refused = decide(enquiry=Enquiry.CREDIT_DECISION)
    assert refused.verdict is Verdict.DENY
    change: dict[str, Any] = {"authorship": Authorship(refused.instead[0].value)}
    assert decide(enquiry=Enquiry.CREDIT_DECISION, **change).verdict is Verdict.ALLOW_WITH_OBLIGATIONS
