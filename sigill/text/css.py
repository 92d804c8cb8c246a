"""Does a style hide text? One `style` attribute at a time, e.g. `color:#fff; font-size:0`, or one style sheet.

Inline styles are judged by a list of what senders use to hide text: no display, no size, no contrast, boxes of no
size, places off the screen. What could spell these in another way (escapes, functions of values) is refused rather
than understood. Style sheets may only set properties that cannot hide anything: whom their rules reach is not known.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from sigill.errors import MalformedHtml

_COMMENT: Final = re.compile(r"/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/|\Z)")
_UNREADABLE: Final = re.compile(
    r"\\|(?:var|env|attr|calc|min|max|clamp|expression)\("
    r"|(?:^|;)\s*(?:--|(?:all|content|direction|filter|order|text-transform|writing-mode)(?![\w-])|animation|transition"
    r"|position\s*+:\s*+(?!static|relative)|flex[a-z-]*\s*:[^;]*reverse)"
)
_LENGTH: Final = re.compile(r"(?<![\w#.])([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(%|[a-z]*)(?![\w.])")
_SMALLEST: Final = {"px": 4.0, "pt": 3.0, "%": 25.0}
_SMALLEST_OTHER: Final = 0.25
_RELATIVE: Final = ("em", "ex", "ch", "%", "larger", "smaller", "inherit", "unset", "revert")
_FAR: Final = 100.0
_FAR_AHEAD: Final = 900.0
_FAINT: Final = 0.1
_MOVES: Final = re.compile(r"(?:text-indent|left|right|top|bottom|inset.*|translate|transform|margin.*|padding.*)\Z")
_BOXES: Final = re.compile(r"(?:max-)?(?:height|width)\Z|line-height\Z")
_HIDING: Final = re.compile(
    r"display:none|content-visibility:hidden|(?:mso-hide|-webkit-text-security|unicode-bidi):(?!(?:none|normal)\Z).*"
    r"|(?:clip|clip-path|-webkit-clip-path|(?:-webkit-)?mask[a-z-]*):(?!(?:none|auto)\Z).*"
    r"|(?:zoom|scale|rotate|-ms-filter):(?!(?:none|normal|1)\Z).*|transform:.*(?:scale|rotate|matrix|perspective).*",
    re.DOTALL,
)
_HARMLESS: Final = re.compile(
    r"(?:padding|border|mso-(?!hide)|-ms-text-size|-webkit-text-size).*|font-(?:family|weight|style)|text-(?:align|decoration)"
    r"|vertical-align|(?:max-|min-)?width|line-height|list-style(?:-type)?|table-layout|outline|-ms-interpolation-mode"
)
_BLOCK: Final = re.compile(r"\{([^{}]*)\}")
_NAMED: Final = {"white": "ffffff", "black": "000000", "red": "ff0000", "blue": "0000ff", "yellow": "ffff00"}
_HEX: Final = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})\Z")
_RGB: Final = re.compile(r"rgb\(\s*([0-9]{1,3})[\s,]+([0-9]{1,3})[\s,]+([0-9]{1,3})\s*\)\Z")
_CLEAR: Final = re.compile(
    r"transparent\Z|#[0-9a-f]{3}0\Z|#[0-9a-f]{6}00\Z|(?:rgb|hsl)a?\([^()]*[,/]\s*(?:0+(?:\.0*)?|\.0+)%?\s*\)\Z"
)
_ALPHA_PARTS: Final = 4


@dataclass(frozen=True, slots=True)
class Look:
    """How text looks at one place: what hides it for good, and what an inner element can still undo."""

    hidden_by: str | None = None
    tiny: bool = False
    invisible: bool = False
    colour: str | None = None
    background: str | None = None
    keeps_lines: bool = False

    @property
    def reason(self) -> str | None:
        """Why text here is not seen, None where it is."""
        if self.hidden_by is not None:
            return self.hidden_by
        if self.tiny:
            return "font-size"
        if self.invisible:
            return "visibility"
        return "colour" if self.colour is not None and self.colour in ("clear", self.background) else None


def styled(look: Look, style: str) -> Look:
    """Return the look inside an element with this `style` attribute. Raises MalformedHtml for a style not read."""
    declarations = _declarations(style)
    hidden_by = look.hidden_by or _hidden_by(declarations)
    look = replace(look, hidden_by=hidden_by)
    sizes = [value for name, value in declarations if name in ("font-size", "font")]
    shown = [value for name, value in declarations if name == "visibility" and value not in ("inherit", "unset")]
    if sizes:
        look = replace(look, tiny=any(_is_tiny(value, inherited=look.tiny) for value in sizes))
    if shown:
        look = replace(look, invisible=any(value in ("hidden", "collapse") for value in shown))
    for name, value in declarations:
        if name in ("color", "-webkit-text-fill-color"):
            look = replace(look, colour=look.colour if value in ("inherit", "unset") else parse_colour(value))
        elif name in ("background", "background-color", "background-image"):
            look = replace(look, background=_background(value, look.background))
        elif name == "white-space" and value not in ("inherit", "unset"):
            look = replace(look, keeps_lines=value.startswith(("pre", "break-spaces")))
    return look


def coloured(look: Look, *, colour: str | None, background: str | None) -> Look:
    """Return the look inside an element with the old attributes `color` or `bgcolor`."""
    if colour is not None:
        look = replace(look, colour=parse_colour(colour.strip().lower()))
    return look if background is None else replace(look, background=parse_colour(background.strip().lower()))


def check_style_sheet(sheet: str) -> None:
    """Raise MalformedHtml for a `<style>` element that sets anything with which text could be hidden or added."""
    plain = _COMMENT.sub(" ", sheet.lower())
    rules = re.sub(r"@media\b", " ", plain)
    if "@" in rules or "\\" in rules:
        raise MalformedHtml("a style sheet with escapes or at-rules other than @media")
    for block in _BLOCK.findall(rules):
        declarations = _declarations(block)
        for name, value in declarations:
            if not _HARMLESS.fullmatch(name) or _hidden_by([(name, value), ("overflow", "hidden")]):
                raise MalformedHtml(f"a style sheet that could hide text, by {name[:40]!r}; write it as inline style")


def parse_colour(value: str) -> str:
    """Return a lower-case CSS colour in one spelling (six hexadecimal digits, or `clear`), or as it is."""
    if _CLEAR.match(value) and (not value.startswith("rgb(") or "/" in value or value.count(",") == _ALPHA_PARTS - 1):
        return "clear"
    if found := _HEX.match(value):
        return found[1] if len(found[1]) > 3 else "".join(digit * 2 for digit in found[1])  # noqa: PLR2004 - #rgb
    if found := _RGB.match(value):
        return "".join(f"{min(int(part), 255):02x}" for part in found.groups())
    return _NAMED.get(value, value)


def _declarations(style: str) -> list[tuple[str, str]]:
    plain = _COMMENT.sub(" ", style.lower())
    unreadable = _UNREADABLE.search(plain)
    if unreadable is not None:
        raise MalformedHtml(f"a style that is not read: {unreadable[0][:40]!r}")
    pairs = (declaration.partition(":") for declaration in plain.split(";"))
    return [(name.strip(), _without_important(value)) for name, colon, value in pairs if colon]


def _without_important(value: str) -> str:
    plain, mark, word = value.rpartition("!")
    return (plain if mark and word.strip() == "important" else value).strip()


def _hidden_by(declarations: list[tuple[str, str]]) -> str | None:
    for name, value in declarations:
        if _HIDING.fullmatch(f"{name}:{value}") or _moves_away(name, value) or _fades(name, value):
            return name
    clipped = any(name.startswith("overflow") and value != "visible" for name, value in declarations)
    empty = any(_BOXES.match(name) and _is_empty(value) for name, value in declarations)
    return "overflow" if clipped and empty else None


def _lengths(value: str) -> list[tuple[float, str]]:
    return [(float(number), unit) for number, unit in _LENGTH.findall(value)]


def _moves_away(name: str, value: str) -> bool:
    if not _MOVES.match(name):
        return False
    return any(number <= -_FAR or number >= _FAR_AHEAD for number, _ in _lengths(value))


def _fades(name: str, value: str) -> bool:
    return name == "opacity" and any(number / (100 if unit == "%" else 1) < _FAINT for number, unit in _lengths(value))


def _is_empty(value: str) -> bool:
    return any(number < (2 if unit in ("px", "pt") else _FAINT) for number, unit in _lengths(value))


def _is_tiny(value: str, *, inherited: bool) -> bool:
    size = value.partition("/")[0]
    lengths = _lengths(size)
    if inherited and (size in _RELATIVE or any(unit in _RELATIVE for _, unit in lengths)):
        return True
    return any(number < _SMALLEST.get(unit, _SMALLEST_OTHER) for number, unit in lengths)


def _background(value: str, inherited: str | None) -> str | None:
    if "url(" in value or "gradient(" in value or "image(" in value:
        return None
    colour = parse_colour(value if "(" in value else value.partition(" ")[0])
    return inherited if colour in ("clear", "none", "inherit", "initial", "unset", "") else colour
