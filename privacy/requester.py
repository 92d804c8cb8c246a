"""Who asks: a reference under which the asker's own files say more, and no personal data."""

from typing import Final

from privacy.errors import RequesterInvalid
from sigill.text.personal import looks_personal
from sigill.tlog.erasure import MAX_REQUESTER, is_requester

MAX_REASON: Final = 200


def check_requester(text: str) -> str:
    """Return a reference that may stand in a log for ever. Raises RequesterInvalid.

    An e-mail address, a phone number or a personal identity number is refused; a name cannot be told from a word.
    """
    if not is_requester(text):
        raise RequesterInvalid(f"requester is one line of 1 to {MAX_REQUESTER} printable characters")
    return _without_personal_data("requester", text)


def check_reason(text: str) -> str:
    """Return a reason for a hold. Raises RequesterInvalid."""
    if not 0 < len(text) <= MAX_REASON or not text.isprintable() or text != text.strip():
        raise RequesterInvalid(f"reason is one line of 1 to {MAX_REASON} printable characters")
    return _without_personal_data("reason", text)


def _without_personal_data(name: str, text: str) -> str:
    if looks_personal(text):
        raise RequesterInvalid(
            f"{name} looks like an address or a personal number; give a reference, such as a case number"
        )
    return text
