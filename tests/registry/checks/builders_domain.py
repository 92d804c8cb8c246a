"""A challenge, and what resolvers say of it."""

from datetime import UTC, datetime
from typing import Final

from registry.asking.txt import TxtAnswer, TxtOutcome
from registry.checks.domain import judge_records
from registry.checks.domain_challenge import make_challenge
from registry.checks.outcome import CheckResult

AT: Final = datetime(2026, 11, 29, 12, tzinfo=UTC)
CHALLENGE: Final = make_challenge("example.se", thumbprint="T" * 43, random=bytes(32), at=AT)
OTHER_RECORD: Final = make_challenge("example.se", thumbprint="U" * 43, random=bytes(32), at=AT)


def answer_of(outcome: TxtOutcome) -> TxtAnswer:
    answered = outcome in {TxtOutcome.NO_RECORDS, TxtOutcome.NO_SUCH_NAME}
    return TxtAnswer(resolver="", outcome=outcome, message=b"wire" if answered else b"")


NO_RECORD: Final = answer_of(TxtOutcome.NO_SUCH_NAME)
SILENT: Final = answer_of(TxtOutcome.TIMEOUT)


def judge(*answers: TxtAnswer, needed: int = 2, at: datetime = AT) -> CheckResult:
    named = [
        TxtAnswer(
            resolver=f"192.0.2.{number}",
            outcome=answer.outcome,
            records=answer.records,
            authenticated=answer.authenticated,
            message=answer.message,
        )
        for number, answer in enumerate(answers, start=1)
    ]
    return judge_records(CHALLENGE, named, needed=needed, at=at)
