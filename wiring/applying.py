"""What applying and checking need: resolvers, registers and authorities from the settings, and who asks them."""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from cryptography import x509
from sqlalchemy import Engine

from registry.applying.world import ApplyingWorld
from registry.asking import registers
from registry.asking.configured import ConfiguredFetch
from registry.asking.dns import NameServer, look_up_by
from registry.asking.guarded import GuardedFetch, Limits
from registry.asking.registers import Source, Sources, is_worth_keeping
from registry.asking.remembered import RememberedFetch
from registry.asking.seal_certificate import SealPolicy
from registry.domain_control import Askable
from settings import Settings, SettingsInvalid
from settings.registry_sources import OFFICIAL, RegistrySources
from transparency.log import TransparencyLog

if TYPE_CHECKING:
    from wiring import Identity

_HTTP: Final = 80
_MAX_ANCHORS_BYTES: Final = 4 * 1024 * 1024
_LOGGER: Final = logging.getLogger("sigill.settings")
Clock = Callable[[], datetime]


def applying_world(
    settings: Settings, identity: "Identity", engine: Engine, log: TransparencyLog, *, now: Clock
) -> ApplyingWorld:
    """Return what applying and checking need. Raises SettingsInvalid for a file that cannot be used."""
    chosen = settings.registry_sources
    if chosen.own_networks and not settings.demonstration:
        _LOGGER.warning("hosts in %s are asked for whoever applies", ", ".join(map(str, chosen.own_networks)))
    fetch = _guarded(chosen, Limits(ports=frozenset({chosen.own_https_port}), networks=chosen.own_networks))
    return ApplyingWorld(
        issuer=identity.issuer,
        log_prefix=identity.log_prefix,
        engine=engine,
        log=log,
        now=now,
        random=secrets.token_bytes,
        askable=_askable(chosen, fetch),
        sources=_sources(chosen, now=now),
        seal_policy=SealPolicy(anchors=_anchors(chosen)),
        seal_fetch=_guarded(chosen, _limits_of_authorities(chosen)),
        unlisted_domains=bool(chosen.own_networks),
    )


def _askable(chosen: RegistrySources, fetch: GuardedFetch) -> Askable | None:
    servers = [NameServer(address, port) for address, port in chosen.resolvers]
    if not servers:
        return None
    needed = len(servers) // 2 + 1
    return Askable(servers=servers, needed=needed, fetch=fetch, https_port=chosen.own_https_port)


def _limits_of_authorities(chosen: RegistrySources) -> Limits:
    """Return whom to ask about certificates: over http too, as authorities have it; what they answer is signed."""
    ports = None if chosen.own_networks else frozenset({_HTTP, 443})
    return Limits(http=True, ports=ports or frozenset(range(1, 65_536)), networks=chosen.own_networks)


def _guarded(chosen: RegistrySources, limits: Limits) -> GuardedFetch:
    """Return who asks hosts that strangers name; names are looked up by the resolvers, where there are some."""
    servers = [NameServer(address, port) for address, port in chosen.resolvers]
    look_up = {"look_up": look_up_by(servers)} if servers else {}
    try:
        return GuardedFetch(limits=limits, ca_file=_ca_file(chosen), **look_up)
    except OSError:
        raise SettingsInvalid(["SIGILL_OWN_CA_FILE is no PEM file of certificates that can be read"]) from None


def _sources(chosen: RegistrySources, *, now: Clock) -> Sources:
    def source(name: str | None, official: str, *, posts: bool = False) -> Source | None:
        if name is None:
            return None
        url = official if name == OFFICIAL else name
        asked = ConfiguredFetch([url], posts_may_repeat=posts, ca_file=_ca_file(chosen))
        return Source(base_url=url, fetch=RememberedFetch(asked, now=now, worth_keeping=is_worth_keeping))

    return Sources(
        enhetsregisteret=source(chosen.enhetsregisteret, registers.ENHETSREGISTERET),
        gleif=source(chosen.gleif, registers.GLEIF),
        vies=source(chosen.vies, registers.VIES, posts=True),
    )


def _anchors(chosen: RegistrySources) -> tuple[x509.Certificate, ...]:
    if chosen.seal_anchors is None:
        return ()
    try:
        with chosen.seal_anchors.open("rb") as file:
            return tuple(x509.load_pem_x509_certificates(file.read(_MAX_ANCHORS_BYTES)))
    except (OSError, ValueError):
        raise SettingsInvalid(["SIGILL_SEAL_ANCHORS is no PEM file of certificates that can be read"]) from None


def _ca_file(chosen: RegistrySources) -> str | None:
    return None if chosen.own_ca_file is None else str(chosen.own_ca_file)
