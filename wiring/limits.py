"""The limits of a process: quotas from the settings, counts in the data folder's table or on a server."""

from collections.abc import Callable
from typing import Final

from api.limits import NETWORK, check_guessing, guessing_wait_s, note_wrong
from api.world import ApiLimits
from limiting.addresses import ProxyHeader, Trusted
from limiting.counters import Counters, LimitsObserver, open_server
from limiting.guessing import Guessing
from limiting.limiter import Limiter, Subjects
from limiting.quotas import Quota
from limiting.table import TableStorage
from settings import Settings
from sigill.errors import SigillError
from sigill.report.answers import Reason
from verification.find import find_seal
from verification.service import Verdict, VerifyRequest

TABLE: Final = "limits.table"
_NETWORKS: Final = 8  # a whole IPv6 site may ask as much as so many addresses
_OF_ADDRESSES: Final = ("verify", "apply", "search", "open", "refused")


def build_limits(settings: Settings, *, secret: bytes, observer: LimitsObserver) -> ApiLimits:
    """Return the limits that the settings ask for. `secret` keys the names of what is counted. Raises OSError."""
    chosen = settings.limits
    if not chosen.quotas:
        return ApiLimits()
    subjects = Subjects(secret)
    trusted = Trusted(chosen.proxies, ProxyHeader(chosen.header))
    quotas = {name: Quota(name, amount, window_s) for name, (amount, window_s) in chosen.quotas.items()}
    for name in _OF_ADDRESSES:
        if name in quotas:
            narrow = quotas[name]
            quotas[name + NETWORK] = Quota(name + NETWORK, narrow.amount * _NETWORKS, narrow.window_s)
    server = None if chosen.url is None else open_server(chosen.url)
    table = TableStorage(settings.var / TABLE)
    counters = Counters(table, server=server, observer=observer)
    return ApiLimits(
        limiter=Limiter(quotas, counters=counters, subjects=subjects),
        guessing=Guessing(counters, subjects=subjects),
        trusted=trusted,
    )


def slow_guessing(verify: Callable[[VerifyRequest], Verdict]) -> Callable[[VerifyRequest], Verdict]:
    """Return `verify` for requests, slowed down for whoever guesses codes. Raises as it, and GuessingSlowed.

    Who brings a whole seal does not guess, and is never slowed.
    """

    def verify_slowly(asked: VerifyRequest) -> Verdict:
        if guessing_wait_s("code") and _guesses(asked):
            check_guessing("code")
        verdict = verify(asked)
        if verdict.report.reason is Reason.CODE_UNKNOWN:
            note_wrong("code", guesses=_guesses(asked))
        return verdict

    return verify_slowly


def _guesses(asked: VerifyRequest) -> int:
    """Return how many codes are tried: none with a seal, one where a code or link cannot be one."""
    brought = asked.brought
    if brought.seal is not None:
        return 0
    try:
        found = find_seal(brought)
    except SigillError:  # told by `verify`
        return 0
    if found.seal is not None:
        return 0
    return len(found.codes) or int(brought.text is None)
