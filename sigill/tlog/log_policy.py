"""Which logs and witnesses a verifier trusts (https://c2sp.org/tlog-policy), e.g.

    log log.example/root+6f2a…+AXk… https://log.example/log/root
    witness W1 witness.example/w1+530d…+BEk… https://witness.example
    witness W2 witness.example/w2+9c01…+BEm…
    group both all W1 W2
    quorum both

Names are used in this file alone. `none` as the quorum asks for no cosignature. A member stands in one group only, so
that each witness counts once; a group's members stand on lines before it. Everything beyond ASCII is opaque bytes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sigill.errors import MalformedKey, MalformedNote
from sigill.tlog.cosignature import Cosignature, WitnessKey, format_witness_vkey, parse_witness_vkey
from sigill.tlog.note import VerifierKey, format_vkey, parse_vkey

MAX_POLICY_CHARACTERS: Final = 1_000_000
MAX_LINES: Final = 10_000
NONE: Final = "none"
_ALLOWED: Final = re.compile(r"[\t\n\x20-\x7e\x80-\U0010ffff]*\Z")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,3}\Z", re.ASCII)
_BLANKS: Final = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class PolicyLog:
    """A log that is accepted: its key, named as its origin, and perhaps where it is served."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A witness: its key, and perhaps its submission prefix."""

    key: WitnessKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """At least `threshold` of the members must have cosigned."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """Logs, witnesses and groups by name, and the name of the quorum (None: `none`)."""

    logs: tuple[PolicyLog, ...] = ()
    witnesses: Mapping[str, PolicyWitness] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str | None = None

    @property
    def witness_keys(self) -> tuple[WitnessKey, ...]:
        """The keys of every witness."""
        return tuple(witness.key for witness in self.witnesses.values())

    def log_keys(self, origin: str) -> tuple[VerifierKey, ...]:
        """Return the keys of the log of that origin; several while it changes its key."""
        return tuple(log.key for log in self.logs if log.key.name == origin)


def quorum_time(policy: LogPolicy, cosignatures: Sequence[Cosignature]) -> int | None:
    """Return the time (POSIX seconds) by which the quorum had cosigned; None if it has not. 0 for the quorum `none`."""
    if policy.quorum is None:
        return 0
    by_key = {each.key: each.time_s for each in cosignatures}
    times: dict[str, int | None] = {name: by_key.get(each.key) for name, each in policy.witnesses.items()}
    for name, group in policy.groups.items():
        known = sorted(time for member in group.members if (time := times[member]) is not None)
        times[name] = known[group.threshold - 1] if len(known) >= group.threshold else None
    return times[policy.quorum]


def format_log_policy(policy: LogPolicy) -> str:
    """Return the lines of a policy, in the order in which they may refer to each other."""
    lines = [" ".join(["log", format_vkey(log.key), *([log.url] if log.url else [])]) for log in policy.logs]
    for name, witness in policy.witnesses.items():
        lines.append(
            " ".join(["witness", name, format_witness_vkey(witness.key), *([witness.url] if witness.url else [])])
        )
    for name, group in policy.groups.items():
        lines.append(" ".join(["group", name, str(group.threshold), *group.members]))
    lines.append(f"quorum {policy.quorum or NONE}")
    return "".join(f"{line}\n" for line in lines)


def parse_log_policy(text: str) -> LogPolicy:
    """Read a policy. Raises MalformedNote naming the line: half a policy would trust by accident."""
    if len(text) > MAX_POLICY_CHARACTERS or not _ALLOWED.match(text):
        raise MalformedNote("a policy that is too long, or has control characters")
    if text and not text.endswith("\n"):
        raise MalformedNote("the last line of a policy ends in a newline too")
    lines = text.split("\n")[:-1]
    if len(lines) > MAX_LINES:
        raise MalformedNote(f"a policy of {len(lines)} lines; at most {MAX_LINES} are read")
    reader = _Reader()
    for number, line in enumerate(lines, start=1):
        words = _BLANKS.split(line.strip(" \t"))
        if words == [""] or words[0].startswith("#"):
            continue
        try:
            reader.read(words)
        except (MalformedKey, MalformedNote) as error:
            raise MalformedNote(f"line {number}: {error}") from None
    return reader.policy()


class _Reader:
    """What the lines so far have said."""

    def __init__(self) -> None:
        self._logs: list[PolicyLog] = []
        self._witnesses: dict[str, PolicyWitness] = {}
        self._groups: dict[str, Group] = {}
        self._witness_keys: set[bytes] = set()
        self._log_keys: set[bytes] = set()
        self._members: set[str] = set()
        self._quorum: list[str | None] = []

    def read(self, words: Sequence[str]) -> None:
        match words:
            case ["log", vkey, *url] if len(url) <= 1:
                self._add_log(PolicyLog(parse_vkey(vkey), *url))
            case ["witness", name, vkey, *url] if len(url) <= 1:
                self._add_witness(name, PolicyWitness(parse_witness_vkey(vkey), *url))
            case ["group", name, count, first, *more]:
                self._add_group(name, count, (first, *more))
            case ["quorum", name]:
                self._set_quorum(name)
            case _:
                raise MalformedNote("a line is `log`, `witness`, `group` or `quorum` and its words")

    def policy(self) -> LogPolicy:
        if len(self._quorum) != 1:
            raise MalformedNote("a policy has exactly one quorum line")
        return LogPolicy(tuple(self._logs), self._witnesses, self._groups, self._quorum[0])

    def _add_log(self, log: PolicyLog) -> None:
        if log.key.public_key in self._log_keys:
            raise MalformedNote("a log whose key was listed before")
        self._log_keys.add(log.key.public_key)
        self._logs.append(log)

    def _add_witness(self, name: str, witness: PolicyWitness) -> None:
        self._check_new(name)
        if witness.key.public_key in self._witness_keys:
            raise MalformedNote("a witness whose key was listed before: it would count twice")
        self._witness_keys.add(witness.key.public_key)
        self._witnesses[name] = witness

    def _add_group(self, name: str, count: str, members: tuple[str, ...]) -> None:
        self._check_new(name)
        for member in members:
            if member not in self._witnesses and member not in self._groups:
                raise MalformedNote(f"no witness or group {member[:80]!r} on a line before")
            if member in self._members:
                raise MalformedNote(f"{member[:80]!r} is a member of a group already: it would count twice")
            self._members.add(member)
        self._groups[name] = Group(_read_count(count, len(members)), members)

    def _set_quorum(self, name: str) -> None:
        if name != NONE and name not in self._witnesses and name not in self._groups:
            raise MalformedNote(f"no witness or group {name[:80]!r} on a line before")
        self._quorum.append(None if name == NONE else name)

    def _check_new(self, name: str) -> None:
        if name == NONE or name in self._witnesses or name in self._groups:
            raise MalformedNote(f"the name {name[:80]!r} is taken")


def _read_count(text: str, members: int) -> int:
    if text in {"all", "any"}:
        return members if text == "all" else 1
    if not _COUNT.match(text) or int(text) > members:
        raise MalformedNote(f"of {members} members `all`, `any` or a number up to that many must cosign")
    return int(text)
