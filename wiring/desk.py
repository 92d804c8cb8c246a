"""What the desk needs of the other parts."""

import hashlib
import logging
import secrets
from typing import Final, Protocol

from flask import Blueprint

from registry.applying.world import ApplyingWorld
from registry.errors import PasskeysUnavailable
from registry.people.relying_party import RelyingParty, relying_party
from registry.people.world import PeopleWorld
from registry.sending.world import SendingWorld
from settings import Settings
from signing.keys.ring import KeyRing
from signing.world import SigningWorld
from web import WebWorld
from web.desk import DeskWorld, make_desk
from wiring.deciding import deciding_world
from wiring.identity_provider import open_provider

_LOGGER: Final = logging.getLogger("sigill.desk")


def build_desk(
    settings: Settings, pages: WebWorld, people: PeopleWorld, applying: ApplyingWorld, sending: SendingWorld
) -> Blueprint:
    """Return the desk of a service whose customers' pages are `pages`."""
    world = DeskWorld(
        engine=people.engine,
        log=people.log,
        now=people.now,
        random=secrets.token_bytes,
        base_url=settings.public_url,
        issuer=pages.issuer,
        demonstration=pages.demonstration,
        zone=pages.zone,
        people=people,
        provider=open_provider(settings),
        applying=applying,
        sending=sending,
        deciding=deciding_world(people.engine, people.log, people.now, pages.demonstration),
    )
    return make_desk(world)


def people_world(settings: Settings, signing: SigningWorld, reference_key: bytes) -> PeopleWorld:
    """Return what people, their passkeys and their sign-in need."""
    return PeopleWorld(
        engine=signing.engine,
        log=signing.log,
        now=signing.now,
        random=secrets.token_bytes,
        log_prefix=f"{signing.issuer.removeprefix('https://')}/log",
        party=party_of(settings.public_url),
        secret=desk_secret(reference_key),
    )


class _Running(Protocol):
    """What of the running parts people need (`wiring.Services`)."""

    @property
    def settings(self) -> Settings:
        """How this deployment runs."""

    @property
    def signing(self) -> SigningWorld:
        """What sealing needs."""

    @property
    def keys(self) -> KeyRing:
        """The guarantor's keys."""


def people_of(services: _Running) -> PeopleWorld:
    """Return what people need, of a service's parts."""
    return people_world(services.settings, services.signing, services.keys.reference)


def desk_secret(reference_key: bytes) -> bytes:
    """Return what keys the desk's challenges: made of a key that all processes and hosts of a service share."""
    return hashlib.sha256(b"sigill/desk/challenges/v1\0" + reference_key).digest()


def party_of(public_url: str) -> RelyingParty | None:
    """Return who passkeys are made for; None, and a line in the log, where there can be none."""
    try:
        return relying_party(public_url)
    except PasskeysUnavailable as error:
        _LOGGER.warning("%s", error)
        return None
