"""`sigill monitor`: follow a deployment's root log and the logs under it, and report every fault by name."""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from sigill.cli.arguments import Subparsers, add_command
from sigill.cli.audit import finding_members
from sigill.cli.audit_options import add_trust_options, choose_trust, open_source, read_policy
from sigill.cli.exits import Exit, Stop
from sigill.cli.show import harmless, say, tell
from sigill.client.errors import RequestRefused, ServiceUnavailable, UnexpectedAnswer
from sigill.client.monitor import GRACE_S, Monitor, MonitorOptions, Outcome
from sigill.client.monitor_look import Changes
from sigill.client.monitor_state import KeptFinding

if TYPE_CHECKING:
    from sigill.client.webhook import Webhook

_RETRY_FOR_S: Final = 5.0
_LONGEST_S: Final = 86_400 * 366
_EXAMPLES: Final = """\
  sigill monitor https://sigill.example --state watched --trust trust.json
  sigill monitor https://sigill.example --state watched --once --json
  sigill monitor https://sigill.example --state watched --forget

exit codes:
  0  nothing wrong
  1  faults stand: new ones, or earlier ones that nobody acknowledged (--forget)
  2  wrong usage
  3  could not look at everything (network), and no fault stands"""


def add_parser(subparsers: Subparsers) -> None:
    """Add `monitor`."""
    parser = add_command(
        subparsers, "monitor", run, text="follow a deployment's logs and report every fault", examples=_EXAMPLES
    )
    parser.add_argument("url", metavar="URL", help="the deployment's address, or a folder that it publishes into")
    parser.add_argument(
        "--state", metavar="DIR", type=Path, required=True, help="what was seen is kept there, with the proof of faults"
    )
    add_trust_options(parser)
    parser.add_argument(
        "--interval", type=_seconds, metavar="SECONDS", default=60, help="between two looks (default: 60)"
    )
    parser.add_argument("--once", action="store_true", help="look once, report all that stands, and end")
    parser.add_argument(
        "--stale-after",
        type=_seconds,
        metavar="SECONDS",
        help="a fault if the root log's checkpoint gets older, or if a log that grew waits longer for its head there "
        "(default: any age; ten minutes)",
    )
    parser.add_argument(
        "--grace",
        type=_seconds,
        metavar="SECONDS",
        default=GRACE_S,
        help="how long a witness may have seen more than the log shows, before it is a fault (default: 30)",
    )
    parser.add_argument("--webhook", metavar="URL", help="POST new faults there as JSON")
    parser.add_argument("--json", action="store_true", help="print JSON: one value with --once, else one a line")
    parser.add_argument("--forget", action="store_true", help="acknowledge the faults that stand, and end")


def run(arguments: argparse.Namespace) -> int:
    """Look, once or until told to stop; return the exit code of the last look."""
    source = open_source(arguments.url, retry_for_s=_RETRY_FOR_S)
    options = MonitorOptions(
        open_witness=lambda url: open_source(url, retry_for_s=0.0),
        policy=read_policy(arguments.log_policy),
        stale_after_s=arguments.stale_after,
        grace_s=arguments.grace,
    )
    monitor = Monitor(source, folder=arguments.state, options=options)
    if arguments.forget:
        say(f"Acknowledged: {monitor.forget()}. They stay on record in {arguments.state}.")
        return Exit.GENUINE
    webhook = _open_webhook(arguments.webhook)
    telling = _Telling(as_json=arguments.json, once=arguments.once)

    def look() -> int:
        at_s = _now_s()
        try:
            chosen = choose_trust(source, arguments.trust)
        except (ServiceUnavailable, UnexpectedAnswer, RequestRefused) as error:
            outcome = Outcome(at_s, None, monitor.standing(), Changes((), ()), (str(error),), ())
        else:
            telling.own_trust = chosen.own
            outcome = monitor.look(chosen.trust, own_trust=chosen.own, at_s=at_s)
        telling.tell(outcome)
        sys.stdout.flush()
        if webhook is not None:
            _tell_webhook(webhook, monitor, deployment=source.name)
        if outcome.standing:
            return Exit.NOT_GENUINE
        return Exit.CANNOT_SAY if outcome.failed else Exit.GENUINE

    return look() if arguments.once else _follow(look, arguments.interval)


def _follow(look: Callable[[], int], interval_s: int) -> int:
    """Look again and again until a signal ends it."""
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        code = look()
        while not ended.wait(interval_s):
            code = look()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code


def _open_webhook(url: str | None) -> "Webhook | None":
    if url is None:
        return None
    try:
        from sigill.client.webhook import Webhook  # noqa: PLC0415 - needs urllib3
    except ModuleNotFoundError as error:
        if error.name != "urllib3":
            raise
        raise Stop("A webhook needs urllib3. Install it: pip install sigill[client]") from None
    return Webhook(url)


def _tell_webhook(webhook: "Webhook", monitor: Monitor, *, deployment: str) -> None:
    untold = monitor.untold()
    if not untold:
        return
    why = webhook.tell(deployment, [kept_members(each) for each in untold])
    if why is None:
        monitor.mark_told()
    else:
        tell(f"The webhook was not told ({harmless(why)}). It is tried again at the next look.")


def kept_members(kept: KeptFinding) -> dict[str, Any]:
    """Return a kept fault as JSON."""
    return {**finding_members(kept.finding), "since": _time(kept.since_s), "evidence": list(kept.evidence)}


class _Telling:
    """Tells looks: everything that stands, or only what changed since the last one."""

    def __init__(self, *, as_json: bool, once: bool) -> None:
        self._as_json = as_json
        self._once = once
        self._last: tuple[object, ...] | None = None
        self.own_trust = False

    def tell(self, outcome: Outcome) -> None:
        """Tell a look."""
        if self._once:
            self._tell_all(outcome)
            return
        shown = (outcome.size, outcome.failed, outcome.remarks)
        if self._last is None and outcome.standing:
            self._tell_all(outcome)
        elif shown != self._last or outcome.changes.new or outcome.changes.over:
            self._tell_changes(outcome)
        self._last = shown

    def _tell_all(self, outcome: Outcome) -> None:
        if self._as_json:
            self._say_json(outcome, list(outcome.standing))
            return
        if not self.own_trust:
            say("Without a trust file of yours (--trust) this holds the deployment against itself only.")
        for each in outcome.standing:
            say(_fault_line(each, word="fault"))
        say(*_state_lines(outcome))
        count = len(outcome.standing)
        say(f"{count} fault{'' if count == 1 else 's'}." if count else "No fault in what was looked at.")

    def _tell_changes(self, outcome: Outcome) -> None:
        if self._as_json:
            self._say_json(outcome, list(outcome.changes.new))
            return
        begin = f"{_time(outcome.at_s)} "
        for each in outcome.changes.new:
            say(begin + _fault_line(each, word="fault"))
        for each in outcome.changes.over:
            say(begin + _fault_line(each, word="over"))
        say(*(begin + line for line in _state_lines(outcome)))

    def _say_json(self, outcome: Outcome, findings: list[KeptFinding]) -> None:
        value = {
            "at": _time(outcome.at_s),
            "root_size": outcome.size,
            "standing": len(outcome.standing),
            "findings": [kept_members(each) for each in findings],
            "new": len(outcome.changes.new),
            "over": [finding_members(each.finding) for each in outcome.changes.over],
            "failed": list(outcome.failed),
            "remarks": list(outcome.remarks),
            "trust": "own" if self.own_trust else "the deployment's",
        }
        say(json.dumps(value, ensure_ascii=False, indent=2 if self._once else None))


def _fault_line(kept: KeptFinding, *, word: str) -> str:
    finding = kept.finding
    proof = f" (proof: {', '.join(kept.evidence)})" if kept.evidence else ""
    since = f" since {_time(kept.since_s)}"
    return harmless(f"{word} {finding.fault} {finding.origin} {finding.where}: {finding.detail}{since}{proof}")


def _state_lines(outcome: Outcome) -> Iterator[str]:
    if outcome.size is not None:
        yield f"root log: {outcome.size:,} head{'' if outcome.size == 1 else 's'}, consistent with what was seen before"
    yield from (harmless(f"could not look: {line}") for line in outcome.failed)
    yield from (harmless(f"note: {line}") for line in outcome.remarks)


def _now_s() -> int:
    return int(time.time())


def _time(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds")


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > _LONGEST_S:
        raise argparse.ArgumentTypeError("a whole number of seconds is needed, up to a year")
    return int(text)
