"""Fetching the file of a domain's challenge, over https only, with one redirect at most."""

from dataclasses import dataclass

from registry.asking.exchange import Answered, Fetch, NoAnswer, Question
from registry.checks.domain_challenge import HTTPS, Challenge
from registry.checks.domain_redirect import find_target

_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """What web servers answered, in order, and what came instead of the last answer, if none did."""

    hops: tuple[Answered, ...]
    failure: NoAnswer | None = None


def fetch_file(challenge: Challenge, fetch: Fetch, *, port: int = HTTPS) -> FileAnswer:
    """Ask for the file; where the answer points to the same file on `www.` (or itself), ask there, once.

    `port` is another only on one's own networks and in tests. `fetch` is the guarded one: the host is a stranger's.
    """
    hops: list[Answered] = []
    url: str | None = challenge.file_url(port=port)
    while url is not None and len(hops) <= 1:
        try:
            hops.append(fetch(Question(url=url, most_bytes=_MOST_BYTES)))
        except NoAnswer as failure:
            return FileAnswer(tuple(hops), failure)
        url = find_target(challenge, hops[-1], port=port)
    return FileAnswer(tuple(hops))
