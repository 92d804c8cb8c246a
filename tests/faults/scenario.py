"""One scenario: clients at work, a fault that strikes and is healed, readiness, the answers owed, the check."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from storage.engine import make_engine
from tests.faults.checker import Checker
from tests.faults.databases import Database
from tests.faults.evidence import read_evidence
from tests.faults.findings import Fault, Finding
from tests.faults.ledger import Counts, Ledger
from tests.faults.load import Habits, Load, ask_again
from tests.faults.service import Service
from tests.faults.strikes import Strike, wait_for
from tests.faults.wire import NoAnswer

RECOVERS_WITHIN_S: Final = 60.0
_PATIENCE_S: Final = 90.0
_ASKED_AGAIN: Final = 25
_CALM_S: Final = 1.5
_OK: Final = 200
_OURS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How often a fault strikes, how long each lasts, and how long it rests; each strike waits for an answer first."""

    strikes: int
    lasts_s: float = 0.0
    rests_s: float = 0.3
    enough_s: float = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one scenario gave. `recovered_s`: from the last healing until ready, and calm from then on."""

    scenario: str
    engine: str
    strikes: int
    counts: Counts
    acknowledged: int
    silence_s: float
    recovered_s: float
    findings: Sequence[Finding] = ()
    notes: str = ""
    not_run: str = ""

    def number(self, fault: Fault) -> int:
        """Return how many findings are of one kind."""
        return sum(finding.fault is fault for finding in self.findings)


@dataclass(slots=True)
class Trial:
    """A service under trial: all that scenarios share. Scenarios run one after the other and add to one ledger."""

    service: Service
    database: Database
    ledger: Ledger
    checker: Checker
    habits: Habits
    auditor_key: str
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311

    def load(self) -> Load:
        """Return new clients, who have not begun."""
        return Load(self.ledger, self.habits)

    def run(self, fault: Strike, plan: Plan, load: Load) -> Outcome:
        """Run one scenario."""
        before, acknowledged = self.ledger.counts.copy(), len(self.ledger.acknowledged)
        begin = time.monotonic()
        load.begin()
        findings: list[Finding] = []
        struck = 0
        while struck < plan.strikes and time.monotonic() - begin < plan.enough_s:
            findings += self._wait_for_answers(1 + self.chance.randrange(12))
            self._strike(fault, plan)
            struck += 1
        recovered_s, away = self._recover()
        findings += away
        unanswered = load.finish(patience_s=_PATIENCE_S)
        findings += [Finding(Fault.ANSWER, f"{key} was never answered") for key in unanswered]
        silence_s = self.ledger.longest_silence_s(begin, time.monotonic())
        findings += self._ask_again()
        counts = self.ledger.counts.since(before)
        findings += [Finding(Fault.ANSWER, f"{what}, {times} times") for what, times in counts.wrong.items()]
        findings += self.check()
        return Outcome(
            scenario=fault.name,
            engine=self.database.name,
            strikes=struck,
            counts=counts,
            acknowledged=len(self.ledger.acknowledged) - acknowledged,
            silence_s=silence_s,
            recovered_s=recovered_s,
            findings=findings,
            notes=_notes(fault),
        )

    def check(self) -> list[Finding]:
        """Check all that was ever acknowledged here."""
        engine = make_engine(self.database.url)
        try:
            evidence = read_evidence(self._fetch, engine)
        except NoAnswer as error:
            return [Finding(Fault.AWAY, f"the logs cannot be read: {error}")]
        finally:
            engine.dispose()
        return self.checker.check(dict(self.ledger.asked), list(self.ledger.acknowledged), evidence)

    def _strike(self, fault: Strike, plan: Plan) -> None:
        time.sleep(self.chance.uniform(0, plan.rests_s))
        try:
            fault.strike()
            time.sleep(plan.lasts_s)
        finally:
            fault.heal()

    def _wait_for_answers(self, number: int) -> list[Finding]:
        """Wait until so many more messages are acknowledged: a strike is to hit a service at work."""
        wanted = len(self.ledger.acknowledged) + number
        if wait_for(lambda: len(self.ledger.acknowledged) >= wanted, within_s=RECOVERS_WITHIN_S):
            return []
        return [Finding(Fault.AWAY, f"no answers for {RECOVERS_WITHIN_S:g} s, with nothing in the way")]

    def _recover(self) -> tuple[float, list[Finding]]:
        """Wait until it is ready and answers without a 5xx for a while; return how long that took."""
        begin = time.monotonic()
        try:
            while time.monotonic() - begin < RECOVERS_WITHIN_S:
                self.service.wait_until_ready(within_s=RECOVERS_WITHIN_S)
                calm = time.monotonic()
                if self._stays_calm():
                    return calm - begin, []
        except TimeoutError as error:
            return time.monotonic() - begin, [Finding(Fault.AWAY, str(error))]
        what = f"with nothing in the way for {RECOVERS_WITHIN_S:g} s, it is not ready, or answers 5xx or nothing"
        return time.monotonic() - begin, [Finding(Fault.AWAY, what)]

    def _stays_calm(self) -> bool:
        """Whether for a while something is acknowledged, and nothing answered 5xx."""
        acknowledged, failed = len(self.ledger.acknowledged), self._failed()
        deadline = time.monotonic() + _CALM_S
        while time.monotonic() < deadline:
            if self._failed() != failed:
                return False
            time.sleep(0.05)
        return len(self.ledger.acknowledged) > acknowledged

    def _failed(self) -> int:
        counts = self.ledger.counts.copy()
        return counts.broken + sum(times for status, times in counts.statuses.items() if status >= _OURS)

    def _ask_again(self) -> list[Finding]:
        """Ask some answered requests once more: the same key must get the same answer."""
        if not self.habits.keys or not self.ledger.acknowledged:
            return []
        answered = {self.ledger.asked[item.serial].key for item in self.ledger.acknowledged}
        keys = self.chance.sample(sorted(answered), min(_ASKED_AGAIN, len(answered)))
        unanswered = ask_again(self.ledger, self.habits, keys, patience_s=RECOVERS_WITHIN_S)
        return [Finding(Fault.ANSWER, f"{key}, asked again, was not answered") for key in unanswered]

    def _fetch(self, path: str) -> bytes:
        for _ in range(20):
            try:
                answer = self.service.get(path, key=self.auditor_key)
            except NoAnswer:
                time.sleep(0.5)
                continue
            if answer.status == _OK:
                return answer.body
            time.sleep(0.5)
        raise NoAnswer(f"GET {path}")


def _notes(fault: Strike) -> str:
    killed: dict[str, int] = getattr(fault, "killed", {})
    return ", ".join(f"{what} {times}" for what, times in sorted(killed.items()))
