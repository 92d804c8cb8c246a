import json
import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.policy.words import Basis
from sigill.report.answers import Answer, Reason
from sigill.report.checks import CheckName, Detail, Outcome
from sigill.report.kept import Kept
from sigill.report.standing import State
from sigill.report.words import words
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

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "sigill" / "report" / "languages"
OBLIGATIONS = [
    item["id"] if isinstance(item, dict) and "id" in item else item
    for item in yaml.safe_load((ROOT / "policies" / "obligations.yaml").read_text("utf-8"))["obligations"]
]
EVIDENCE = {"demonstration", "domain", "register", "lei", "seal_certificate", "licence"}
SECTIONS: dict[str, type[StrEnum]] = {
    "answers": Answer,
    "reasons": Reason,
    "checks": CheckName,
    "outcomes": Outcome,
    "details": Detail,
    "kept": Kept,
    "authors": Authorship,
    "channels": Channel,
    "directions": Direction,
    "enquiries": Enquiry,
    "industries": Industry,
    "purposes": Purpose,
    "states": State,
    "bases": Basis,
}
# A message without a seal is not thereby suspect: none of these may stand in what is said of it.
NEVER_OF_THE_UNSIGNED = {
    Language.SV: "falsk|fejk|bluff|oäkta|bedr|lur",
    Language.NB: "falsk|fake|uekte|svindel|bedra|lur",
    Language.DA: "falsk|fake|uægte|svindel|bedrag|snyd",
    Language.FI: "väär|feik|huija|epäai|petos|petk",
    Language.EN: "fake|false|forg|fraud|scam|not genuine",
    Language.DE: "falsch|fälsch|fake|unecht|betrug|betrüg",
    Language.ES: "fals|fraud|estafa|engañ|no es auténtic",
}
JARGON = re.compile(r"\b(hash|token|jws|tiiviste)", re.IGNORECASE)
PLACEHOLDER = re.compile(r"\{[a-z]+\}")


def tables(language: Language) -> dict[str, Any]:
    return dict(json.loads((FOLDER / f"{language}.json").read_text("utf-8")))


def leaves(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    else:
        assert isinstance(value, dict), path
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}".lstrip("."))


MASTER = dict(leaves(tables(Language.EN)))
every_language = pytest.mark.parametrize("language", list(Language))


def test_there_is_one_file_for_each_language_and_no_other() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {f"{language}.json" for language in Language}


@every_language
def test_a_language_has_exactly_the_keys_of_the_master(language: Language) -> None:
    assert set(dict(leaves(tables(language)))) == set(MASTER)


@every_language
def test_a_language_has_exactly_the_placeholders_of_the_master(language: Language) -> None:
    for path, text in leaves(tables(language)):
        assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(MASTER[path])), path
        assert not re.search(r"[{}]", PLACEHOLDER.sub("", text)), path


@every_language
def test_no_text_is_empty_or_has_stray_spaces(language: Language) -> None:
    for path, text in leaves(tables(language)):
        assert text, path
        assert text == " ".join(text.split()), path


@every_language
@pytest.mark.parametrize("section", list(SECTIONS))
def test_a_section_has_words_for_exactly_the_members_of_its_vocabulary(language: Language, section: str) -> None:
    assert set(tables(language)[section]) == set(SECTIONS[section])


@every_language
def test_there_are_words_for_every_kind_of_evidence_level_and_authorship(language: Language) -> None:
    table = tables(language)
    assert set(table["evidence"]) == EVIDENCE
    assert set(table["levels"]) == {"0", "1", "2", "3"}
    assert set(table["authorship"]) == {*AttestationLevel, "A_said", Role.PEER}
    assert all(set(column) == set(Authorship) for column in table["authorship"].values())


@every_language
def test_every_obligation_has_words(language: Language) -> None:
    assert set(tables(language)["obligations"]) == set(OBLIGATIONS)


@every_language
def test_no_two_answers_and_no_two_authors_read_the_same(language: Language) -> None:
    table = tables(language)
    for section in ("answers", "authors", "outcomes", "states"):
        assert max(Counter(table[section].values()).values()) == 1, section


@every_language
def test_a_message_without_a_seal_is_never_called_false(language: Language) -> None:
    unsigned = words(language).reason(Reason.UNSIGNED)
    said = f"{unsigned.headline} {unsigned.why} {unsigned.next}".lower()
    assert not re.search(rf"\b(?:{NEVER_OF_THE_UNSIGNED[language]})", said)


@every_language
def test_jargon_stands_in_the_technical_detail_only(language: Language) -> None:
    for path, text in leaves(tables(language)):
        assert path.startswith("labels.technical_") or not JARGON.search(text), path


@every_language
def test_who_wrote_it_is_always_said_in_the_operators_name(language: Language) -> None:
    for path, text in leaves(tables(language)["authorship"]):
        assert "{operator}" in text, path


@every_language
def test_a_surer_attestation_says_what_the_plain_word_says_and_more(language: Language) -> None:
    table = tables(language)["authorship"]
    for by in Authorship:
        assert table["A"][by].startswith(table["C"][by] + ".")
        assert table["A_said"][by].startswith(table["C"][by] + ".")
        assert table["B"][by].startswith(table["C"][by] + ".")


@pytest.mark.parametrize("reason", list(Reason))
def test_an_english_headline_has_at_most_eight_words(reason: Reason) -> None:
    assert len(words(Language.EN).reason(reason).headline.split()) <= 8


@every_language
def test_every_member_of_every_vocabulary_can_be_said(language: Language) -> None:
    table, said = tables(language), words(language)
    assert said.language is language
    assert all(said.answer(member) == table["answers"][member] for member in Answer)
    assert all(said.reason(member).headline == table["reasons"][member]["headline"] for member in Reason)
    assert all(said.check(member).guards == table["checks"][member]["guards"] for member in CheckName)
    assert all(said.outcome(member) == table["outcomes"][member] for member in Outcome)
    assert all(said.detail(member) == table["details"][member] for member in Detail)
    assert all(said.kept(member) == table["kept"][member] for member in Kept)
    assert all(said.author(member) == table["authors"][member] for member in Authorship)
    assert all(said.channel(member) == table["channels"][member] for member in Channel)
    assert all(said.direction(member) == table["directions"][member] for member in Direction)
    assert all(said.enquiry(member) == table["enquiries"][member] for member in Enquiry)
    assert all(said.industry(member) == table["industries"][member] for member in Industry)
    assert all(said.purpose(member) == table["purposes"][member] for member in Purpose)
    assert all(said.state(member) == table["states"][member] for member in State)
    assert all(said.basis(member) == table["bases"][member] for member in Basis)
    assert all(said.evidence(kind) == table["evidence"][kind] for kind in EVIDENCE)
    assert all(said.level(level) == table["levels"][str(level)] for level in range(4))
    assert all(said.obligation(item) == table["obligations"][item] for item in OBLIGATIONS)


def test_a_peer_speaks_for_herself_at_every_level() -> None:
    said = {
        words(Language.EN).authorship(Authorship.HUMAN, level=level, role=Role.PEER, operator="Exempelbanken")
        for level in AttestationLevel
    }
    assert len(said) == 1
    assert "does not speak for Exempelbanken" in said.pop()


def test_the_words_are_no_surer_than_the_attestation() -> None:
    said = [
        words(Language.EN).authorship(
            Authorship.HUMAN, level=level, role=Role.OPERATOR, operator="Exempelbanken", released=released
        )
        for level, released in ((AttestationLevel.A, True), *((level, False) for level in AttestationLevel))
    ]
    assert said == [
        "Exempelbanken says a person wrote this. It was released by a verified employee.",
        (
            "Exempelbanken says a person wrote this. The guarantor says it was released by a verified employee; "
            "that was not checked here."
        ),
        "Exempelbanken says a person wrote this. A person who had signed in as staff released it.",
        "Exempelbanken says a person wrote this",
    ]


def test_words_of_an_open_vocabulary_fall_back_to_the_id_with_spaces() -> None:
    english = words(Language.EN)
    assert english.obligation("offer_tea") == "offer tea"
    assert english.evidence("court_order") == "court order"
    assert english.basis("old_custom") == "old custom"


def test_a_label_that_no_language_has_is_refused() -> None:
    with pytest.raises(KeyError):
        words(Language.EN).label("no_such_label")


def test_a_placeholder_without_a_value_stays() -> None:
    assert words(Language.EN).label("sent_at", sent="today") == "Sent today, sealed afterwards {time}"
    assert words(Language.EN).label("within_minutes", minutes=5) == "within 5 min"


@settings(max_examples=50)
@given(st.text() | st.sampled_from(["{time}", "{sent}", "{operator}", r"\g<0>", "{0.__class__}", "%s", "{}"]))
def test_filling_is_single_pass(value: str) -> None:
    english = words(Language.EN)
    assert english.label("sent_at", sent=value, time="noon") == f"Sent {value}, sealed afterwards noon"
    assert english.label("declared", operator=value) == f"as {value} states it"


def test_a_language_is_read_once() -> None:
    assert words(Language.SV) is words(Language.SV)
