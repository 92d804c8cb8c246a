"""What the command line takes from the environment; nothing else reads it."""

import os
import sys
from typing import Final

from sigill.report.language import choose_language
from sigill.vocabulary import Language

DEFAULT_URL: Final = "http://127.0.0.1:8000"
_LOCALE_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")


def default_url() -> str:
    """Return the service's address: SIGILL_URL, or this machine's."""
    return os.environ.get("SIGILL_URL") or DEFAULT_URL


def default_language() -> Language:
    """Return the language of the locale, as POSIX orders the variables: LC_ALL, LC_MESSAGES, LANG."""
    locale = next((value for name in _LOCALE_VARIABLES if (value := os.environ.get(name))), "")
    return choose_language(None, explicit=locale.partition(".")[0].replace("_", "-"))


def api_key() -> str | None:
    """Return SIGILL_API_KEY, or None where it is not set."""
    return os.environ.get("SIGILL_API_KEY") or None


def client_id() -> str | None:
    """Return SIGILL_CLIENT_ID, or None where it is not set."""
    return os.environ.get("SIGILL_CLIENT_ID") or None


def client_key() -> str | None:
    """Return SIGILL_CLIENT_KEY, the name of a file, or None where it is not set."""
    return os.environ.get("SIGILL_CLIENT_KEY") or None


def wants_colour() -> bool:
    """Tell whether standard output is a terminal that shows colour, and nobody objects (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
