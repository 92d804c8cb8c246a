"""The pages' frame and headers: from values to an HTML response in the customer's language."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.exceptions import HTTPException

from sigill.report.language import choose_language
from sigill.report.words import Words, words
from sigill.vocabulary import Channel, Language
from web.assets import assets
from web.forms import CheckForm
from web.world import WebWorld

_TEMPLATES: Final = Path(__file__).parent / "templates"
_NAMES: Final = {
    Language.SV: "Svenska",
    Language.NB: "Norsk",
    Language.DA: "Dansk",
    Language.FI: "Suomi",
    Language.EN: "English",
    Language.DE: "Deutsch",
    Language.ES: "Español",
}
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept-Language",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around every page. `form` is sent again when the language changes; `query` keeps one asked for.

    `kept` is what else the address asks for. `hidden` pages are for whoever opened them: not stored, not indexed.
    """

    language: Language
    query: str
    issuer: str
    demonstration: bool
    form: CheckForm | None
    hidden: bool
    kept: str = ""

    @property
    def language_name(self) -> str:
        """What the page's language calls itself."""
        return _NAMES[self.language]

    @property
    def languages(self) -> list[tuple[Language, str]]:
        """Every language there is, with its own name."""
        return list(_NAMES.items())

    @property
    def css(self) -> str:
        """Where the style sheet is."""
        return assets()["page.css"].path

    @property
    def icon(self) -> str:
        """Where the site's icon is."""
        return assets()["icon.svg"].path


def language_of_request() -> Language:
    """Return the language asked for in the form or the address, else the browser's."""
    return choose_language(request.headers.get("Accept-Language"), _explicit())


def render_page(
    template: str,
    *,
    world: WebWorld,
    status: int = 200,
    form: CheckForm | None = None,
    hidden: bool = False,
    **values: Any,  # noqa: ANN401 - each template has its own values
) -> Response:
    """Return a page with everything that belongs around it.

    `form`, where given, is posted again to change the language: what a customer pasted never stands in an address.
    """
    language = language_of_request()
    frame = Frame(
        language=language,
        query=f"?lang={language}" if _explicit() else "",
        issuer=world.issuer.removeprefix("https://"),
        demonstration=world.demonstration,
        form=form if request.method == "POST" else None,
        hidden=hidden,
        kept="".join(f"{urlencode({'q': typed})}&" for typed in request.args.getlist("q")[:1]),
    )
    speech = words(language)
    html = (
        _templates()
        .get_template(template)
        .render(page=frame, t=speech.label, s=speech.sending, channels=_channels(speech), form=form, **values)
    )
    response = Response(html, status, content_type="text/html; charset=utf-8")
    response.headers.update(_HEADERS)
    response.headers["Content-Language"] = language
    response.headers["Cache-Control"] = "no-store" if hidden else "no-cache"
    if hidden:
        response.headers["X-Robots-Tag"] = "noindex"
    return response


def _channels(speech: Words) -> list[tuple[Channel, str]]:
    """Return what a message without a seal may have come by, as a form offers it: what most people ask about first."""
    first = (Channel.SMS, Channel.EMAIL, Channel.PHONE)
    return [(each, speech.channel(each)) for each in (*first, *(each for each in Channel if each not in first))]


def _explicit() -> str | None:
    try:
        given = request.form.get("lang") if request.method == "POST" else request.args.get("lang")
    except HTTPException:  # a form that cannot be read; the page that says so needs a language too
        return None
    return given or None


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
