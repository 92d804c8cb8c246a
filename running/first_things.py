"""What `make run` prints at the end: three things to try, each of which works as it is pasted."""

import shlex
import sys
from pathlib import Path
from typing import Final

from running.demo import DEMO_FILE, DEMO_KEYS, SeededMessage, seeded_messages
from sigill.report.answers import Answer
from verification.find import Brought
from verification.service import VerifyRequest, verify
from wiring import Services

_FOLDER: Final = Path(__file__).resolve().parents[1]
_LONGEST: Final = 200
_DEFAULT_URL: Final = "http://127.0.0.1:8000"


def three_things(services: Services) -> str:
    """Return the text; every command is for a POSIX shell in the project's folder while the service runs."""
    base = services.settings.public_url
    var = shown(services.settings.var)
    return f"""
Sigill starts at {base} with eight made-up operators. Ctrl-C stops it; its data stays in {var}.
Three things to try in another terminal, from the same folder (all API keys are in {var}/{DEMO_FILE}):

1. Seal a message as an AI of Exempelbanken. You get its code, what you owe, and the text ready to send:
   echo 'Hej! Jag är en AI. Kontoret har öppet 9-17.' | {_sign(services, "informational")} --out sealed

2. Check it as the customer would: it is genuine. Change a word in the file, and it no longer is:
   {_sigill()} verify sealed/message.txt{_url(services)}
{_browser(services)}

3. Let an AI turn down a loan. The policy refuses, says why and what would be allowed, and logs the refusal:
   echo 'Din ansökan om lån är avslagen.' | {_sign(services, "credit_decision")}

For developers: {base}/docs

"""


def _sign(services: Services, enquiry: str) -> str:
    key = shown(services.settings.var / DEMO_KEYS / "exempelbanken.key")
    options = f"--authorship ai --channel chat --enquiry {enquiry} --language sv"
    return f"{_sigill()} sign - --api-key-file {key}{_url(services)} \\\n     {options}"


def _sigill() -> str:
    return shown(Path(sys.executable).with_name("sigill"))


def _url(services: Services) -> str:
    base = services.settings.public_url
    return "" if base == _DEFAULT_URL else f" --url {base}"


def _browser(services: Services) -> str:
    base = services.settings.public_url
    sealed = _message_to_check(services)
    if sealed is None:  # every proof was erased since
        return f"   Or in a browser: {base}/"
    return f"   Or in a browser, a message of {sealed.operator.name} by its code: {base}/s/{sealed.code}"


def shown(path: Path) -> str:
    """Return a path as somebody in the project's folder types it, quoted for the shell where it must be."""
    return shlex.quote(str(path.relative_to(_FOLDER) if path.is_relative_to(_FOLDER) else path))


def _message_to_check(services: Services) -> SeededMessage | None:
    """Return a short message of one line, bound to nobody, that the service itself finds genuine."""
    for sealed in seeded_messages(services):
        request = sealed.message.request
        text = request.text or ""
        if request.recipient is None and len(text) <= _LONGEST and "\n" not in text and '"' not in text:
            asked = VerifyRequest(brought=Brought(code=sealed.code), content=text)
            if verify(asked, world=services.verification).report.answer is Answer.GENUINE:
                return sealed
    return None
