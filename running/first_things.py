"""What `make run` prints at the end: three things to try, each of which works as it is pasted."""

import json
import shlex
import sys
from pathlib import Path
from typing import Final

from running.demo import DEMO_FILE, SeededMessage, seeded_messages
from sigill.report.answers import Answer
from sigill.text.codes import format_code
from verification.find import Brought
from verification.service import VerifyRequest, verify
from wiring import Services

_FOLDER: Final = Path(__file__).resolve().parents[1]
_LONGEST: Final = 200
_QUESTION: Final = {"authorship": "ai", "channel": "chat", "enquiry": "informational", "language": "sv"}
_SEAL: Final = _QUESTION | {"disclosure": "inline", "text": "Hej! Jag är en AI. Kontoret har öppet 9-17."}
_REFUSED: Final = _QUESTION | {"enquiry": "credit_decision", "text": "Din ansökan om lån är avslagen."}


def three_things(services: Services) -> str:
    """Return the text; every command is for a POSIX shell in the project's folder while the service runs."""
    base = services.settings.public_url
    var = shown(services.settings.var)
    return f"""
Sigill starts at {base} with eight made-up operators. Ctrl-C stops it; its data stays in {var}.
Three things to try in another terminal, from the same folder (the API keys are in {var}/{DEMO_FILE}):

1. Seal a message as an AI of the first operator. You get a code, and the text with its code, ready to send:
{_post("messages", _SEAL, services, signs=True, shows="code|embedded_text")}

{_checking(services)}

3. Let an AI turn down a loan. The policy denies it (403), says why, and logs the refusal:
{_post("messages", _REFUSED, services, signs=True, shows="title|status|detail")}

"""


def _checking(services: Services) -> str:
    base = services.settings.public_url
    sealed = _message_to_check(services)
    if sealed is None:  # its proof was erased since
        return f"2. Open {base}/ in a browser and paste there what step 1 gave you."
    question = {"code": format_code(sealed.code), "content": sealed.message.request.text or ""}
    return f"""2. Check what {sealed.operator.name} wrote: it is genuine. Change a word of it, and it no longer is:
{_post("verifications", question, services, signs=False, shows="answer|headline|why")}
   Or in a browser, as its customer would: {base}/s/{sealed.code}"""


def shown(path: Path) -> str:
    """Return a path as somebody in the project's folder types it, quoted for the shell where it must be."""
    return shlex.quote(str(path.relative_to(_FOLDER) if path.is_relative_to(_FOLDER) else path))


def _post(call: str, body: dict[str, str], services: Services, *, signs: bool, shows: str) -> str:
    """Return a curl that posts `body` and shows some members of the answer; the key is read, never printed."""
    lines = [f"curl -s {services.settings.public_url}/v1/{call} -H 'Content-Type: application/json'"]
    if signs:
        read = 'import json, sys; print(json.load(open(sys.argv[1]))["operators"][0]["api_key"])'
        path = shown(services.settings.var / DEMO_FILE)
        lines.append(f"""-H "Authorization: Bearer $({shown(Path(sys.executable))} -c '{read}' {path})\"""")
    lines.append(f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}")
    filtered = f""" | grep -oE '"({shows})": ?("[^"]*"|[0-9]+)' | head -n {shows.count("|") + 1}"""
    return "   " + " \\\n     ".join(lines) + filtered


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
