"""The elements of HTML as far as visible text depends on them: refused ones, blocks, table parts, what ends what.

https://html.spec.whatwg.org/multipage/parsing.html#tree-construction
"""

from typing import Final

# fmt: off
REFUSED: Final = frozenset([
    "applet", "area", "audio", "base", "basefont", "bdo", "bgsound", "button", "canvas", "datalist", "details",
    "dialog", "embed", "fieldset", "form", "frame", "frameset", "iframe", "image", "input", "isindex", "keygen",
    "legend", "listing", "map", "marquee", "math", "menuitem", "meter", "nextid", "noembed", "noframes",
    "noscript", "object", "optgroup", "option", "output", "param", "plaintext", "portal", "progress", "rb",
    "rp", "rt", "rtc", "ruby", "script", "select", "slot", "source", "summary", "svg", "template", "textarea",
    "track", "video", "xmp",
])
VOID: Final = frozenset(["br", "col", "hr", "img", "link", "meta", "wbr"])
BLOCKS: Final = frozenset([
    "address", "article", "aside", "blockquote", "caption", "center", "dd", "dir", "div", "dl", "dt",
    "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "li",
    "main", "menu", "nav", "ol", "p", "pre", "search", "section", "table", "tbody", "tfoot", "thead", "tr", "ul",
])
# fmt: on
TABLE_PARTS: Final = {
    "table": frozenset(["caption", "colgroup", "tbody", "tfoot", "thead", "tr"]),
    "tbody": frozenset(["tr"]),
    "thead": frozenset(["tr"]),
    "tfoot": frozenset(["tr"]),
    "tr": frozenset(["td", "th"]),
    "colgroup": frozenset(["col"]),
}
PARENTS: Final = {
    part: frozenset(parent for parent, parts in TABLE_PARTS.items() if part in parts)
    for part in frozenset[str]().union(*TABLE_PARTS.values())
}
# An open element that a start tag closes: `<li>one<li>two`.
CLOSED_BY: Final = {
    "p": BLOCKS - {"table"},  # whether a table does depends on the doctype
    "li": frozenset(["li"]),
    "dt": frozenset(["dt", "dd"]),
    "dd": frozenset(["dt", "dd"]),
    "td": frozenset(["td", "th", "tr", "tbody", "tfoot"]),
    "th": frozenset(["td", "th", "tr", "tbody", "tfoot"]),
    "tr": frozenset(["tr", "tbody", "tfoot"]),
    "thead": frozenset(["tbody", "tfoot"]),
    "tbody": frozenset(["tbody", "tfoot"]),
    "colgroup": frozenset(["tbody", "thead", "tfoot", "tr"]),
}
ENDED_BY_BLOCK: Final = frozenset(["dd", "dt", "li", "p"])
TABLE_ENDS: Final = frozenset(["table", "tbody", "td", "tfoot", "th", "thead", "tr"])
ENDED_BY_TABLE: Final = ENDED_BY_BLOCK | TABLE_ENDS - {"table"} | {"colgroup"}
SCOPES: Final = frozenset(["caption", "dl", "menu", "ol", "table", "td", "th", "ul"])
HEADINGS: Final = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
ROOTS: Final = frozenset(["html", "head", "body"])
