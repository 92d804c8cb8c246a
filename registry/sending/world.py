"""What the sending policy needs of the outside; `wiring.sending` fills it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, Engine

from registry.sending.directory import Directory
from transparency.log import TransparencyLog


class Gateway(Protocol):
    """What speaks or texts a code to a phone."""

    def __call__(self, *, number: str, code: str, way: str, language: str, message_id: str) -> None:
        """Hand a code over. `way` is `sms` or `call`. Raises GatewayFailed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingWorld:
    """`gateway` is None where none is configured; `code_key` hashes codes and is in no database.

    `proven_domains(connection, operator_id, at)` are the domains whose control the operator has proven; `unlisted` lets
    domains pass whose top level is on no list.
    """

    issuer: str
    engine: Engine
    log: TransparencyLog
    now: Callable[[], datetime]
    random: Callable[[int], bytes]
    code_key: bytes
    gateway: Gateway | None
    proven_domains: Callable[[Connection, str, datetime], Collection[str]]
    unlisted: bool
    directory: Directory
