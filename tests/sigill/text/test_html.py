import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.errors import MalformedHtml
from sigill.text.html import MAX_DEPTH, MAX_HTML_BYTES, read_html
from sigill.text.markup import unescape_attribute


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Hej", "Hej"),
        ("<p>Hej &amp; v&auml;lkommen</p>", "Hej & välkommen"),
        ("<p>ett</p> \n <p>två</p>", "ett\ntvå"),
        ("<div>ett</div><div>två</div>", "ett\ntvå"),
        ("<div>ett<br></div><div><br/></div><div>två</div>", "ett\ntvå"),
        ("ett<br><br>två", "ett\ntvå"),
        ("ett<BR CLASS=x>två<br >tre", "ett\ntvå\ntre"),
        ("a <b> b </b> c", "a b c"),
        ("a\n  b\tc", "a b c"),
        ("<ul><li>ett<li>två</ul>efter", "ett\ntvå\nefter"),
        ("<dl><dt>a<dd>b<dt>c</dl>", "a\nb\nc"),
        ("<table><tr><td>1<td>2</tr><tr><th>3</th><td>4</td></tr></table>", "1 2\n3 4"),
        ("<table><thead><tr><td>1<tbody><tr><td>2<tfoot><tr><td>3</table>slut", "1\n2\n3\nslut"),
        ("<table><caption>c</caption><colgroup><col><tbody><tr><td><p>1</table>", "c\n1"),
        ("<table><tr><td><table><tr><td>inre</td></tr></table></td></tr></table>", "inre"),
        ("<pre>\na  b\r\nc\rd\n</pre>e", "a b\nc\nd\ne"),
        ("<pre>a</pre><pre>b</pre>", "a\nb"),
        ("<div style='white-space:pre-line'>\na\nb<i style='white-space: normal'>c\nd</i></div>", "a\nbc d"),
        ("<span style='white-space:inherit'>a\nb</span>", "a b"),
        ("före <img src=x alt='Bild &lt;1&gt;'> efter<img src=y>", "före efter"),
        ("<p>a<!-- osynlig - ok -->b", "ab"),
        (
            "<!DOCTYPE html><html><head><title>T</title><meta name=x><link rel=icon></head><body>a</body></html>\n",
            "a",
        ),
        ("<?xml version='1.0'?><o:p>a</o:p>", "a"),
        ("1 < 2 & 3 <4 <", "1 < 2 & 3 <4 <"),
        ("a&nbsp;b&#x20AC;&notit", "a\xa0b€¬it"),
        ("<style>/* display:none */ @media (max-width:600px){p{padding:0;line-height:1.5;width:100%}}</style>a", "a"),
        ("<h1>a</h1><h2>b</h2><hr>c", "a\nb\nc"),
        ("", ""),
    ],
)
def test_the_visible_text_has_a_line_for_each_block_and_no_empty_ones(html: str, text: str) -> None:
    assert read_html(html).text == text


def test_link_targets_come_in_order_trimmed_and_as_written() -> None:
    html = """<a href=" https://a.se/?x=1&copy=2&amp;y=&#229;&#xe5 ">a</a><a name=n>b</a><a href='/b'>c</a>"""
    html += "<a href=d/>e</a>"
    assert read_html(html).links == ("https://a.se/?x=1&copy=2&y=åå", "/b", "d/")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("&amp;", "&"),
        ("&amp=1", "&amp=1"),
        ("&amp;=1", "&=1"),
        ("&copy", "©"),
        ("&copyright", "&copyright"),
        ("&section=2", "&section=2"),
        ("&nosuch;", "&nosuch;"),
        ("&#65=", "A="),
        ("&#x41;=", "A="),
        ("& &;", "& &;"),
    ],
)
def test_references_in_attributes_are_resolved_as_browsers_do(written: str, value: str) -> None:
    assert unescape_attribute(written) == value


HIDING = [
    "display:none",
    "DISPLAY : None !important",
    "display:/**/none",
    "display:block;display:none",
    "visibility:hidden",
    "visibility:collapse",
    "opacity:0",
    "opacity:.05",
    "opacity: 5%",
    "font-size:0",
    "font-size:1px",
    "font:0/0 a",
    "color:#fff;background:#FFFFFF",
    "color:white;background-color:rgb(255, 255,255)",
    "background:#fff url;color:rgb(300 300 300)",
    "color:transparent",
    "color:#0000",
    "color:#00000000",
    "color:rgba(0,0,0,0)",
    "color:rgb(0 0 0 / 0%)",
    "color:hsla(0,0%,0%,.0)",
    "-webkit-text-fill-color:transparent",
    "position:relative;left:-9999px",
    "text-indent:-100em",
    "text-indent:9999px",
    "margin-left:-5000px",
    "margin:0 0 0 -200%",
    "transform:scale(0)",
    "transform:\n scale(0)",
    "transform:translate(-1000px)",
    "clip:rect(0,0,0,0)",
    "clip-path:inset(50%)",
    "max-height:0;overflow:hidden",
    "width:1px;overflow-x:hidden",
    "content-visibility:hidden",
    "mso-hide:all",
    "unicode-bidi:bidi-override",
    "zoom:0",
    "mask-image:none x",
]


@pytest.mark.parametrize("style", HIDING)
def test_text_in_a_hiding_style_is_refused_and_an_empty_element_is_not(style: str) -> None:
    assert read_html(f'<div style="{style}"> <br></div>a').text == "a"
    for inner in ("dold", "<p>dold"):
        with pytest.raises(MalformedHtml, match="hidden text"):
            read_html(f'<div style="{style}">{inner}</div>')


@pytest.mark.parametrize(
    "style",
    [
        "",
        "color",
        "color:#123;background:#456",
        "color:#ffffff;background:url(x) #fff",
        "color:white;background-image:linear-gradient(red,blue)",
        "color:rgb(1,2,3)",
        "color:#fff",
        "color:inherit",
        "background:none",
        "background:transparent",
        "color:rgb(0,0,0);background-color:rgba(0,0,0,0.0)",
        "font:bold 12px/1 Arial",
        "font-size:small",
        "opacity:1;opacity:99%",
        "margin:-10px 0 0 5px",
        "overflow:hidden;width:100%;line-height:1.2",
        "height:0",
        "clip:auto;zoom:1;mask:none",
        "visibility:inherit",
        "display:inline-block!important",
        "color:red!default",
        "position: relative; position:static",
        "transform:none",
    ],
)
def test_harmless_styles_hide_nothing(style: str) -> None:
    assert read_html(f"<p style='{style}'>syns").text == "syns"


def test_an_inner_element_can_undo_size_visibility_and_colour() -> None:
    outer = "<div style='font-size:0;visibility:hidden;color:#000;background:#000'>"
    assert read_html(f"{outer}<p style='font-size:12px;visibility:visible;color:#fff'>syns").text == "syns"
    for size in ("1em", "100%", "inherit", "larger"):
        with pytest.raises(MalformedHtml, match="font-size"):
            read_html(f"<div style='font-size:0'><p style='font-size:{size}'>dold")
    with pytest.raises(MalformedHtml, match="display"):
        read_html("<div style='display:none'><p style='display:block'>dold")


@pytest.mark.parametrize(
    "html",
    [
        "<p hidden>dold",
        "<p popover>dold",
        "<body style='display:none'><p>dold",
        "<body bgcolor=white><font color='#FFF'>dold",
        "<body text=white bgcolor=#ffffff>dold",
        "<p style='color:#fff;background:#fff'>dold",
    ],
)
def test_attributes_that_hide_text_are_refused(html: str) -> None:
    with pytest.raises(MalformedHtml, match="hidden text"):
        read_html(html)


def test_a_background_picture_makes_the_colour_beneath_unknown() -> None:
    assert read_html("<table bgcolor=white background=x><tr><td><font color=white>syns</font></table>").text == "syns"


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<script>x</script>", "<script>"),
        ("<iframe>", "<iframe>"),
        ("<input>", "<input>"),
        ("<svg><text>a", "<svg>"),
        ("<base href=x>", "<base>"),
        ("<div/>a", "leave open"),
        ("<link rel='StyleSheet' href=x>", "from elsewhere"),
        ("<meta http-equiv=Refresh content=0>", "leads elsewhere"),
        ("<style>p{display:none}</style>", "style sheet"),
        ("<style>p{color:red}</style>", "style sheet"),
        ("<style>p{width:0}</style>", "style sheet"),
        ("<style>@import 'x';</style>", "at-rules"),
        ("<style>p{con\\74ent:'a'}</style>", "escapes"),
        ("<style>a", "without its end"),
        ("<title><b></title>", "inside <title>"),
        ("<!--[if mso]>a<![endif]-->", "conditional"),
        ("<!-->", "alike"),
        ("<!-- a -- > b -->", "alike"),
        ("<!-- a", "alike"),
        ("<![CDATA[a]]>", "alike"),
        ("<!doctype html [<!ENTITY a 'b'>]>", "alike"),
        ("<p", "alike"),
        ("<p a=\"b\"c='d'>", "alike"),
        ("<p a='>", "alike"),
        ("</p x>", "alike"),
        ("</ p>", "alike"),
        ("<p a=1 A=2>", "twice"),
        ("<p style='displ\\61y:none'>", "not read"),
        ("<p style='color:var(--x)'>", "not read"),
        ("<p style='all:unset'>", "not read"),
        ("<p style='position:absolute'>", "not read"),
        ("<p style='text-transform:uppercase'>", "not read"),
        ("<p style='display:flex;flex-direction:row-reverse'>", "not read"),
        ("<a href='javascript:x'>a</a>", "runs code"),
        ("<a href=' java\nscript:x'>a</a>", "runs code"),
        ("<a href='data:text/html,x'>a</a>", "runs code"),
        ("<b><i></b></i>", "where <i> is open"),
        ("<p><b hidden></p>a", "where <b> is open"),
        ("<span hidden><p></span>a", "where <p> is open"),
        ("<table><tr><td></div>", "where"),
        ("</div>", "without a start"),
        ("</br>", "without a start"),
        ("<p><b><div>", "inside an open <p>"),
        ("<ul><li><div><li>", "inside an open <li>"),
        ("<p hidden><table>", "inside an open <p>"),
        ("<a href=x><b><a href=y>", "inside an open <b>"),
        ("<h1><h2>", "inside an open <h1>"),
        ("<table>a", "outside its cells"),
        ("<table><div>", "wrong place"),
        ("<table><td>", "wrong place"),
        ("<tr>", "wrong place"),
        ("<div><body>", "inside the message"),
        ("a\x00", "U\\+0000"),
        ("<i>" * (MAX_DEPTH + 1), "deeper"),
        ("å" * (MAX_HTML_BYTES // 2 + 1), "more than"),
    ],
)
def test_what_browsers_could_read_or_show_otherwise_is_refused(html: str, reason: str) -> None:
    with pytest.raises(MalformedHtml, match=reason):
        read_html(html)


def test_an_error_says_line_and_column() -> None:
    with pytest.raises(MalformedHtml, match="at line 2, column 3"):
        read_html("<p>a\nb <script>")


TAGS = st.sampled_from(
    ["p", "b", "div", "table", "tr", "td", "li", "ul", "br", "a href=y", "pre", "style", "title", "body"]
)
SCRAPS = [
    "<!--",
    "-->",
    "<!",
    "<?",
    "<!doctype html>",
    "<img alt=x>",
    "<p hidden>",
    "<i style='font-size:0'>",
    "\ud800",
    " ",
]
SOUP = st.lists(
    st.one_of(
        TAGS.map("<{}>".format), TAGS.map("</{}>".format), st.sampled_from([*SCRAPS, *"<>&'\"=/x\x00\r\n", "&lt"])
    ),
    max_size=30,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), SOUP))
@example("<![foo[")
@example("<!ELEMENT [")
@example("&#xd800;&#0;&#99999999;")
def test_only_malformed_html_escapes(html: str) -> None:
    try:
        visible = read_html(html)
    except MalformedHtml:
        return
    assert visible.text == visible.text.strip(" \n")
    assert "  " not in visible.text


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="abcÅ:;!/*()#0123456789.%-, px\\'\n"))
def test_any_style_is_read_or_refused(style: str) -> None:
    escaped = style.replace("'", "&#39;")
    try:
        read_html(f"<p style='{escaped}'>a")
    except MalformedHtml:
        return
