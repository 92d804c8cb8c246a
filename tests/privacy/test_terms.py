"""How long one message is kept: its industry's times, longer by its own decision, and at least by law."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.library import load_library
from privacy.errors import RetentionNotOver
from privacy.terms import check_may_be_erased, terms_of
from sigill.policy.words import Basis
from sigill.tlog.erasure import Ground
from tests.builders_deployment import NOW

RETAIL = load_library(Path(__file__).parents[2] / "policies").retention.industries["retail"]  # type: ignore[index]


def decision(*asked: tuple[int | None, str]) -> str:
    parts: list[dict[str, Any]] = [
        {"basis": basis, "parameters": {} if days is None else {"days": days}, "sources": ["s"]}
        for days, basis in asked
    ]
    other = {"id": "offer_human", "basis": "law", "parameters": {"days": 9999}, "sources": [], "asked": []}
    return json.dumps({"obligations": [other, {"id": "retain_record", **parts[0], "asked": parts}]})


@pytest.mark.parametrize(
    ("asked", "minimum", "usual"),
    [
        (None, 90, 400),
        (((90, "default"),), 90, 400),
        (((1095, "default"),), 90, 1095),
        (((1095, "guidance"),), 90, 1095),
        (((365, "law"),), 365, 400),
        (((1825, "law"), (3650, "default")), 1825, 3650),
        (((3650, "default"), (1825, "law_in_some_cases")), 1825, 3650),
        (((None, "law"),), 90, 400),
    ],
)
def test_the_longest_counts_and_only_a_law_raises_the_minimum(
    asked: tuple[tuple[int, str], ...] | None, minimum: int, usual: int
) -> None:
    terms = terms_of(RETAIL, None if asked is None else decision(*asked))
    assert (terms.minimum.days, terms.usual.days) == (minimum, usual)


def test_the_rule_that_keeps_it_is_named_with_its_basis() -> None:
    assert terms_of(RETAIL, None).minimum.rule == "retail.minimum"
    kept = terms_of(RETAIL, decision((1825, "law"))).minimum
    assert (kept.rule, kept.basis, kept.sources) == ("retain_record", Basis.LAW, ("s",))


@pytest.mark.parametrize("ground", list(Ground))
def test_only_an_order_is_earlier_than_the_minimum_and_the_first_instant_counts(ground: Ground) -> None:
    terms, until = terms_of(RETAIL, None), NOW + timedelta(days=90)
    check_may_be_erased(terms, made_at=NOW, ground=ground, at=until)
    just_before = until - timedelta(microseconds=1)
    if ground is Ground.AUTHORITY_ORDER:
        check_may_be_erased(terms, made_at=NOW, ground=ground, at=NOW)
    else:
        with pytest.raises(RetentionNotOver) as raised:
            check_may_be_erased(terms, made_at=NOW, ground=ground, at=just_before)
        assert raised.value.until == until
