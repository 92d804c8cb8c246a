"""YAML read strictly, with the line of everything: a tree of nodes that a loader narrows step by step.

Refused, because a reader could take it for something else: anchors, aliases, tags, directives, several documents,
duplicate keys, and plain words that YAML 1.1 reads as dates, floats, null or booleans (`NO`, `yes`, `2026-08-02`):
write those in quotes. What is left: mappings with text keys, lists, texts, decimal integers, `true` and `false`.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeAlias, TypeVar

import yaml

from sigill.errors import PolicyInvalid

Tree: TypeAlias = "str | int | bool | list[Node] | dict[str, Node]"
Word = TypeVar("Word", bound=StrEnum)

MAX_BYTES: Final = 512 * 1024
_MAX_DEPTH: Final = 12
_MAX_SHOWN: Final = 80
_INTEGER: Final = re.compile(r"(?:0|[1-9][0-9]{0,8})\Z")
_IDENTIFIER: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,79}\Z")
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Final[Any] = yaml.resolver.Resolver()
_TEXT_TAG: Final = "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a file and where it stands; every method raises PolicyInvalid with file, line and reason."""

    file: str
    line: int
    value: Tree

    def fault(self, reason: str) -> PolicyInvalid:
        """Return the error that names this place."""
        return PolicyInvalid(f"{self.file}, line {self.line}: {reason}")

    def members(self, *, required: Collection[str], optional: Collection[str] = ()) -> dict[str, "Node"]:
        """Return a mapping's members: all of `required`, some of `optional`, nothing else."""
        found = self.table()
        for name, node in found.items():
            if name not in required and name not in optional:
                known = ", ".join(sorted([*required, *optional]))
                raise node.fault(f"unknown key {name[:_MAX_SHOWN]!r}; known here: {known}")
        for name in required:
            if name not in found:
                raise self.fault(f"{name!r} is missing")
        return found

    def table(self) -> dict[str, "Node"]:
        """Return a mapping with free keys; not empty."""
        if not isinstance(self.value, dict):
            raise self.fault("a table (key: value) belongs here")
        if not self.value:
            raise self.fault("an empty table")
        return self.value

    def items(self) -> list["Node"]:
        """Return a list's items; not empty."""
        if not isinstance(self.value, list):
            raise self.fault("a list belongs here")
        if not self.value:
            raise self.fault("an empty list")
        return self.value

    def text(self) -> str:
        """Return a text; not empty, no blanks around it."""
        if not isinstance(self.value, str):
            raise self.fault("a text belongs here; write it in quotes")
        if not self.value or self.value != self.value.strip():
            raise self.fault("a text that is empty or has blanks around it")
        return self.value

    def identifier(self) -> str:
        """Return a short text of letters, digits, `.`, `_` and `-`, beginning with a letter."""
        text = self.text()
        if not _IDENTIFIER.match(text):
            raise self.fault(f"not an identifier: {text[:_MAX_SHOWN]!r}")
        return text

    def identifiers(self) -> tuple[str, ...]:
        """Return a list of different identifiers, in the order written."""
        return self._different([node.identifier() for node in self.items()])

    def integer(self) -> int:
        """Return an integer from 0 to 999,999,999."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.fault("a whole number belongs here")
        return self.value

    def boolean(self) -> bool:
        """Return `true` or `false`."""
        if not isinstance(self.value, bool):
            raise self.fault("true or false belongs here")
        return self.value

    def date(self) -> str:
        """Return an ISO date as text, `YYYY-MM-DD`; sorts as it is."""
        text = self.text()
        try:
            canonical = date.fromisoformat(text).isoformat()
        except ValueError:
            canonical = ""
        if canonical != text:
            raise self.fault(f"not a date (YYYY-MM-DD): {text[:_MAX_SHOWN]!r}")
        return text

    def word(self, words: type[Word]) -> Word:
        """Return one of `words`."""
        text = self.text()
        try:
            return words(text)
        except ValueError:
            raise self.fault(f"{text[:_MAX_SHOWN]!r} is not one of {', '.join(words)}") from None

    def words(self, words: type[Word]) -> tuple[Word, ...]:
        """Return a list of different `words`, in the order written."""
        return self._different([node.word(words) for node in self.items()])

    def _different(self, found: list[Any]) -> tuple[Any, ...]:
        for index, item in enumerate(found):
            if item in found[:index]:
                raise self.items()[index].fault(f"{str(item)!r} stands here twice")
        return tuple(found)


def parse_yaml(text: str, *, file: str) -> Node:
    """Read one document of at most MAX_BYTES; `file` is what errors call it. Raises PolicyInvalid."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise PolicyInvalid(f"{file}, line 1: longer than {MAX_BYTES} bytes")
    try:
        return _Composer(file, yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PolicyInvalid(f"{file}, line {line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeError):
        raise PolicyInvalid(f"{file}, line 1: not YAML: a character that has no place in a text file") from None


class _Composer:
    """Builds the tree from YAML events."""

    def __init__(self, file: str, events: Iterator[Any]) -> None:
        self._file = file
        self._events = events

    def document(self) -> Node:
        next(self._events)  # the stream begins
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            raise PolicyInvalid(f"{self._file}, line 1: an empty file")
        if start.version or start.tags:
            raise self._fault(start, "a directive")
        node = self._node(next(self._events), depth=0)
        next(self._events)  # the document ends
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._fault(after, "a second document")
        return node

    def _node(self, event: Any, *, depth: int) -> Node:  # noqa: ANN401 - PyYAML's events have no common type
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise self._fault(event, "anchors and aliases are not used; write it out")
        if event.tag is not None:
            raise self._fault(event, "tags are not used")
        if depth > _MAX_DEPTH:
            raise self._fault(event, f"nested deeper than {_MAX_DEPTH} levels")
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            return Node(self._file, line, self._scalar(event))
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(self._file, line, self._list(depth))
        return Node(self._file, line, self._mapping(depth))

    def _list(self, depth: int) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth=depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Node]:
        members: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth=depth + 1)
            if not isinstance(key.value, str):
                raise key.fault("a key must be a text; write it in quotes")
            if key.value in members:
                raise key.fault(f"{key.value[:_MAX_SHOWN]!r} stands here twice")
            value = self._node(next(self._events), depth=depth + 1)
            members[key.value] = Node(self._file, key.line, value.value)
        return members

    def _scalar(self, event: Any) -> str | int | bool:  # noqa: ANN401 - a PyYAML event
        text: str = event.value
        if not event.implicit[0]:
            return text
        if _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) == _TEXT_TAG:
            return text
        if text in {"true", "false"}:
            return text == "true"
        if _INTEGER.match(text):
            return int(text)
        raise self._fault(event, f"{text[:_MAX_SHOWN]!r} can be read in two ways; write it in quotes")

    def _fault(self, event: Any, reason: str) -> PolicyInvalid:  # noqa: ANN401 - a PyYAML event
        return PolicyInvalid(f"{self._file}, line {event.start_mark.line + 1}: {reason}")
