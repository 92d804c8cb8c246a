"""The page on which anyone looks a sender up. The API finds; this shows, look-alikes apart from what was meant."""

from dataclasses import dataclass

from flask import Response

from registry.sending.searching import Found, Match, Search
from sigill.report.standing import State
from sigill.report.words import Words, words
from web.pages import language_of_request, render_page
from web.world import WebWorld


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundView:
    """One sender: its name, where it stands, and by what it was found."""

    name: str
    link: str
    industry: str
    identifier: str
    state: str
    verified: bool
    match: str


def search_page(world: WebWorld, typed: str, found: Search) -> Response:
    """Return the page with what was found for `typed`; with nothing typed, only the form."""
    speech = words(language_of_request())
    return render_page(
        "search.html",
        world=world,
        hidden=bool(typed),  # what somebody looks for is nobody else's
        typed=typed,
        found=tuple(_view(each, speech) for each in found.results if each.match is not Match.RESEMBLES),
        alike=tuple(_view(each, speech) for each in found.results if each.match is Match.RESEMBLES),
        more=found.more,
    )


def _view(found: Found, words: Words) -> FoundView:
    listed = found.listed
    return FoundView(
        name=listed.name,
        link=f"/registry/operators/{listed.id}",
        industry=words.industry(listed.industry),
        identifier=listed.identifier,
        state=words.state(listed.state),
        verified=listed.state is State.VERIFIED,
        match=words.sending(f"match_{found.match}"),
    )
