"""The desk's frame and headers: from values to an HTML response in the language of whoever works here."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from flask import Response, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from registry.people.model import Person
from sigill.vocabulary import Language
from web.assets import assets
from web.desk.words import NAMES, DeskLanguage, DeskWords

LANGUAGE_COOKIE: Final = "sigill-language"
SAID_COOKIE: Final = "sigill-said"
_YEAR_S: Final = 31_536_000
_SAID_S: Final = 60
_FOLDERS: Final = [Path(__file__).parent / "templates", Path(__file__).parents[1] / "templates"]
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "publickey-credentials-get=(self), publickey-credentials-create=(self)",
    "Cache-Control": "no-store",
    "Vary": "Accept-Language, Cookie",
}


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """One word of the menu."""

    path: str
    label: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskFrame:
    """What stands around every page of the desk. `said` is told once, after something was done."""

    language: DeskLanguage
    issuer: str
    demonstration: bool
    person: Person | None = None
    house: str = ""
    links: tuple[NavigationLink, ...] = ()
    said: str | None = None
    csrf: str = ""
    path: str = "/desk"
    hidden: bool = True

    @property
    def spoken(self) -> Language:
        """The language, for telling times."""
        return Language(self.language)

    @property
    def language_name(self) -> str:
        """What the page's language calls itself."""
        return NAMES[self.language]

    @property
    def languages(self) -> list[tuple[DeskLanguage, str]]:
        """Every language there is, with its own name."""
        return list(NAMES.items())

    @property
    def css(self) -> str:
        """Where the style sheet of all pages is."""
        return assets()["page.css"].path

    @property
    def desk_css(self) -> str:
        """Where the desk's own style sheet is."""
        return assets()["desk.css"].path

    @property
    def icon(self) -> str:
        """Where the site's icon is."""
        return assets()["icon.svg"].path


def render_desk(
    template: str,
    *,
    frame: DeskFrame,
    words: DeskWords,
    status: int = 200,
    scripts: tuple[str, ...] = (),
    connect: bool = False,
    **values: Any,  # noqa: ANN401 - each template has its own values
) -> Response:
    """Return a page of the desk with everything that belongs around it."""
    paths = [assets()[name].path for name in scripts]
    given = {"fault": None, **values}
    html = (
        _templates().get_template(template).render(page=frame, t=words.label, word=words.word, scripts=paths, **given)
    )
    response = Response(html, status, content_type="text/html; charset=utf-8")
    response.headers.update(_HEADERS)
    allowed = _POLICY + ("; script-src 'self'" if scripts else "") + ("; connect-src 'self'" if connect else "")
    response.headers["Content-Security-Policy"] = allowed
    response.headers["Content-Language"] = frame.language
    if frame.said is not None:
        response.delete_cookie(SAID_COOKIE, path="/desk")
    if request.args.get("lang") == frame.language:
        response.set_cookie(
            LANGUAGE_COOKIE, frame.language, max_age=_YEAR_S, path="/desk", samesite="Lax", httponly=True
        )
    return response


def redirect_to(path: str, *, said: str | None, secure: bool) -> Response:
    """Send the browser on to a page of ours, which says a text of the desk once. Raises ValueError for another's."""
    if not is_own_path(path):
        raise ValueError("the desk redirects to its own pages only")
    response = Response("", 303, {"Location": path, "Cache-Control": "no-store"})
    if said is not None:
        response.set_cookie(
            SAID_COOKIE, said, max_age=_SAID_S, path="/desk", samesite="Lax", httponly=True, secure=secure
        )
    return response


def is_own_path(path: str) -> bool:
    """Tell whether an address is a page of the desk, and nothing that a browser would read as another site's."""
    return (path == "/desk" or path.startswith(("/desk/", "/desk?"))) and path.isprintable() and "\\" not in path


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDERS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
