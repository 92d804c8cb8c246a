"""An operator's steps on its page: every act has words, hundreds stay readable, nothing of a person but an id."""

from datetime import timedelta

import pytest

from registry.steps import Act, LoggedStep, Step
from sigill.report.words import words
from sigill.vocabulary import Language
from tests.builders_seal import NOW
from tests.builders_web import ZONE
from web.operator_steps import AT_MOST, SHOWN, tell_steps


def _steps(count: int, **changes: object) -> list[LoggedStep]:
    values: dict[str, object] = {"act": Act.DECIDED, "at": NOW, "by": "the operator", "said": {}}
    step = Step(**(values | changes))  # type: ignore[arg-type]
    return [LoggedStep(step, index) for index in reversed(range(count))]


@pytest.mark.parametrize("language", Language)
def test_every_act_can_be_said_in_every_language(language: Language) -> None:
    said = {act: words(language).act(act.value) for act in Act}
    assert {act for act, text in said.items() if text == act.value.replace("_", " ")} == set()
    assert len(set(said.values())) == len(said)


@pytest.mark.parametrize(
    ("count", "newest", "earlier", "more"),
    [(0, 0, 0, False), (1, 1, 0, False), (SHOWN, SHOWN, 0, False), (60, SHOWN, 50, False), (500, SHOWN, 190, True)],
)
def test_the_newest_are_seen_and_the_others_folded_away(count: int, newest: int, earlier: int, more: bool) -> None:
    told = tell_steps(_steps(count)[:AT_MOST], words=words(Language.EN), zone=ZONE)
    assert (len(told.newest), len(told.earlier), told.has_more) == (newest, earlier, more)


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ("the operator", "The sender itself"),
        ("registrar pe-0123456789abcdefghjk", "Registrar pe-0123456789abcdefghjk"),
        (
            "registrars pe-0123456789abcdefghjk, pe-zyxwvutsrqponmlkjihg",
            "Registrars pe-0123456789abcdefghjk, pe-zyxwvutsrqponmlkjihg",
        ),
        ("re-check", "re-check"),
    ],
)
def test_who_took_a_step_is_said_by_id(by: str, told: str) -> None:
    (line,) = tell_steps(_steps(1, by=by), words=words(Language.EN), zone=ZONE).newest
    assert line.by == told


@pytest.mark.parametrize(
    ("act", "said", "told"),
    [
        (
            Act.DECIDED,
            {"state": "suspended", "reason": "an inquiry", "decision": "suspend"},
            ("Suspended", "an inquiry"),
        ),
        (Act.RENAMED, {"from": "Förr", "to": "Nu", "reason": "so"}, ("Förr → Nu", "so")),
        (Act.EVIDENCE_ADDED, {"kind": "domain", "method": "DNS"}, ("Web address", "DNS")),
        (Act.LIKENESS_FOUND, {"kind": "name", "name": "Exempe1banken"}, ("Exempe1banken",)),
        (Act.APPEAL_ANSWERED, {"upheld": True, "answer": "it was"}, ("it was",)),
        (Act.DECIDED, {"state": ["odd"], "reason": 7, "from": "x"}, ()),
        (Act.DECIDED, {"reason": "x" * 900}, ("x" * 500,)),
    ],
)
def test_what_a_reader_understands_is_told_and_the_rest_left_to_programs(
    act: Act, said: dict[str, object], told: tuple[str, ...]
) -> None:
    (line,) = tell_steps(_steps(1, act=act, said=said), words=words(Language.EN), zone=ZONE).newest
    assert line.said == told
    assert line.when == (NOW + timedelta(hours=1)).strftime("%-d %B %Y")
