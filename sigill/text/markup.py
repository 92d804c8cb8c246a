"""HTML source cut into tokens, by a grammar so strict that no two readers of HTML cut it differently.

    <p class="a">Hej &amp; v&auml;lkommen</p>   ->   Start("p", {"class": "a"}), Text("Hej & välkommen"), End("p")

Not `html.parser`: it repairs what it does not understand, differently in each Python and differently from browsers
(`<!-- a -- > b -->`, `<!-->`, `&copy=` in a link), and on such differences a text could be sealed that nobody sees.
Here a comment holds no `--`, attributes stand once and apart, every `<` before a letter ends in its `>`.
Linear in the source. https://html.spec.whatwg.org/multipage/parsing.html#tokenization
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from html.entities import html5
from typing import Final, TypeAlias

from sigill.errors import MalformedHtml

_WS: Final = r"[ \t\n\r\f]"
_NAME: Final = r"[^ \t\n\r\f\"'<>/=]++"
_VALUE: Final = r"(?:\"[^\"]*+\"|'[^']*+'|[^ \t\n\r\f\"'<>=`]++)"
_START: Final = re.compile(
    rf"<([A-Za-z][A-Za-z0-9:_-]*+)((?:{_WS}++{_NAME}(?:{_WS}*+={_WS}*+{_VALUE})?+)*+){_WS}*+(/?+)>"
)
_ATTRIBUTE: Final = re.compile(rf"({_NAME})(?:{_WS}*+={_WS}*+({_VALUE}))?+")
_END: Final = re.compile(rf"</([A-Za-z][A-Za-z0-9:_-]*+){_WS}*+>")
_COMMENT: Final = re.compile(r"<!--(?!-?>)((?:[^-]|-(?!-))*+)-->")
_CONDITIONAL: Final = re.compile(rf"{_WS}*\[(?:if|end)", re.IGNORECASE)
_IGNORED: Final = re.compile(r"<!doctype[^<>\[\]]*+>|<\?[^<>]*+>", re.IGNORECASE)
_TAG_OPEN: Final = re.compile(r"<(?=[A-Za-z/!?])")
_RAW_END: Final = {tag: re.compile(rf"</{tag}{_WS}*>", re.IGNORECASE) for tag in ("style", "title")}
_REFERENCE: Final = re.compile(r"&(?:#[0-9]++|#[xX][0-9a-fA-F]++|([A-Za-z][A-Za-z0-9]*+));?+(=?)")


@dataclass(frozen=True, slots=True)
class Start:
    """A start tag, name and attribute names in lower case; `self_closing` where it ends in `/>`."""

    tag: str
    attributes: dict[str, str]
    self_closing: bool


@dataclass(frozen=True, slots=True)
class End:
    """An end tag."""

    tag: str


@dataclass(frozen=True, slots=True)
class Text:
    """Text between tags, character references resolved."""

    text: str


@dataclass(frozen=True, slots=True)
class StyleSheet:
    """The content of a `<style>` element."""

    source: str


Token: TypeAlias = Start | End | Text | StyleSheet


def read_tokens(source: str) -> Iterator[tuple[Token, int]]:
    """Yield the tokens of `source` and where each begins; comments, doctype and titles are left out.

    Raises MalformedHtml, with the place as line and column.
    """
    at = 0
    while at < len(source):
        opened = _TAG_OPEN.search(source, at)
        text_end = opened.start() if opened else len(source)
        if at < text_end:
            yield Text(unescape(source[at:text_end])), at
        if opened is None:
            return
        token, at = _read_tag(source, text_end)
        if token is not None:
            yield token, text_end


def malformed(what: str, source: str, at: int) -> MalformedHtml:
    """Return the error that says `what` is wrong, and where in `source`."""
    line = source.count("\n", 0, at) + 1
    column = at - (source.rfind("\n", 0, at) + 1) + 1
    return MalformedHtml(f"{what} at line {line}, column {column}")


def unescape_attribute(value: str) -> str:
    """Resolve the character references of an attribute value: `?a=1&copy=2` has none, unlike in text."""
    return _REFERENCE.sub(_resolve, value)


def _read_tag(source: str, at: int) -> tuple[Token | None, int]:
    if found := _START.match(source, at):
        tag = found[1].lower()
        start = Start(tag, _read_attributes(found[2], source, at), bool(found[3]))
        return _read_raw(source, at, found.end(), tag) if tag in _RAW_END else (start, found.end())
    if found := _END.match(source, at):
        return End(found[1].lower()), found.end()
    if found := _COMMENT.match(source, at):
        if _CONDITIONAL.match(found[1]):
            raise malformed("a conditional comment, shown by some mail programs only,", source, at)
        return None, found.end()
    if found := _IGNORED.match(source, at):
        return None, found.end()
    raise malformed("a tag, comment or declaration that readers of HTML would not read alike", source, at)


def _read_attributes(written: str, source: str, at: int) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for found in _ATTRIBUTE.finditer(written):
        name = found[1].lower()
        if name in attributes:
            raise malformed(f"the attribute {name[:40]!r} twice in one tag", source, at)
        value = found[2] or ""
        attributes[name] = unescape_attribute(value[1:-1] if value[:1] in ('"', "'") else value)
    return attributes


def _read_raw(source: str, at: int, content_start: int, tag: str) -> tuple[Token | None, int]:
    ended = _RAW_END[tag].search(source, content_start)
    if ended is None:
        raise malformed(f"a <{tag}> without its end", source, at)
    content = source[content_start : ended.start()]
    if "<" in content:
        raise malformed(f"a < inside <{tag}>", source, at)
    return (StyleSheet(content) if tag == "style" else None), ended.end()


def _resolve(found: re.Match[str]) -> str:
    name, equals = found[1], found[2]
    if name is None:
        return unescape(found[0].removesuffix("=")) + equals
    written = found[0].removesuffix("=")
    known = html5.get(written.removeprefix("&"))
    if known is None or (equals and not written.endswith(";")):
        return found[0]
    return known + equals
