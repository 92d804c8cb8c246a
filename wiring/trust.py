"""What a verifier of this guarantor trusts, as it stands now: a snapshot that is made anew every other second."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sigill.report.trust import ROOT, Trust, TrustedLog
from sigill.tlog.log_policy import LogPolicy
from sigill.tlog.note import format_vkey
from signing.keys.generations import Generations
from signing.keys.ring import KeyRing
from transparency.log import TransparencyLog
from wiring.identity import Identity
from wiring.root_log import published_policy

TRUST_LASTS: Final = timedelta(seconds=2)


def trust_source(
    identity: Identity,
    keys: KeyRing,
    log: TransparencyLog,
    policy: LogPolicy,
    base_url: str,
    *,
    now: Callable[[], datetime],
) -> Callable[[], Trust]:
    """Return a source of trust snapshots, each at most `TRUST_LASTS` old, and none older than the keys."""
    kept: list[tuple[Trust, Generations]] = []

    def trust() -> Trust:
        at, generations = now(), keys.current()
        if kept and kept[0][1] is generations and timedelta(0) <= at - kept[0][0].as_of < TRUST_LASTS:
            return kept[0][0]
        trusted = partial(_trusted_log, generations, at, base_url)
        root = trusted(ROOT, identity.root_origin)
        logs = {head.log_id: trusted(head.log_id, head.origin) for head in log.logs() if head.log_id != ROOT}
        published = published_policy(policy, keys=root.keys, url=root.url)
        made = Trust(identity.issuer, at, generations.published(at), logs, root, published)
        kept[:] = [(made, generations)]
        return made

    return trust


def _trusted_log(generations: Generations, at: datetime, base_url: str, log_id: str, origin: str) -> TrustedLog:
    vkey, *former = map(format_vkey, generations.note_keys(origin, at))
    return TrustedLog(operator=log_id, origin=origin, vkey=vkey, url=f"{base_url}/log/{log_id}", former=tuple(former))
