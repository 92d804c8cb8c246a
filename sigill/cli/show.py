"""Showing things to people: plain lines, words before colours, and nothing in a message that could steer a terminal."""

import json
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sigill.cli.environment import wants_colour
from sigill.report.answers import Answer
from sigill.report.checks import CheckName, Outcome
from sigill.report.words import Words
from sigill.text.characters import category
from sigill.vocabulary import Channel

_WIDTH: Final = 100
_COLOURS: Final[Mapping[str, str]] = {
    Answer.GENUINE: "\x1b[1;32m",
    Answer.INCOMPLETE: "\x1b[1;33m",
    Answer.NOT_GENUINE: "\x1b[1;31m",
    Answer.CANNOT_SAY: "\x1b[1;33m",
}
_PLAIN: Final = "\x1b[0m"
_STEERING: Final = frozenset(["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"])


def say(*lines: str) -> None:
    """Write lines to standard output."""
    for line in lines:
        sys.stdout.write(f"{line}\n")


def tell(*lines: str) -> None:
    """Write lines to standard error."""
    for line in lines:
        sys.stderr.write(f"{line}\n")


def say_json(value: object) -> None:
    """Write one JSON value, indented."""
    say(json.dumps(value, ensure_ascii=False, indent=2))


def say_exactly(text: str) -> None:
    """Write a text to standard output as UTF-8, byte for byte, whatever the terminal's encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.buffer.flush()


def harmless(value: object) -> str:
    """Return a text from outside with whatever could steer a terminal or reorder the line made visible."""
    return "".join(_visible(character) for character in str(value))


def paragraphs(text: str, *, indent: str = "") -> Iterator[str]:
    """Yield a text line by line, harmless, wrapped for reading."""
    for line in text.split("\n"):
        yield from textwrap.wrap(
            harmless(line), _WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False
        ) or [indent.rstrip()]


def verdict_lines(verdict: Mapping[str, Any], words: Words) -> Iterator[str]:
    """Yield a verdict (in the shape of the API) for people: answer, sender, checks, what to do next."""
    answer = Answer(verdict["answer"])
    yield _coloured(words.answer(answer), answer)
    yield from paragraphs(f"{verdict['headline']}. {verdict['why']}")
    yield from _facts(verdict, words)
    yield from _parts_of_text(verdict, words)
    yield from _checks(verdict.get("checks") or [], words)
    yield ""
    yield f"{words.label('what_now')}:"
    yield from paragraphs(str(verdict["next"]), indent="  ")


def _facts(verdict: Mapping[str, Any], words: Words) -> Iterator[str]:
    sender, authorship = _mapping(verdict.get("sender")), _mapping(verdict.get("authorship"))
    if not sender or not authorship:
        return
    facts = [
        (words.label("who"), f"{sender.get('name')} ({sender.get('identifier')})"),
        (words.label("who_wrote"), str(authorship.get("words"))),
        (words.label("when"), _when(verdict, words)),
    ]
    channel = verdict.get("channel")
    if isinstance(channel, str) and channel in set(Channel):
        facts.append((words.label("channel"), words.channel(Channel(channel))))
    yield ""
    yield from (f"{label}: {harmless(value)}" for label, value in facts)
    acting = _mapping(verdict.get("acting"))
    if acting:
        yield from paragraphs(str(acting.get("words")))
    if sender.get("environment") == "test":
        yield words.label("test_environment")
    if sender.get("demonstration"):
        yield words.label("demonstration_evidence")
    if verdict["answer"] == Answer.NOT_GENUINE:
        yield words.label("facts_note")


def _when(verdict: Mapping[str, Any], words: Words) -> str:
    sealed = _time(verdict.get("sealed_at"))
    if verdict.get("sent_at") is None:
        return words.label("sealed_at", time=sealed)
    return words.label("sent_at", sent=_time(verdict["sent_at"]), time=sealed)


def _parts_of_text(verdict: Mapping[str, Any], words: Words) -> Iterator[str]:
    """Yield what the seal covers and what it does not, where only a part of the text is covered."""
    content = _mapping(verdict.get("content"))
    if not content.get("before") and not content.get("after"):
        return
    for label, names in (("covered", ("matched",)), ("not_covered", ("before", "after"))):
        yield ""
        yield f"{words.label(label)}:"
        for name in names:
            if content.get(name):
                yield from paragraphs(str(content[name]), indent="  | ")


def _checks(checks: Iterable[Mapping[str, Any]], words: Words) -> Iterator[str]:
    made = list(checks)
    if not made:
        return
    width = max(len(words.outcome(outcome)) for outcome in Outcome)
    yield ""
    for check in made:
        outcome = words.outcome(Outcome(check["outcome"])) if check["outcome"] in set(Outcome) else check["outcome"]
        name = words.check(CheckName(check["check"])).name if check["check"] in set(CheckName) else check["check"]
        yield f"  {harmless(outcome):<{width}}  {harmless(name)}: {harmless(check['words'])}"


def _coloured(text: str, answer: Answer) -> str:
    return f"{_COLOURS.get(answer, '')}{text}{_PLAIN}" if wants_colour() else text


def _time(text: object) -> str:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError):
        return harmless(text)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _visible(character: str) -> str:
    if character == "\t" or category(character) not in _STEERING:
        return character
    return f"\\u{{{ord(character):04X}}}"
