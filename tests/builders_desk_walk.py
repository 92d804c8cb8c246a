"""The desk as a browser with a passkey walks through it, over HTTP, in a service's own processes."""

import html
import re
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from typing import Final
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from tests.builders_passkeys import Authenticator
from tests.builders_web import Page

_CSRF: Final = re.compile(r'name="csrf" value="([^"]+)"')
_TIMEOUT_S: Final = 30


def _make_opener() -> OpenerDirector:
    return build_opener(HTTPCookieProcessor(CookieJar()))


@dataclass
class DeskBrowser:
    """A browser at `origin`, with cookies and one passkey."""

    origin: str
    device: Authenticator = field(default_factory=Authenticator)
    opener: OpenerDirector = field(default_factory=_make_opener)

    def enrol(self, link: str) -> None:
        """Open an enrolment link and make the passkey; whoever did is signed in."""
        address, _, token = link.partition("#")
        asked = self._send(address.removeprefix(self.origin), {"token": token})
        (form,) = [item for item in Page(asked).all("form") if "data-options" in item]
        answer = self.device.create(form["data-options"], origin=self.origin)
        self._send("/desk/enrol/passkey", {"token": token, "name": "Phone", "answer": answer})

    def open(self, path: str) -> str:
        """Return a page, in English."""
        return self._ask(path, None, {})

    def press(self, page: str, action: str, **fields: str) -> str:
        """Send a form that is on a page, with the page's own token; return the page that follows."""
        (form, *_) = [item for item in Page(page).all("form") if item.get("action") == action]
        assert form["method"] == "post"
        found = _CSRF.search(page)
        assert found is not None
        return self._send(action, {"csrf": html.unescape(found[1]), **fields})

    def _send(self, path: str, fields: dict[str, str]) -> str:
        return self._ask(path, urlencode(fields).encode(), {"Origin": self.origin})

    def _ask(self, path: str, data: bytes | None, headers: dict[str, str]) -> str:
        asked = Request(f"{self.origin}{path}", data, {"Accept-Language": "en", **headers})  # noqa: S310 - loopback
        with self.opener.open(asked, timeout=_TIMEOUT_S) as answer:
            page: bytes = answer.read()
        return page.decode()
