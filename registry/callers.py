"""Who is calling: credentials and operators as of at most a second ago, for one read a second and process.

A key that was revoked and an operator that was changed are noticed within `FRESH_S` by every process; the commit of a
seal checks the operator's revision by itself and never relies on this. A caller shows an API key, or an access token
(`registry.clients`): a token is verified here, with the guarantor's own key, and its client looked up like a key.
"""

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final, NamedTuple

from sqlalchemy import Engine

from registry.api_keys import authenticate, check_current
from registry.clients.access_token import AccessToken
from registry.clients.credential import load_credential
from registry.model import Credential, Operator
from registry.operators import load_operator
from registry.version import read_version
from storage.engine import reading

FRESH_S: Final = 1.0
LONGEST_S: Final = 60.0
MAX_KEPT: Final = 1024


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller; `operator` is None for auditors of all operators."""

    credential: Credential
    operator: Operator | None


ReadToken = Callable[[str, datetime], AccessToken]
"""What reads an access token that is good at a time; it raises CredentialUnknown, CredentialExpired."""


class _Version(NamedTuple):
    """What the registry and the guarantor's token keys were at a time; equal to another if neither changed since."""

    registry: tuple[int, ...]
    keys: object


class _Kept(NamedTuple):
    since_s: float
    version: _Version
    caller: Caller


class Callers:
    """The callers seen lately, by a hash of what they show; any number of threads.

    Once in `FRESH_S` the registry's version is read, whatever the number of callers. While it is the same, who was
    found stays found, for `LONGEST_S`; where it changed, all are looked up anew. `keys_now` returns the guarantor's
    keys, the same object while nothing about them changes: a token whose key is found compromised is read again.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        read_token: ReadToken | None = None,
        keys_now: Callable[[], object] = lambda: None,
        fresh_s: float = FRESH_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._read_token = read_token
        self._keys_now = keys_now
        self._fresh_s = fresh_s
        self._monotonic = monotonic
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._lock = Lock()
        self._version: _Version | None = None
        self._version_until_s = -math.inf
        self._reading = Lock()

    def find(self, token: str, *, at: datetime) -> Caller:
        """Return who holds a key or access token.

        Raises CredentialMissing, CredentialUnknown, CredentialExpired.
        """
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        now_s = self._monotonic()
        version = self._current_version(now_s)
        kept = self._kept.get(digest)
        if kept is not None and kept.version is version and now_s - kept.since_s < LONGEST_S:
            check_current(kept.caller.credential, at)
            return kept.caller
        found = self._load(token, at, None if kept is None else kept.caller)
        with self._lock:
            self._kept[digest] = _Kept(now_s, version, found)
            self._kept.move_to_end(digest)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return found

    def _current_version(self, now_s: float) -> _Version:
        """Return the version, read at most `fresh_s` ago: the same object while it is the same."""
        version = self._version
        if version is not None and now_s < self._version_until_s:
            return version
        with self._reading:  # one reads, the others wait for what it finds
            now_s = self._monotonic()
            if self._version is None or now_s >= self._version_until_s:
                with reading(self._engine) as connection:
                    found = _Version(read_version(connection), self._keys_now())
                if (
                    self._version is None
                    or found.registry != self._version.registry
                    or (found.keys is not self._version.keys)
                ):
                    self._version = found
                self._version_until_s = now_s + self._fresh_s
            return self._version

    def _load(self, token: str, at: datetime, before: Caller | None) -> Caller:
        shown = None
        if self._read_token is not None and _is_jwt(token):
            shown = self._read_token(token, at)
        with reading(self._engine) as connection:
            if shown is None:
                credential = authenticate(connection, token, at=at)
            else:
                credential = load_credential(connection, shown, at=at)
            if credential.operator_id is None:
                return Caller(credential, None)
            operator = load_operator(connection, credential.operator_id)
        if before is not None and before.operator == operator:
            operator = before.operator  # the same value: what was worked out for it stays good
        return Caller(credential, operator)


def _is_jwt(token: str) -> bool:
    return token.count(".") == 2  # noqa: PLR2004 - a header, claims, and a signature
