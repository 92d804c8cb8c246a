"""The visible text of an HTML message, with its link targets; HTML that shows less than it says is refused.

Where a browser would repair the tree in its own way (elements crossing each other, text straight in a table,
`<div/>`), the message is refused rather than guessed at: what is sealed must be what every reader is shown. Only
text that would not be seen is refused for being hidden; an empty hidden element is no harm.

A line for each block and each `<br>`, table cells one blank apart, and no empty lines: programs that copy a mail put
them in different places. List markers, images (with their `alt`), `<title>` and comments do not count: a copy has none.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from sigill.errors import MalformedHtml
from sigill.text.css import Look, check_style_sheet, coloured, styled
from sigill.text.elements import (
    BLOCKS,
    CLOSED_BY,
    ENDED_BY_BLOCK,
    ENDED_BY_TABLE,
    HEADINGS,
    PARENTS,
    REFUSED,
    ROOTS,
    SCOPES,
    TABLE_ENDS,
    TABLE_PARTS,
    VOID,
)
from sigill.text.markup import End, Start, StyleSheet, Text, Token, malformed, read_tokens

MAX_HTML_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 256

_DANGEROUS_LINK: Final = re.compile(r"(?:javascript|vbscript|data):", re.IGNORECASE)
_UNSEEN_IN_LINK: Final = re.compile(r"[\x00-\x20]")
_AROUND: Final = "".join(map(chr, range(0x21)))
_WHITE: Final = re.compile(r"[ \t\n\r\f]+")
_SPACES: Final = re.compile(" {2,}")
_LINE_ENDS: Final = re.compile(" *(?:\n *)+")
_LINE_END: Final = "\n"


@dataclass(frozen=True, slots=True)
class Visible:
    """What a reader sees: the text, and the targets of its links as written, trimmed, in order."""

    text: str
    links: tuple[str, ...]


def read_html(html: str) -> Visible:
    """Return the visible text and links. Raises MalformedHtml (what and where) for hidden or unclear content."""
    if len(html.encode("utf-8", "surrogatepass")) > MAX_HTML_BYTES:
        raise MalformedHtml(f"HTML of more than {MAX_HTML_BYTES} bytes")
    if "\x00" in html:
        raise MalformedHtml("HTML with U+0000")
    reader = _Reader()
    for token, at in read_tokens(html):
        try:
            reader.take(token)
        except MalformedHtml as error:
            raise malformed(str(error), html, at) from None
    return Visible(reader.laid_out(), tuple(reader.links))


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    look: Look


class _Reader:
    """The open elements, and the text so far in pieces: words, and line ends due between them."""

    def __init__(self) -> None:
        self.links: list[str] = []
        self._open = [_Open("", Look())]
        self._pieces: list[str] = []

    def take(self, token: Token) -> None:
        match token:
            case Text(text):
                self._text(text)
            case End(tag):
                self._end(tag)
            case StyleSheet(source):
                check_style_sheet(source)
            case _:
                self._start(token)

    def laid_out(self) -> str:
        """Return the text: a line end wherever at least one is due, however many."""
        laid: list[str] = []
        due = False
        for piece in self._pieces:
            if piece == _LINE_END:
                due = True
            elif not (piece == " " and due):
                laid.append(f"\n{piece}" if due else piece)
                due = False
        return _LINE_ENDS.sub("\n", _SPACES.sub(" ", "".join(laid))).strip(" \n")

    def _text(self, text: str) -> None:
        top = self._open[-1]
        if top.tag in TABLE_PARTS and text.strip():
            raise MalformedHtml(f"text in <{top.tag}> outside its cells")
        if not top.look.keeps_lines:
            self._show(_WHITE.sub(" ", text), top.look)
            return
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if top.tag == "pre" and lines[0] == "" and self._pieces[-1:] == [_LINE_END]:
            lines = lines[1:]  # a line end right after <pre> does not count
        for number, line in enumerate(lines):
            if number:
                self._pieces.append(_LINE_END)
            self._show(line, top.look)

    def _show(self, text: str, look: Look) -> None:
        if text.strip() and look.reason is not None:
            raise MalformedHtml(f"hidden text (by {look.reason})")
        if text:
            self._pieces.append(text)

    def _start(self, start: Start) -> None:
        tag = start.tag
        if tag in REFUSED:
            raise MalformedHtml(f"<{tag}>, which a sealed message cannot have,")
        if start.self_closing and tag not in VOID:
            raise MalformedHtml(f"<{tag[:40]}/>, which browsers leave open,")
        if tag in ROOTS:
            self._root(start)
        elif tag in ("meta", "link"):
            _check_metadata(start)
        else:
            self._make_room(tag)
            self._enter(start)

    def _root(self, start: Start) -> None:
        if len(self._open) > 1:
            raise MalformedHtml(f"<{start.tag}> inside the message")
        if start.tag != "head":
            self._open[0] = _Open("", _look(self._open[0].look, start))

    def _make_room(self, tag: str) -> None:
        """Close what the start of `tag` closes; refuse what a browser would move or close on its own."""
        while tag in CLOSED_BY.get(self._open[-1].tag, ()):
            self._pop()
        top = self._open[-1].tag
        inside = PARENTS.get(tag)
        if (inside is not None and top not in inside) or (top in TABLE_PARTS and tag not in TABLE_PARTS[top]):
            raise MalformedHtml(f"<{tag[:40]}> in the wrong place of a table")
        for above in reversed(self._open):
            if above.tag in SCOPES:
                break
            if tag in CLOSED_BY.get(above.tag, ()) or (tag, above.tag) == ("table", "p"):
                raise MalformedHtml(f"<{tag[:40]}> inside an open <{above.tag}>")
        if (top in HEADINGS and tag in HEADINGS) or (tag == "a" and any(above.tag == "a" for above in self._open)):
            raise MalformedHtml(f"<{tag}> inside an open <{top}>")

    def _enter(self, start: Start) -> None:
        tag = start.tag
        look = _look(self._open[-1].look, start)
        self._break(tag)
        if tag == "br":
            self._pieces.append(_LINE_END)
        elif tag == "a" and "href" in start.attributes:
            self.links.append(_target(start.attributes["href"]))
        if tag not in VOID:
            if len(self._open) > MAX_DEPTH:
                raise MalformedHtml(f"elements nested deeper than {MAX_DEPTH}")
            self._open.append(_Open(tag, look))

    def _end(self, tag: str) -> None:
        if tag in ROOTS:
            return
        implied = ENDED_BY_TABLE if tag in TABLE_ENDS else ENDED_BY_BLOCK if tag in BLOCKS else frozenset[str]()
        while (top := self._open[-1].tag) != tag and top in implied:
            self._pop()
        if top != tag:
            raise MalformedHtml(
                f"</{tag[:40]}> where <{top[:40]}> is open" if top else f"</{tag[:40]}> without a start"
            )
        self._pop()

    def _pop(self) -> None:
        tag = self._open.pop().tag
        self._break(tag)
        if tag in ("td", "th"):
            self._pieces.append(" ")

    def _break(self, tag: str) -> None:
        if tag in BLOCKS:
            self._pieces.append(_LINE_END)


def _look(look: Look, start: Start) -> Look:
    attributes = start.attributes
    for name in ("hidden", "popover"):
        if name in attributes:
            look = replace(look, hidden_by=name)
    colour = attributes.get("text") if start.tag == "body" else attributes.get("color") if start.tag == "font" else None
    look = coloured(look, colour=colour, background=attributes.get("bgcolor"))
    if "background" in attributes:
        look = replace(look, background=None)
    if start.tag == "pre":
        look = replace(look, keeps_lines=True)
    return styled(look, attributes["style"]) if "style" in attributes else look


def _check_metadata(start: Start) -> None:
    relation = start.attributes.get("rel", "").lower()
    if start.tag == "link" and "stylesheet" in relation:
        raise MalformedHtml("a style sheet from elsewhere")
    if start.attributes.get("http-equiv", "").strip().lower() == "refresh":
        raise MalformedHtml("a <meta> that leads elsewhere")


def _target(href: str) -> str:
    target = href.strip(_AROUND)
    if _DANGEROUS_LINK.match(_UNSEEN_IN_LINK.sub("", target)):
        raise MalformedHtml("a link that runs code or holds its own page")
    return target
