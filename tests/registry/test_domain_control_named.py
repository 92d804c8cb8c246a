"""Whole checks of a domain against BIND, the name server that most of the Internet's zones were written for."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import pytest

from registry.asking.dns import NameServer, ask_txt
from registry.asking.guarded import GuardedFetch
from registry.asking.txt import TxtOutcome
from registry.checks.domain import Reason
from registry.checks.domain_challenge import Challenge, make_challenge
from registry.checks.outcome import CheckResult, Outcome
from registry.domain_control import Askable, Way, check_domain
from tests.builders_bind import bind

pytestmark = [pytest.mark.slow, pytest.mark.servers]

_AT: Final = datetime(2026, 11, 29, 12, tzinfo=UTC)


def _challenge(domain: str) -> Challenge:
    return make_challenge(domain, thumbprint="T" * 43, random=bytes(32), at=_AT)


def _zone() -> list[str]:
    """Return records with an answer of each kind."""
    split = _challenge("split.example").record
    return [
        f'_sigill-challenge.plain IN TXT "{_challenge("plain.example").record}"',
        f'_sigill-challenge.split IN TXT "{split[:9]}" "{split[9:]}"',
        f'_sigill-challenge.long IN TXT "{"x" * 255}" "{"y" * 45}"',
        "_sigill-challenge.alias IN CNAME token.dcv.example.",
        f'token.dcv IN TXT "{_challenge("alias.example").record}"',
        "_sigill-challenge.dangling IN CNAME gone.dcv.example.",
        '_sigill-challenge.empty IN CAA 0 issue ";"',
        f'*.wild IN TXT "{_challenge("wild.example").record}"',
        f'_sigill-challenge.many IN TXT "{_challenge("many.example").record}"',
        *(f'_sigill-challenge.many IN TXT "number {number} {"z" * 200}"' for number in range(90)),
    ]


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    with bind(tmp_path_factory.mktemp("named"), {"example": _zone()}) as running:
        yield running.server


def _check(named: NameServer, domain: str) -> CheckResult:
    askable = Askable(servers=[named] * 3, needed=2, fetch=GuardedFetch(), time_s=3.0)
    return check_domain(_challenge(domain), askable=askable, at=_AT, way=Way.RECORD)


@pytest.mark.parametrize("domain", ["plain.example", "split.example", "alias.example", "wild.example", "many.example"])
def test_a_record_in_a_real_zone_proves_its_domain(named: NameServer, domain: str) -> None:
    result = _check(named, domain)

    assert (result.outcome, result.facts["confirming"]) == (Outcome.PASSED, "3")


@pytest.mark.parametrize(
    ("domain", "reason"),
    [
        ("long.example", Reason.OTHER_RECORDS),
        ("dangling.example", Reason.NO_RECORD),
        ("empty.example", Reason.NO_RECORD),
        ("nowhere.example", Reason.NO_RECORD),
    ],
)
def test_a_zone_without_the_record_fails(named: NameServer, domain: str, reason: Reason) -> None:
    result = _check(named, domain)

    assert (result.outcome, result.reason) == (Outcome.FAILED, reason)


def test_a_zone_that_is_not_served_could_not_be_checked(named: NameServer) -> None:
    assert _check(named, "example.com").outcome is Outcome.COULD_NOT_BE_CHECKED


def test_ninety_records_come_over_tcp(named: NameServer) -> None:
    (answer,) = ask_txt("_sigill-challenge.many.example.", [named])

    assert (answer.outcome, len(answer.records)) == (TxtOutcome.RECORDS, 91)
    assert len(answer.message) > 18_000
