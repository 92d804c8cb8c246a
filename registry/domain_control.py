"""Checking, here and now, whether a domain is an operator's: ask, then judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from registry.asking.dns import DEFAULT_TIME_S, NameServer, ask_txt
from registry.asking.exchange import Fetch
from registry.asking.well_known import fetch_file
from registry.checks.domain import (
    DNS_METHOD,
    FILE_METHOD,
    join_results,
    judge_challenge,
    judge_file,
    judge_records,
)
from registry.checks.domain_challenge import HTTPS, Challenge
from registry.checks.outcome import CheckResult, Outcome


class Way(StrEnum):
    """How an operator shows that a domain is its own."""

    RECORD = "dns"
    FILE = "file"
    EITHER = "either"


@dataclass(frozen=True, slots=True, kw_only=True)
class Askable:
    """Whom a check asks: resolvers, of which `needed` must agree (more than half), and web servers through `fetch`.

    `fetch` is a GuardedFetch: the host is a stranger's. `https_port` is another only on one's own networks.
    """

    servers: Sequence[NameServer]
    needed: int
    fetch: Fetch
    time_s: float = DEFAULT_TIME_S
    https_port: int = HTTPS

    def __post_init__(self) -> None:
        if not len(self.servers) < 2 * self.needed <= 2 * len(self.servers):
            raise ValueError("more than half of the resolvers, and no more than all, must agree")


def check_domain(challenge: Challenge, *, askable: Askable, at: datetime, way: Way = Way.EITHER) -> CheckResult:
    """Return whether `challenge` is met at `at` (aware, UTC), with all that was answered. Never raises for an answer.

    Passed: valid for 90 days, but not beyond the challenge's or the record's own end. Failed: those asked answered, and
    what was to be published is not there. With EITHER the file is looked for only where the record did not pass. Takes
    up to the time of the resolvers and twice that of the fetch; hold no transaction meanwhile.
    """
    over = judge_challenge(challenge, at=at, method=FILE_METHOD if way is Way.FILE else DNS_METHOD)
    if over is not None:
        return over
    if way is Way.FILE:
        return _check_file(challenge, askable=askable, at=at)
    answers = ask_txt(f"{challenge.record_name}.", askable.servers, time_s=askable.time_s)
    record = judge_records(challenge, answers, needed=askable.needed, at=at)
    if way is Way.RECORD or record.outcome is Outcome.PASSED:
        return record
    file = _check_file(challenge, askable=askable, at=at)
    return file if file.outcome is Outcome.PASSED else join_results(record, file)


def _check_file(challenge: Challenge, *, askable: Askable, at: datetime) -> CheckResult:
    return judge_file(challenge, fetch_file(challenge, askable.fetch, port=askable.https_port), at=at)
