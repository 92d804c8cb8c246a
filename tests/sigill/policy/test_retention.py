"""How long records are kept: read strictly, for every industry, and never usually less than at least."""

from pathlib import Path

import pytest

from sigill.errors import PolicyInvalid
from sigill.policy.folder import vocabulary_of
from sigill.policy.retention import load_retention, retention_of
from sigill.policy.words import Basis
from sigill.vocabulary import Industry

FOLDER = Path(__file__).parents[3] / "policies"
FILES = {name: (FOLDER / name).read_text("utf-8") for name in ("sources.yaml", "obligations.yaml", "retention.yaml")}
WORDS = vocabulary_of(FILES)
TEXT = FILES["retention.yaml"]


def test_every_industry_has_its_minimum_and_its_usual_time() -> None:
    retention = retention_of(FILES, vocabulary=WORDS)
    assert set(retention.industries) == set(Industry)
    for industry, each in retention.industries.items():
        assert 90 <= each.minimum.days <= each.usual.days
        assert (each.minimum.rule, each.usual.rule) == (f"{industry}.minimum", f"{industry}.usual")


def test_what_is_our_own_recommendation_is_marked_as_that() -> None:
    for each in load_retention(TEXT, vocabulary=WORDS).industries.values():
        for period in (each.minimum, each.usual):
            assert period.basis is Basis.DEFAULT
            assert "own-choice" in period.sources


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("  bank:", "  banks:", "unknown key 'banks'"),
        ("    usual:\n      days: 1095", "    usual:\n      days: 89", "fewer days than at least"),
        ("      days: 90", "      days: 0", "days are 1 to 36500"),
        ("      days: 90", "      days: 36501", "days are 1 to 36500"),
        ("      days: 90", '      days: "90"', "a whole number"),
        ("      days: 90\n", "", "'days' is missing"),
        ("basis: default", "basis: habit", "is not one of"),
        (
            "basis: default\n      sources: [eu-gdpr-17, own-choice]",
            "basis: law\n      sources: [own-choice]",
            "law needs",
        ),
        (
            "[eu-gdpr-17, eu-gdpr-25-32, own-choice]",
            "[eu-gdpr-17, eu-gdpr-25-32, own-choice, se-fl]",
            "nothing in this",
        ),
        ("[eu-gdpr-17, eu-gdpr-25-32, own-choice]", "[eu-gdpr-25-32, own-choice]", "missing from the list"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(old: str, new: str, says: str) -> None:
    assert old in TEXT
    with pytest.raises(PolicyInvalid, match=says):
        load_retention(TEXT.replace(old, new, 1), vocabulary=WORDS)


def test_a_folder_without_it_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match="is missing from the folder"):
        retention_of({}, vocabulary=WORDS)
