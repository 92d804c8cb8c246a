"""What a registrar's look at a public register has to say, whatever was looked up there: a page, and a day. Pure."""

import re
from datetime import date, timedelta
from typing import Final

SEEN_WITHIN: Final = timedelta(days=30)
MAX_LINE: Final = 120
MAX_URL: Final = 500
_URL: Final = re.compile(r"https://[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)+(?::[0-9]{1,5})?(?:/[!-~]*)?\Z")


def is_line(text: str) -> bool:
    """Tell whether a text is one printable line of at most 120 characters, without blanks at its ends."""
    return 0 < len(text) <= MAX_LINE and text.isprintable() and text == text.strip()


def is_page(url: str) -> bool:
    """Tell whether a text is an https address of at most 500 characters."""
    return len(url) <= MAX_URL and _URL.match(url) is not None


def is_to_come(seen_on: date, *, today: date) -> bool:
    """Tell whether the day of the look has not come."""
    return seen_on > today


def is_stale(seen_on: date, *, today: date) -> bool:
    """Tell whether the look was over 30 days ago."""
    return today - seen_on > SEEN_WITHIN
