"""Pages that say one thing: nothing is here, it is too long, too much was asked, or something went wrong with us."""

from flask import Response

from sigill.report.words import words
from web.pages import language_of_request, render_page
from web.world import WebWorld


def not_found_page(world: WebWorld) -> Response:
    """Return the page for an address where nothing is."""
    return _notice(world, 404, "not_found_title", "not_found")


def too_large_page(world: WebWorld) -> Response:
    """Return the page for a text longer than we read."""
    return _notice(world, 413, "too_large_title", "too_large")


def too_many_page(world: WebWorld, *, after_s: int) -> Response:
    """Return the page for whoever asks too much or guesses: when to try again."""
    response = _notice(world, 429, "too_many_title", "too_many")
    response.headers["Retry-After"] = str(after_s)
    return response


def error_page(world: WebWorld, status: int) -> Response:
    """Return the page for what is our fault: no answer, so *do not go on yet*."""
    return _notice(world, status, "error_title", "error")


def _notice(world: WebWorld, status: int, title: str, text: str) -> Response:
    label = words(language_of_request()).label
    return render_page("notice.html", world=world, status=status, hidden=True, title=label(title), text=label(text))
