"""What releases need of the other parts: the one web origin where they are given, and their page."""

from urllib.parse import urlsplit

from signing.releasing import ReleasePage


def release_page_at(public_url: str) -> ReleasePage:
    """Return the page's origin and relying party: the service's own address, as people's browsers know it."""
    return ReleasePage(origin=public_url, rp_id=urlsplit(public_url).hostname or "")
