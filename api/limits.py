"""Where limits meet HTTP: which route takes from which quota, for whom, and the header fields of the answer.

Routes for anyone take from a quota of the address before anything else happens; calls with a key from a quota of the
credential, as soon as it is known (`api.auth`). Pages are counted like the API: both are routes of one app.
"""

import logging
from functools import lru_cache
from typing import Any, Final

from flask import Flask, Response, g, request

from api.current import world
from limiting.addresses import Address, client_address, is_near, subjects_of
from limiting.errors import GuessingSlowed, LimitReached
from limiting.guessing import CODES, KEYS, Leniency
from limiting.quotas import Standing, format_limit, format_policy
from registry.model import Scope

NETWORK: Final = "-network"  # of a quota for a whole IPv6 site
_LOGGER: Final = logging.getLogger("sigill.limits")
_EXPOSED: Final = "Retry-After, RateLimit, RateLimit-Policy"
_QUOTAS_OF_SCOPES: Final = {
    Scope.MESSAGES_SIGN: "sign",
    Scope.MESSAGES_ERASE: "sign",
    Scope.DECISIONS_ASK: "decide",
    Scope.MESSAGES_READ: "read",
    Scope.LOG_READ_ENTRIES: "read",
    Scope.CLIENTS_MANAGE: "read",
    Scope.OPERATOR_MANAGE: "read",
    Scope.STAFF_MANAGE: "read",
    Scope.REGISTRY_DECIDE: "read",
}
_UNLIMITED: Final = ("/healthz", "/readyz", "/metrics", "/static/")
_BY_ADDRESS: Final = (
    ("/v1/verifications", "verify"),
    ("/v1/attestations/<", "open"),
    ("/v1/applications", "apply"),
    ("/check", "verify"),
    ("/s/", "verify"),
    ("/registry", "search"),
)
_BY_CREDENTIAL: Final = "/v1/"
_LENIENCIES: Final = {"key": KEYS, "code": CODES}


def install_limits(app: Flask) -> None:
    """Count every request of the app by its address where its route says so, and tell in the answer what is left."""
    app.before_request(_take_by_address)
    app.after_request(_tell)


def take_by_scope(scope: Scope, credential: str, *, cost: int = 1) -> None:
    """Take from the quota of a credential (its prefix) that calls of `scope` use. Raises LimitReached."""
    _take(_QUOTAS_OF_SCOPES[scope], credential, cost)


def take_release(person: str) -> None:
    """Take from the quota of who releases messages with a passkey, whichever of hers. Raises LimitReached."""
    _take("release", person, 1)


def note_refused(*, wrong: bool) -> None:
    """Count a call without a good key; `wrong`: with one that is none. Raises LimitReached, GuessingSlowed."""
    address = _address()
    if address is None:
        return
    _take_of(address, "refused")
    if wrong:
        check_guessing("key")
        note_wrong("key")


def check_guessing(kind: str) -> None:
    """Raise GuessingSlowed while the address that asks has to wait before its next guess of a kind."""
    after_s = guessing_wait_s(kind)
    if after_s:
        world().metrics.limited("guessing")
        raise GuessingSlowed(after_s=after_s)


def guessing_wait_s(kind: str) -> int:
    """Return how many seconds the address that asks has to wait before its next guess of a kind; 0 for none."""
    guessing, address = world().limits.guessing, _address()
    return 0 if guessing is None or address is None else guessing.wait_s(kind, subjects_of(address)[0])


def note_wrong(kind: str, *, guesses: int = 1) -> None:
    """Count wrong guesses of the address that asks."""
    guessing, address = world().limits.guessing, _address()
    if guessing is not None and address is not None:
        leniency: Leniency = _LENIENCIES[kind]
        guessing.note_wrong(kind, subjects_of(address)[0], leniency=leniency, guesses=guesses)


def _take_by_address() -> None:
    if request.method == "OPTIONS" or world().limits.limiter is None:
        return
    rule = request.url_rule
    name = "open" if rule is None else quota_of_route(rule.rule)
    if name is not None and (address := _address()) is not None:
        _take_of(address, name)


@lru_cache(maxsize=256)
def quota_of_route(rule: str) -> str | None:
    """Return the quota of addresses that a route takes from, None for one that needs a key or is not limited."""
    if rule.startswith(_UNLIMITED):
        return None
    for beginning, name in _BY_ADDRESS:
        if rule.startswith(beginning):
            return name
    return None if rule.startswith(_BY_CREDENTIAL) else "open"


def _take_of(address: Address, name: str) -> None:
    narrow, *wide = subjects_of(address)
    _take(name, narrow, 1)
    for network in wide:
        _take(name + NETWORK, network, 1)


def _take(name: str, subject: str, cost: int) -> None:
    limiter = world().limits.limiter
    if limiter is None:
        return
    try:
        standing = limiter.take(name, subject, cost=cost)
    except LimitReached as error:
        world().metrics.limited(name)
        _standings()[error.standing.quota.name] = error.standing
        raise
    if standing is not None:
        _standings()[name] = standing


def _standings() -> dict[str, Standing]:
    found: dict[str, Standing] | None = g.get("sigill_standings")
    if found is None:
        found = g.sigill_standings = {}
    return found


def _tell(response: Response) -> Response:
    """Tell where the client stands, unless the answer may be kept and given to others."""
    standings: Any = g.get("sigill_standings")
    if standings and not response.cache_control.public:
        response.headers["RateLimit-Policy"] = format_policy(standings.values())
        response.headers["RateLimit"] = format_limit(standings.values())
        if "Access-Control-Expose-Headers" in response.headers:
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    return response


def _address() -> Address | None:
    """Return whose request this is; None where that cannot be told, so that it is nobody's count.

    A near peer that brings a proxy's header, where no proxy is known, is a proxy that nobody has told us of: counted by
    its address, all customers together would soon be shut out.
    """
    trusted = world().limits.trusted
    values = request.headers.getlist(trusted.header)
    address = client_address(request.remote_addr, values, trusted=trusted)
    if not trusted.proxies and values and is_near(address):
        _warn_of_proxy()
        return None
    return address


@lru_cache(maxsize=1)
def _warn_of_proxy() -> None:
    _LOGGER.warning("a proxy seems to stand in front: nobody is counted by address until SIGILL_TRUSTED_PROXIES is set")
